"""The variants of a product as the warehouse keeps them, from the names that shops give to their fields.

Knows what a SKU has; does not know the files it stands in.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from extractors.measures import read_measure
from graphsvc.ontology import attribute_name
from graphsvc.warehouse.standardise import check_gtin, clean_text, parse_number, standard_value

AMOUNTS = {
    "price": "price amount sale_price 价格 售价",
    "currency": "currency currency_code 币种 货币",
    "stock": "stock inventory inventory_quantity quantity qty 库存",
}
NAMES = {
    name: field
    for field, names in {
        "sku": "sku id variant_id item_id code 货号 编号",
        "title": "title name 标题 名称",
        "gtin": "gtin barcode ean upc isbn 条码",
        **AMOUNTS,
    }.items()
    for name in names.split()
}
OFFER_NAMES = {
    name: field
    for field, names in {
        "seller": "seller merchant store shop vendor supplier 卖家 店铺 商家",
        "url": "url link href 链接",
        **AMOUNTS,
    }.items()
    for name in names.split()
}
DEFAULT = ("title", "default title")  # Shopify's option of a product that has none


def variant(given: Mapping[str, Any]) -> dict[str, Any]:
    """One variant. Known names become its fields, the first one given first; other scalars become attributes."""
    found: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for name, value in given.items():
        field = NAMES.get(name.strip().casefold())
        if isinstance(value, Mapping):
            attributes |= value if name.casefold() in ("attributes", "options") else {}
        elif isinstance(value, list):
            attributes |= _named(value)
        elif value is not None and str(value).strip():
            (found if field else attributes).setdefault(field or name, _plain(field, value))
    return {
        "sku": found.get("sku"),
        "title": found.get("title"),
        "gtin": check_gtin(found.get("gtin", "")),
        **_amounts(found),
        "attributes": [_attribute(name, str(value)) for name, value in attributes.items() if _said(name, value)],
    }


def offer(given: Mapping[str, Any]) -> dict[str, Any]:
    """One offer of a seller. What has no known name is left out."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        field = OFFER_NAMES.get(name.strip().casefold())
        if field and value is not None and not isinstance(value, Mapping | list) and str(value).strip():
            found.setdefault(field, _plain(field, value))
    return {"seller": found.get("seller"), **_amounts(found), "url": found.get("url")}


def variants_json(text: str | None) -> str | None:
    """A cell that holds a list of variants in any of their names, in the warehouse's names; other text as it is."""
    return _listed(text, variant)


def offers_json(text: str | None) -> str | None:
    """A cell that holds a list of offers, likewise."""
    return _listed(text, offer)


def _listed(text: str | None, make: Callable[[Mapping[str, Any]], dict[str, Any]]) -> str | None:
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text  # the warehouse says that it is no list
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        return text
    made = [make(one) if isinstance(one, dict) else one for one in found]
    return json.dumps(made, ensure_ascii=False) if made else None


def _plain(field: str | None, value: Any) -> Any:
    """A value as text; an amount that is a number stays one, for no locale says otherwise."""
    if field in ("price", "stock") and isinstance(value, int | float) and not isinstance(value, bool):
        return value if math.isfinite(value) else None
    return str(value).strip()


def _amounts(found: Mapping[str, Any]) -> dict[str, Any]:
    """Amounts as they are written: how, the contract says, and the warehouse reads them."""
    return {name: found.get(name) for name in AMOUNTS}


def _named(values: list[Any]) -> dict[str, Any]:
    """[{"name": "colour", "value": "red"}] as a map; a list of anything else says nothing."""
    return {
        str(one["name"]): one["value"]
        for one in values
        if isinstance(one, Mapping) and one.get("name") and one.get("value") is not None
    }


def _said(name: str, value: Any) -> bool:
    return bool(name.strip()) and not isinstance(value, Mapping | list) and bool(str(value).strip())


def _attribute(name: str, value: str) -> dict[str, Any]:
    after = standard_value(attribute_name(name), clean_text(value).text)
    measure = read_measure(after)
    number = measure.number if measure else parse_number(after)
    return {"name": name, "value": after, "number": number, "unit": measure.unit if measure else None}
