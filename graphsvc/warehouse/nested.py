"""The variants and offers of a product, which stand in one cell as JSON: their amounts become numbers.

Knows amounts; the names of their fields are given already (`sources.variants`).
"""

from collections.abc import Sequence
from typing import Any

import orjson

from graphsvc.warehouse.standardise import NOTHING, parse_money

LARGEST = 1e15  # amounts beyond are no amounts


def read_nested(text: str, decimal: str) -> tuple[str | None, str | None, str]:
    """The list as it is kept, None when there is none; the same again; the rules that changed it."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, list):
        return None, None, "no_list"
    entries = [one for one in found if isinstance(one, dict)]
    rules = _read_amounts(entries, decimal) + (["no_object"] if len(entries) < len(found) else [])
    after = orjson.dumps(entries).decode()
    return after, after, "+".join(rules)


def _read_amounts(entries: Sequence[dict[str, Any]], decimal: str) -> list[str]:
    """Put numbers in place of amounts. One that cannot be, or cannot be read, becomes null; the rules say which."""
    rules: dict[str, None] = {}
    for one in entries:
        for name in ("price", "stock"):
            given = amount = one.get(name)
            if isinstance(given, str):
                amount, currency = parse_money(given, decimal) or (None, None)
                one["currency"] = one.get("currency") or currency
            one[name] = _possible(amount)
            if one[name] is None and given not in (None, "", *NOTHING):
                rules[f"impossible_{name}"] = None
        one["stock"] = None if one["stock"] is None else int(one["stock"])
    return list(rules)


def _possible(amount: object) -> float | int | None:
    if isinstance(amount, int | float) and not isinstance(amount, bool) and 0 <= amount < LARGEST:
        return amount
    return None
