"""Shopify's product export: a row a variant or picture, put together to one product a row.

Knows the columns of that export; what they mean for the shop is the mapping's business.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

import pyarrow as pa

from graphsvc.sources.delimited import Table, open_table
from graphsvc.sources.rows import Reading, Refusals, record_batches
from graphsvc.sources.variants import DEFAULT, variant
from graphsvc.warehouse.fields import STATUS_WORDS
from graphsvc.warehouse.standardise import parse_money, parse_number

MOST_ROWS = 5_000  # of one product; Shopify allows 2,048 variants
OWN = ("Variant ", "Option", "Image ")  # columns of a single row, not of the product
VARIANT = {
    "sku": "Variant SKU",
    "price": "Variant Price",
    "gtin": "Variant Barcode",
    "stock": "Variant Inventory Qty",
}


def open_shopify(path: str) -> Reading:
    """A product export. `_line` is the first line of the product."""
    table = open_table(path)
    return Reading(table.name, partial(_read, table))


def is_shopify(names: Sequence[str]) -> bool:
    """Whether a header is that of the export."""
    return {"Handle", "Title"} <= set(names) and any(name in names for name in ("Option1 Name", "Variant Price"))


def _read(table: Table, refused: Refusals) -> Iterator[pa.RecordBatch]:
    return record_batches(_products(table, refused), refused, table.name)


def _products(table: Table, refused: Refusals) -> Iterator[tuple[int, Mapping[str, str | None]]]:
    rows = ((line, dict(zip(table.names, cells, strict=True))) for line, cells, _ in table.rows(refused))
    for handle, group in groupby(rows, lambda row: row[1]["Handle"].strip()):
        held: list[tuple[int, dict[str, str]]] = []
        for line, row in group:
            if not handle:
                refused.add(line, "no_handle", "the row has no Handle", "Say which product it belongs to.", str(row))
            elif len(held) == MOST_ROWS:
                refused.add(line, "too_many_variants", f"the product has more than {MOST_ROWS:,} rows",
                            "Split the product.", str(row))  # fmt: skip
            else:
                held.append((line, row))
        if held:
            yield held[0][0], _product([row for _, row in held])


def _product(rows: Sequence[Mapping[str, str]]) -> dict[str, str | None]:
    first = rows[0]
    product: dict[str, str | None] = {
        name: next((row[name] for row in rows if row[name].strip()), None) or None
        for name in first
        if not name.startswith(OWN)
    }
    names = _options(first)
    variants = [_variant(row, names) for row in rows if _is_variant(row)]
    prices = [made["price"] for made in variants if isinstance(made["price"], float)]
    stocks = [max(0, made["stock"]) for made in variants if isinstance(made["stock"], int)]
    unread = next((made["price"] for made in variants if made["price"]), None)  # the warehouse says what is wrong
    product["Price"] = f"{min(prices):.15g}" if prices else unread
    product["Inventory"] = str(sum(stocks)) if stocks else None
    product["Barcode"] = rows[0].get("Variant Barcode") or None if len(variants) == 1 else None
    product["Image"] = next((row["Image Src"] for row in rows if row.get("Image Src")), None)
    product["Attributes"] = _attributes(rows, names)
    product["Variants"] = json.dumps(variants, ensure_ascii=False) if variants else None
    if "Status" in first or "Published" in first:
        product["Status"] = _status(product)
    return product


def _status(product: Mapping[str, str | None]) -> str | None:
    """As the export says it; what is hidden from the online store, or of a status that is new to us, is unpublished."""
    status = product.get("Status")
    known = (status or "active").strip().casefold()
    hidden = (product.get("Published") or "").strip().casefold() == "false"
    return "unpublished" if known not in STATUS_WORDS or (hidden and known == "active") else status


def _options(first: Mapping[str, str]) -> list[tuple[str, str]]:
    """(column of its value, name) of each option that the product really has."""
    found = [(f"Option{n} Value", first.get(f"Option{n} Name", "").strip()) for n in (1, 2, 3)]
    return [(column, name) for column, name in found if name and column in first and not _is_default(first, column)]


def _is_default(row: Mapping[str, str], column: str) -> bool:
    return row[column].strip().casefold() in DEFAULT


def _is_variant(row: Mapping[str, str]) -> bool:
    """A row that has only a picture is none."""
    return any(row.get(column, "").strip() for column in ("Variant SKU", "Variant Price", "Option1 Value"))


def _variant(row: Mapping[str, str], options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    given: dict[str, object] = {field: row.get(column) for field, column in VARIANT.items()}
    price, stock = parse_money(row.get(VARIANT["price"], "")), parse_number(row.get(VARIANT["stock"], ""))
    given["price"] = price[0] if price else given["price"]  # written one way only; another is the warehouse's to judge
    given["stock"] = given["stock"] if stock is None else int(stock)
    chosen = {name: row[column].strip() for column, name in options}
    given["title"] = " / ".join(value for value in chosen.values() if value) or None
    return variant({**given, "options": chosen})


def _attributes(rows: Sequence[Mapping[str, str]], options: Sequence[tuple[str, str]]) -> str | None:
    """What the product's variants offer, so that a filter on a colour finds the product: {"Color": ["red", "blue"]}."""
    offered = {
        name: list(dict.fromkeys(value for row in rows if (value := row[column].strip()))) for column, name in options
    }
    return json.dumps(offered, ensure_ascii=False) if offered else None
