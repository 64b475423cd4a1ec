"""Values that a program gives, read as an import reads the cells of a file: masked, cleaned, and judged by a contract.

A number is taken as it is; only a text may be written in the shop's own notation. Knows the fields of a product, and
of the variants and offers in it; does not know which products there are.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa

from graphsvc.errors import InputError
from graphsvc.vault import Vault
from graphsvc.warehouse import contracts
from graphsvc.warehouse.clean import CleanBatch, clean_batch
from graphsvc.warehouse.contracts import Contract
from graphsvc.warehouse.fields import ASSETS
from graphsvc.warehouse.instance import PLAIN
from graphsvc.warehouse.stage import judge, run_script

ASSET = "products"
NESTED: Mapping[str, Mapping[str, str]] = {  # their fields → the product's fields that are read alike
    "variants": {
        "sku": "key", "title": "title", "gtin": "gtin", "price": "price", "currency": "currency", "stock": "stock",
        "attributes": "attributes",
    },
    "offers": {"seller": "brand", "price": "price", "currency": "currency", "stock": "stock", "url": "url"},
}  # fmt: skip
NUMBERS: Mapping[str, pa.DataType] = {"price": pa.float64(), "stock": pa.int64()}
MOST_WHOLE = 1e15  # whole numbers are exact up to it
NAMES = (*(field.name for field in ASSETS[ASSET] if field.name not in NESTED), "attributes")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row may not be written: its place in the call, the field and the reason."""

    row: int
    field: str
    reason: str


class Cells:
    """Reads the values of one source's products. Of a field that `contract` does not know, the usual rules hold."""

    def __init__(self, contract: Contract, vault: Vault) -> None:
        self.contract, self._vault = contract, vault
        known = contract.rules()
        spoken = {rule.field for rule in known}
        usual = contracts.propose(contract.name, ASSET, {}, dict.fromkeys(NAMES, ()), {}).rules()
        self._rules = known + [rule for rule in usual if rule.field not in spoken]

    def read(self, rows: Sequence[Mapping[str, Any]]) -> CleanBatch:
        """Rows of fields in the types of their table; what cannot be read is null. Raises InputError."""
        texts = {name: pa.array([self._text(row.get(name)) for row in rows], pa.string()) for name in NAMES}
        clean = clean_batch(pa.table(texts), ASSET, self.contract)
        for name, kind in NUMBERS.items():
            read = clean.columns[name].to_pylist()
            found = [_number(name, row.get(name), value) for row, value in zip(rows, read, strict=True)]
            clean.columns[name] = pa.array(found, kind)
        return clean

    def read_nested(self, field: str, given: Sequence[Any]) -> tuple[list[list[Row] | None], list[Refusal]]:
        """The variants or offers of each product as they are kept, and why they may not be. Raises InputError."""
        fields = NESTED[field]
        places = [(at, nth) for at, listed in enumerate(given) for nth in range(len(_checked(field, listed)))]
        items = [{theirs: given[at][nth].get(ours) for ours, theirs in fields.items()} for at, nth in places]
        kept: list[Any] = [None if listed is None else [] for listed in given]
        if not items:
            return kept, []
        clean = self.read(items)
        for (at, _), row in zip(
            places, _rows({ours: clean.columns[name] for ours, name in fields.items()}), strict=True
        ):
            kept[at].append(row)
        names = {theirs: ours for ours, theirs in fields.items()}
        table = pa.table({theirs: clean.columns[theirs] for theirs in names})
        return kept, [
            Refusal(
                places[refusal.row][0],
                field,
                f"{field.removesuffix('s')} {places[refusal.row][1] + 1}: "
                + refusal.reason.replace(refusal.field, names[refusal.field], 1),
            )
            for refusal in self.refusals(table, clean.texts, present=False)
        ]

    def refusals(self, table: pa.Table, texts: Mapping[str, Any], *, present: bool = True) -> list[Refusal]:
        """What the rules say of rows. `texts` is what each field was read from; `present` asks for required ones."""
        rules = [
            rule for rule in self._rules if rule.field in table.column_names and (present or rule.test != "missing")
        ]
        fields = {rule.name: rule.field for rule in rules}
        used = sorted(set(fields.values()))
        staged = table.select(used).append_column("seq", pa.array(range(table.num_rows), pa.int64()))
        with closing(PLAIN.connection()) as connection:
            run_script(connection, "setup")
            judge(connection, self.contract, rules, staged, {name: texts[name] for name in used})
            found = connection.execute("SELECT seq, rule, reason FROM refusals ORDER BY seq").fetchall()
        return [Refusal(row, fields[rule], reason) for row, rule, reason in found]

    def _text(self, value: Any) -> str | None:
        """A value as an import would find it in a cell."""
        if value is None or isinstance(value, str):
            return value and self._vault.mask(value)
        if _is_number(value):
            return format(Decimal(str(value)), "f")
        try:
            return orjson.dumps(self._masked(value)).decode()
        except TypeError as error:
            raise InputError(f"A value of a product cannot be read: {error}.", "Give texts, numbers, lists.") from error

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._vault.mask(value)
        if isinstance(value, Mapping):
            return {self._masked(name): self._masked(one) for name, one in value.items()}
        return [self._masked(one) for one in value] if isinstance(value, list | tuple) else value


def _checked(field: str, given: Any) -> Sequence[Mapping[str, Any]]:
    if given is None:
        return ()
    if not isinstance(given, list | tuple) or not all(isinstance(one, Mapping) for one in given):
        raise InputError(f"The {field} of a product are not a list of objects.", "Correct them.")
    return given


def _rows(columns: Mapping[str, Any]) -> Iterator[Row]:
    for values in zip(*(column.to_pylist() for column in columns.values()), strict=True):
        yield dict(zip(columns, values, strict=True))


def _number(name: str, given: Any, read: Any) -> Any:
    """The number that was given, when one was, or what was read of a text."""
    if not _is_number(given):
        return read
    if not math.isfinite(given) or (name == "stock" and (given % 1 or abs(given) > MOST_WHOLE)):
        return None
    return int(given) if name == "stock" else float(given)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
