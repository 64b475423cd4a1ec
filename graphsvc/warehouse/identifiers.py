"""Which raw columns identify a person: proposed from their names and values, decided by the contract.

Knows how e-mail addresses, telephone numbers, names and addresses look and are called; does not change anything.
"""

import re
from collections.abc import Iterable, Mapping

from graphsvc.contacts import EMAIL, PHONE

NAMES: dict[str, str] = {
    "email": r"e[-_ ]?mail|邮箱|电子邮件",
    "phone": r"phone|mobile|telephone|\btel\b|手机|电话",
    "name": r"(?:first|last|full|customer|shopper|user|buyer|billing|shipping)[-_ ]?name|surname|姓名|收货人|收件人",
    "address": r"(?:street|billing|shipping|postal|home)[-_ ]?address|^address\d?$|street|地址",
}
VALUES: dict[str, re.Pattern[str]] = {"email": EMAIL, "phone": PHONE}
SHARE = 0.5  # of the filled cells that must look so


def detect_identifiers(sample: Mapping[str, Iterable[str | None]]) -> dict[str, str]:
    """Raw column → kind (email, phone, name, address), from the column's name or from half of its values."""
    found = {}
    for column, values in sample.items():
        kind = _by_values([value.strip() for value in values if value and value.strip()]) or _by_name(column)
        if kind:
            found[column] = kind
    return found


def _by_name(column: str) -> str | None:
    return next((kind for kind, pattern in NAMES.items() if re.search(pattern, column, re.IGNORECASE)), None)


def _by_values(values: list[str]) -> str | None:
    for kind, pattern in VALUES.items():
        matching = sum(1 for value in values if pattern.fullmatch(value))
        if values and matching >= SHARE * len(values):
            return kind
    return None
