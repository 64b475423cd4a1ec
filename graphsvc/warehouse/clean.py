"""From the strings that a mapping gives to typed, standardised columns, with a record of every value that changed.

Works on one Arrow batch at a time. What is written plainly is cast by Arrow; Python sees only the distinct values that
are not. Knows kinds of fields; does not know files, hashes or rules.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute

from extractors.measures import read_measure
from graphsvc.ontology import attribute_name
from graphsvc.warehouse.contracts import Contract
from graphsvc.warehouse.fields import ASSETS, ATTRIBUTE_PREFIX, EVENT_WORDS, STATUS_WORDS
from graphsvc.warehouse.nested import read_nested
from graphsvc.warehouse.schemas import ATTRIBUTE, TEXT, TIME, WHOLE
from graphsvc.warehouse.standardise import (
    MISSING,
    NOTHING,
    SUSPICIOUS,
    check_gtin,
    clean_text,
    language_of,
    parse_currency,
    parse_money,
    parse_number,
    parse_time,
    standard_value,
)

PLAIN_NUMBER = r"^-?\d{1,15}(\.\d{1,15})?$"
FIRST_TIME, LAST_TIME = (pa.scalar(time.replace(tzinfo=UTC), TIME) for time in (datetime.min, datetime.max))
GROUPED = r"^-?[1-9]\d{0,2}\.\d{3}$"
PLAIN_TIME = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?$"
TYPES: dict[str, pa.DataType] = {
    "number": pa.float64(), "money": pa.float64(), "integer": pa.int64(), "time": TIME, "flag": pa.bool_(),
    "path": pa.list_(pa.string()),
}  # fmt: skip
Column = Any  # a pa.Array; the stubs of pyarrow cannot tell its type, nor what its functions take
pc: Any = pyarrow.compute
lists: Any = pa.ListArray
Converted = tuple[Column, dict[str, tuple[str | None, str]]]  # values; before → (after, rule)
LINKS = ("url", "image")
TEXTUAL = ("text", "id", "path")
CHANGED = pa.schema([("index", WHOLE), ("field", TEXT), ("before", TEXT), ("after", TEXT), ("rule", TEXT)])


@dataclass(slots=True)
class CleanBatch:
    """Typed columns of one batch in its row order, the text behind each, and the changes (`index` is the row)."""

    columns: dict[str, Column]
    texts: dict[str, Column]
    changes: list[pa.Table] = field(default_factory=list)


def typed_schema(asset: str) -> pa.Schema:
    """The columns that `clean_batch` gives for an asset."""
    columns: list[pa.Field[Any]] = [pa.field(f.name, TYPES.get(f.kind, TEXT)) for f in ASSETS[asset]]
    if asset in ("products", "customers"):
        columns.append(pa.field("attributes", pa.list_(ATTRIBUTE)))
    if asset in ("products", "reviews"):
        columns.append(pa.field("language", TEXT))
    return pa.schema(columns)


def clean_batch(mapped: pa.Table, asset: str, contract: Contract) -> CleanBatch:
    """Read every mapped column by its kind. A value that cannot be read becomes null and keeps its text."""
    result = CleanBatch({}, {})
    money: dict[str, dict[str, str | None]] = {}
    for spec in ASSETS[asset]:
        text = _strings(mapped, spec.name)
        if spec.kind in TEXTUAL:  # a number that is none is refused, whatever it says
            text = _given(result, spec.name, text)
        result.texts[spec.name] = text
        values, changed = KINDS[spec.kind](text, contract)
        if spec.name in LINKS:
            values, changed = _of_the_web(text, values, changed)
        result.columns[spec.name] = values
        _record(result, spec.name, text, changed)
        if spec.kind == "money" and changed:
            money[spec.name] = {before: _currency_of(before) for before in changed}
    if asset == "products":
        _fill_currency(result, money.get("price", {}), contract)
    schema = typed_schema(asset)
    if "attributes" in schema.names:
        result.columns["attributes"] = _attributes(mapped, result)
    if "language" in schema.names:
        result.columns["language"] = _language(
            result.columns["title"], result.columns["text" if asset == "reviews" else "description"]
        )
    return result


def _of_the_web(text: Column, values: Column, changed: dict[str, tuple[str | None, str]]) -> Converted:
    """Links that a page may show: one of another scheme than http, as javascript: is, becomes null."""
    other = pc.and_(
        pc.match_substring_regex(values, r"^\s*[a-zA-Z][a-zA-Z0-9+\-]*:"),
        pc.invert(pc.match_substring_regex(values, r"^\s*https?://", ignore_case=True)),
    )
    found = text.filter(pc.fill_null(other, False)).unique().to_pylist()
    if not found:
        return values, changed
    kept = pc.if_else(pc.fill_null(other, False), pa.scalar(None, pa.string()), values)
    return kept, {**changed, **dict.fromkeys(found, (None, "link_scheme"))}


def _strings(mapped: pa.Table, name: str) -> Column:
    """One column as a string array; blank is null."""
    if name not in mapped.column_names:
        return pa.nulls(mapped.num_rows, pa.string())
    column = mapped[name].cast(pa.string()).combine_chunks()
    blank = pc.match_substring_regex(column, r"^\s*$")
    return pc.if_else(pc.fill_null(blank, False), pa.scalar(None, pa.string()), column)


def _given(result: CleanBatch, name: str, text: Column) -> Column:
    """What is really there: a word that stands for nothing becomes null, and that is recorded."""
    none = pc.fill_null(pc.is_in(text, pa.array(NOTHING)), False)
    if not pc.any(none).as_py():
        return text
    _record(result, name, text, dict.fromkeys(text.filter(none).unique().to_pylist(), (None, "missing_word")))
    return pc.if_else(none, pa.scalar(None, pa.string()), text)


def _convert(
    text: Column,
    chosen: Column,
    target: pa.DataType,
    plain: Column,
    read: Callable[[str], tuple[Any, str | None, str]],
) -> Converted:
    """Put `read` of the distinct chosen texts in place of `plain` there. `read` → (value, after, rule)."""
    chosen = pc.fill_null(chosen, False)
    if not pc.any(chosen).as_py():
        return plain, {}
    encoded = text.filter(chosen).dictionary_encode()
    changed: dict[str, tuple[str | None, str]] = {}
    values = []
    for before in encoded.dictionary.to_pylist():
        value, after, rule = read(before)
        values.append(value)
        if rule:
            changed[before] = (after, rule)
    replacements = pa.array(values, target).take(encoded.indices)
    return pc.replace_with_mask(plain, chosen, replacements), changed


def _text(text: Column, contract: Contract) -> Converted:
    def read(before: str) -> tuple[str | None, str | None, str]:
        cleaned = clean_text(before)
        return cleaned.text or None, cleaned.text or None, "+".join(cleaned.rules)

    return _convert(text, pc.match_substring_regex(text, SUSPICIOUS), pa.string(), text, read)


def _id(text: Column, contract: Contract) -> Converted:
    def read(before: str) -> tuple[str | None, str | None, str]:
        after = clean_text(before).text
        whole = after[:-2] if after.endswith(".0") and after[:-2].isdigit() else after
        return whole or None, whole or None, "integral_id" if whole != after else "text" if after != before else ""

    return _convert(text, pc.match_substring_regex(text, SUSPICIOUS + r"|^\d+\.0$"), pa.string(), text, read)


def _number(text: Column, contract: Contract) -> Converted:
    def read(before: str) -> tuple[float | None, str | None, str]:
        found = parse_money(before, contract.decimal)
        value = found[0] if found else parse_number(before, contract.decimal)
        return value, None if value is None else f"{value:.15g}", "number" if value is not None else ""

    plain = pc.fill_null(pc.match_substring_regex(text, PLAIN_NUMBER), False)
    if contract.decimal != ".":  # there "1.234" means 1234
        plain = pc.and_(plain, pc.invert(pc.match_substring_regex(pc.fill_null(text, ""), GROUPED)))
    values = pc.if_else(plain, text, pa.scalar(None, pa.string())).cast(pa.float64())
    return _convert(text, pc.and_(pc.invert(plain), pc.is_valid(text)), pa.float64(), values, read)


def _integer(text: Column, contract: Contract) -> Converted:
    numbers, changed = _number(text, contract)
    whole = pc.and_(pc.equal(numbers, pc.floor(numbers)), pc.less(pc.abs(numbers), 1e15))
    return pc.if_else(whole, numbers, pa.scalar(None, pa.float64())).cast(pa.int64()), changed


def _time(text: Column, contract: Contract) -> Converted:
    def read(before: str) -> tuple[Any, str | None, str]:
        value = parse_time(before, contract.zone, contract.day_first)
        return value, value.isoformat() if value else None, "time" if value else ""

    plain = pc.fill_null(pc.match_substring_regex(text, PLAIN_TIME), False)
    try:
        micro = pc.replace_substring_regex(text, r"(\.\d{6})\d+$", r"\1")  # nanoseconds, as some writers give
        naive = pc.if_else(plain, micro, pa.scalar(None, pa.string())).cast(pa.timestamp("us"))
        values = pc.assume_timezone(naive, contract.zone, ambiguous="earliest", nonexistent="earliest").cast(TIME)
        told = pc.and_(pc.greater_equal(values, FIRST_TIME), pc.less_equal(values, LAST_TIME))
        values = pc.if_else(told, values, pa.scalar(None, TIME))  # Arrow goes on where the years that we tell end
    except pa.ArrowInvalid:  # the 30th of February among them: Python reads them one by one
        plain = pa.array(np.zeros(len(text), bool))
        values = pa.array([None] * len(text), TIME)
    return _convert(text, pc.and_(pc.invert(plain), pc.is_valid(text)), TIME, values, read)


def _path(text: Column, contract: Contract) -> Converted:
    cleaned, changed = _text(text, contract)
    return pc.split_pattern_regex(cleaned, r"\s*>\s*"), changed


def _gtin(text: Column, contract: Contract) -> Converted:
    def read(before: str) -> tuple[str | None, str | None, str]:
        after = check_gtin(before)
        return after, after, "" if after == before else "gtin_form" if after else "gtin_check_digit"

    return _convert(text, pc.is_valid(text), pa.string(), text, read)


def _currency(text: Column, contract: Contract) -> Converted:
    def read(before: str) -> tuple[str | None, str | None, str]:
        after = parse_currency(before)
        return after, after, "" if after == before else "currency"

    return _convert(text, pc.is_valid(text), pa.string(), text, read)


def _word(text: Column, known: Mapping[str, str], rule: str) -> Converted:
    def read(before: str) -> tuple[str | None, str | None, str]:
        plain = before.strip().lower()
        after = known.get(plain, plain)
        return after, after, "" if after == before else rule

    return _convert(text, pc.is_valid(text), pa.string(), text, read)


def _event(text: Column, contract: Contract) -> Converted:
    return _word(text, EVENT_WORDS, "event_kind")


def _status(text: Column, contract: Contract) -> Converted:
    return _word(text, STATUS_WORDS, "status")


def _flag(text: Column, contract: Contract) -> Converted:
    return pc.is_in(pc.utf8_lower(text), pa.array(["true", "1", "yes", "是"])), {}


def _nested(text: Column, contract: Contract) -> Converted:
    return _convert(text, pc.is_valid(text), pa.string(), text, lambda before: read_nested(before, contract.decimal))


def _as_is(text: Column, contract: Contract) -> Converted:
    return text, {}


KINDS: dict[str, Callable[[Column, Contract], Converted]] = {
    "text": _text,
    "id": _id,
    "shopper": _as_is,  # a pseudonym already
    "number": _number,
    "money": _number,
    "integer": _integer,
    "time": _time,
    "path": _path,
    "gtin": _gtin,
    "currency": _currency,
    "event": _event,
    "status": _status,
    "flag": _flag,
    "json": _nested,
}


def _record(result: CleanBatch, name: str, text: Column, changed: dict[str, tuple[str | None, str]]) -> None:
    if not changed:
        return
    befores = pa.array(list(changed), pa.string())
    found = pc.index_in(text, befores)
    rows = pc.indices_nonzero(pc.is_valid(found)).cast(pa.int64())
    picked = found.filter(pc.is_valid(found))
    afters = pa.array([after for after, _ in changed.values()], pa.string())
    rules = pa.array([rule for _, rule in changed.values()], pa.string())
    names = pa.repeat(pa.scalar(name, pa.string()), len(rows))
    columns = [rows, names, befores.take(picked), afters.take(picked), rules.take(picked)]
    result.changes.append(pa.Table.from_arrays(columns, schema=CHANGED))


def _currency_of(before: str) -> str | None:
    found = parse_money(before)
    return found[1] if found else None


def _fill_currency(result: CleanBatch, marks: dict[str, str | None], contract: Contract) -> None:
    """A price's own mark says the currency where no column does; the contract's default comes last."""
    text = result.texts["price"]
    befores = pa.array(list(marks), pa.string())
    own = pa.array(list(marks.values()), pa.string()).take(pc.index_in(text, befores))
    default = pc.if_else(
        pc.is_valid(result.columns["price"]), pa.scalar(contract.currency, pa.string()), pa.scalar(None, pa.string())
    )
    result.columns["currency"] = pc.coalesce(result.columns["currency"], own, default)


def _language(title: Column, text: Column) -> Column:
    joined = pc.binary_join_element_wise(
        pc.fill_null(title, ""), pc.utf8_slice_codeunits(pc.fill_null(text, ""), 0, 300), " "
    )
    chinese = pc.match_substring_regex(joined, r"\p{Han}")
    english = pc.match_substring_regex(joined, r"\pL")
    plain = pc.if_else(english, pa.scalar("en"), pa.scalar(None, pa.string()))
    return _convert(joined, chinese, pa.string(), plain, lambda value: (language_of(value), None, ""))[0]


def _attributes(mapped: pa.Table, result: CleanBatch) -> Column:
    """Columns `attributes.NAME`, and a column `attributes` of JSON, as one list of attributes per row."""
    names = [name for name in mapped.column_names if name.startswith(ATTRIBUTE_PREFIX)]
    columns = [_attribute_column(_strings(mapped, name), name.removeprefix(ATTRIBUTE_PREFIX), result) for name in names]
    if "attributes" not in mapped.column_names:
        return _interleave(columns, mapped.num_rows)
    flat = _interleave(columns, mapped.num_rows).to_pylist()
    rows = [
        had + list(_read_attributes(text))
        for had, text in zip(flat, _strings(mapped, "attributes").to_pylist(), strict=True)
    ]
    return pa.array(rows, pa.list_(ATTRIBUTE))


def _attribute_column(text: Column, name: str, result: CleanBatch) -> Column:
    """Entries of one attribute, null where the row has none."""
    encoded = text.dictionary_encode()
    changed: dict[str, tuple[str | None, str]] = {}
    entries = []
    for before in encoded.dictionary.to_pylist():
        entry, rules = _attribute(name, before)
        entries.append(entry)
        if rules:
            changed[before] = (entry["value"] if entry else None, rules)
    _record(result, ATTRIBUTE_PREFIX + name, text, changed)
    return pa.array(entries, ATTRIBUTE).take(encoded.indices)


@lru_cache(65_536)
def _attribute(name: str, value: str) -> tuple[dict[str, Any] | None, str]:
    cleaned = clean_text(value)
    if not cleaned.text or cleaned.text in MISSING:
        return None, "missing_word" if cleaned.text else ""
    after = standard_value(attribute_name(name), cleaned.text)
    rules = [*cleaned.rules, *(["vocabulary"] if after != cleaned.text else [])]
    measure = read_measure(after)
    number = measure.number if measure else parse_number(after)
    return {"name": name, "value": after, "number": number, "unit": measure.unit if measure else None}, "+".join(rules)


def _read_attributes(text: str | None) -> Iterable[dict[str, Any]]:
    """Attributes from JSON: {"name": value} or [{"name": ..., "value": ...}]; what is neither gives none."""
    try:
        found = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        return
    pairs = found.items() if isinstance(found, dict) else [
        (entry.get("name"), entry.get("value")) for entry in found if isinstance(entry, dict)
    ] if isinstance(found, list) else []  # fmt: skip
    for name, value in pairs:
        for one in value if isinstance(value, list) else [value]:
            entry = (
                _attribute(str(name), str(one))[0] if name and one is not None and not isinstance(one, dict) else None
            )
            if entry:
                yield entry


def _interleave(columns: list[Column], rows: int) -> Column:
    """Columns of n entries each → n lists of their non-null entries."""
    if not columns:
        return pa.array([[]] * rows, pa.list_(ATTRIBUTE))
    valid = np.stack([column.is_valid().to_numpy(zero_copy_only=False) for column in columns], axis=1)
    row, column = np.nonzero(valid)
    values = pa.concat_arrays(columns).take(pa.array(column * rows + row))
    offsets = np.concatenate([[0], np.cumsum(valid.sum(axis=1))]).astype(np.int32)
    return lists.from_arrays(pa.array(offsets), values, type=pa.list_(ATTRIBUTE))
