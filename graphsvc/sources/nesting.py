"""Nested values as flat rows: a dotted path for what is nested, one text for a list.

Knows dicts and lists as JSON and Neo4j give them; does not know where they come from.
"""

import json
from collections.abc import Mapping
from typing import Any

MOST_LEVELS = 32
JOINT = " | "  # between the values of a list
# Maps of open-ended keys: one column of JSON, and not a column for each key that some product has.
OPEN = {"attributes", "attribute", "specs", "spec", "specifications", "properties", "params", "features", "details",
        "属性", "规格参数", "参数", "商品属性"}  # fmt: skip


class TooDeep(ValueError):
    """A value nested deeper than a row of a shop ever is."""


def flatten(record: Mapping[str, Any]) -> dict[str, str | None]:
    """{"brand": {"name": "Nordholm"}, "tags": ["a", "b"]} → {"brand.name": "Nordholm", "tags": "a | b"}.

    Lists of objects, and the maps that OPEN names, stay JSON. Raises TooDeep.
    """
    flat: dict[str, str | None] = {}
    _enter("", record, flat, 0)
    return flat


def text_of(value: Any) -> str | None:
    """One value as the text of a cell."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        parts = [part for part in value if part is not None]
        if any(isinstance(part, Mapping | list | tuple) for part in parts):
            return _json(value)
        return JOINT.join(text_of(part) or "" for part in parts) or None
    return _json(value) if isinstance(value, Mapping) else str(value)


def _enter(path: str, value: Any, flat: dict[str, str | None], level: int) -> None:
    if level > MOST_LEVELS:
        raise TooDeep(f"it is nested more than {MOST_LEVELS} deep")
    if isinstance(value, Mapping) and (not path or path.rpartition(".")[2].lower() not in OPEN):
        for key, inner in value.items():
            _enter(f"{path}.{key}" if path else str(key), inner, flat, level + 1)
        return
    name = _column(path, flat)
    flat[name] = text_of(value)


def _column(path: str, flat: Mapping[str, object]) -> str:
    name = " ".join(path.split()) or "column"
    while name in flat or name.casefold() in ("_line", "_file"):
        name += "_"
    return name


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError as error:
        raise TooDeep("it is nested too deep") from error
