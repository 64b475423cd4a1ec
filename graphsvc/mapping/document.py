"""The YAML of a mapping, made for people:

    asset: products
    fields:
      key: sku
      title: 商品名
      category: [department, category, type]      joined to one path
      price: {column: price_cents, factor: 0.01}
      currency: {constant: EUR}
      attributes.colour: {column: path, separator: " - ", parts: [4]}
    ignored: [internal_note]
    others: attributes        or ignore

Knows the form of the document; does not know any data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from graphsvc.errors import MappingError
from graphsvc.mapping.cells import Column
from graphsvc.shop import write_durably
from graphsvc.warehouse.fields import ASSETS, ATTRIBUTE_PREFIX

WITH_ATTRIBUTES = ("products", "customers")
HEADER = "# How the columns of a source become fields. Edit it and import again (docs/guides/data-engineer.md).\n"
KEYS = {"column", "columns", "constant", "separator", "parts", "factor"}
OTHERS = ("attributes", "ignore")


@dataclass(frozen=True, slots=True)
class Document:
    """What the YAML says: fields of an asset and where they come from, columns to leave out, what to do with others."""

    asset: str
    fields: Mapping[str, Column]
    ignored: tuple[str, ...] = ()
    others: str = "ignore"


def save(document: Document, path: Path) -> None:
    """Write a document, whole or not at all."""
    write_durably(path, (HEADER + dump(document)).encode())


def dump(document: Document) -> str:
    """A document as YAML."""
    return yaml.safe_dump(write(document), allow_unicode=True, sort_keys=False, width=120)


def load(path: Path) -> Document:
    """Read a document. Raises MappingError, which names the place and the next step."""
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise MappingError(f"There is no mapping {path.name}.", "An import without --map writes one.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path.name} is no YAML that can be read: {str(error)[:300]}.", "Correct it.") from error
    return read(found, path.name)


def write(mapping: Document) -> dict[str, Any]:
    """A document as plain data."""
    document: dict[str, Any] = {
        "asset": mapping.asset,
        "fields": {name: _write_column(column) for name, column in mapping.fields.items()},
    }
    if mapping.ignored:
        document["ignored"] = list(mapping.ignored)
    if mapping.asset in WITH_ATTRIBUTES:
        document["others"] = mapping.others
    return document


def read(document: Any, name: str) -> Document:
    """The sound document of parsed YAML; `name` is what errors call it."""
    if not isinstance(document, dict) or document.get("asset") not in ASSETS:
        raise MappingError(f"{name} does not say what its rows are.", f"Write asset: and one of {', '.join(ASSETS)}.")
    strange = sorted(map(str, document.keys() - {"asset", "fields", "ignored", "others"}))
    if strange:
        raise MappingError(f"{name} has an unknown part {strange[0]!r}.", "Known: asset, fields, ignored, others.")
    asset, given = str(document["asset"]), document.get("fields")
    if not isinstance(given, dict) or not given:
        raise MappingError(f"{name} maps no field.", "Write fields: and lines such as title: NAME OF COLUMN.")
    fields = {str(key): _read_column(str(key), value, name) for key, value in given.items()}
    for key in fields:
        if not known_field(asset, key):
            known = ", ".join(spec.name for spec in ASSETS[asset])
            more = " and attributes.NAME" if asset in WITH_ATTRIBUTES else ""
            raise MappingError(f"{name} names {key!r}, which is no field of {asset}.", f"Fields are {known}{more}.")
    lacking = [spec.name for spec in ASSETS[asset] if spec.required and spec.name not in fields]
    if lacking:
        raise MappingError(f"{name} has no {' and no '.join(lacking)}.", f"Write {lacking[0]}: NAME OF COLUMN.")
    ignored, others = document.get("ignored") or [], document.get("others", "ignore")
    if not isinstance(ignored, list) or others not in OTHERS:
        raise MappingError(f"{name} has ignored or others in another form.",
                           "ignored is a list of columns, others is attributes or ignore.")  # fmt: skip
    return Document(asset, fields, tuple(map(str, ignored)), others)


def known_field(asset: str, name: str) -> bool:
    """Whether an asset has a field of that name."""
    if any(name == spec.name for spec in ASSETS[asset]):
        return True
    return asset in WITH_ATTRIBUTES and (
        name == "attributes" or (name.startswith(ATTRIBUTE_PREFIX) and len(name) > len(ATTRIBUTE_PREFIX))
    )


def _write_column(column: Column) -> Any:
    if column.constant is not None:
        return {"constant": column.constant}
    columns: Any = column.columns[0] if len(column.columns) == 1 else list(column.columns)
    if column.separator is None and column.factor is None:
        return columns
    document = {"column" if isinstance(columns, str) else "columns": columns}
    if column.separator is not None:
        document["separator"] = column.separator
    if column.parts:
        document["parts"] = list(column.parts)
    if column.factor is not None:
        document["factor"] = column.factor
    return document


def _read_column(field: str, given: Any, name: str) -> Column:
    document = given if isinstance(given, dict) else {"columns": given}
    columns = document.get("columns", document.get("column", ()))
    columns = columns if isinstance(columns, list | tuple) else [columns]
    constant, separator = document.get("constant"), document.get("separator")
    parts, factor = document.get("parts", []), document.get("factor")
    sound = (
        document.keys() <= KEYS
        and bool(columns) != (constant is not None)
        and all(isinstance(column, str | int | float) and str(column) for column in columns)
        and (separator is None or (isinstance(separator, str) and separator))
        and isinstance(parts, list)
        and all(isinstance(part, int) and part > 0 for part in parts)
        and (factor is None or isinstance(factor, int | float))
        and not (parts and separator is None)
    )
    if not sound:
        raise MappingError(
            f"{name} says of {field} what cannot be read: {given!r}.",
            "Write the name of a column, a list of names, or a map of column, separator, parts, factor or constant.",
        )
    return Column(
        tuple(map(str, columns)), None if constant is None else str(constant), separator, tuple(parts),
        None if factor is None else float(factor),
    )  # fmt: skip
