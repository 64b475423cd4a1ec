"""What the attributes of a Google feed say together: the price that is asked now, whether something can be had, and
which items are variants of one product.

Knows Google's product data specification; does not know whether a feed is XML or TSV.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from graphsvc.errors import SourceError
from graphsvc.sources.rows import Refusals
from graphsvc.sources.shopify import MOST_ROWS
from graphsvc.sources.variants import variant
from graphsvc.warehouse.standardise import parse_money, parse_number, parse_time

GROUP = "item_group_id"
DETAIL = "product_detail"
OPTIONS = ("color", "size", "pattern", "material", "age_group", "gender")  # by which variants of a product may differ
OWN = ("gtin", "mpn")  # of one variant, not of the product
QUANTITIES = ("quantity", "stock", "inventory")
ABSENT = ("preorder", "backorder", "out_of_stock")  # orderable some day, perhaps; nothing of it is there now
MOST_HELD = 100_000_000  # characters of items that wait for the rest of their group
Item = dict[str, str | None]


def group_sizes(items: Iterable[tuple[int, Item]]) -> Counter[str]:
    """How many items each group has."""
    return Counter(group for _, item in items if (group := _text(item, GROUP)))


def offerings(
    items: Iterable[tuple[int, Item]], sizes: Counter[str], refused: Refusals, name: str
) -> Iterator[tuple[int, Item]]:
    """Items as products, those of one group as one, given when its last item has come.

    Raises SourceError when the items of a group stand so far apart that too many would have to wait.
    """
    waiting: dict[str, list[tuple[int, Item]]] = {}
    left, held = Counter(sizes), 0
    for line, item in items:
        group = _text(item, GROUP)
        item.pop(GROUP, None)
        _read(item)
        if not group:
            yield line, item
            continue
        left[group] -= 1
        members = waiting.setdefault(group, [])
        if len(members) < MOST_ROWS:
            members.append((line, item))
            held += _size(item)
        else:
            refused.add(line, "too_many_variants", f"the group has more than {MOST_ROWS:,} items",
                        "Split the group.", str(item))  # fmt: skip
        if not left[group]:
            held -= sum(_size(member) for _, member in waiting.pop(group))
            yield members[0][0], _product(group, [member for _, member in members])
        if held > MOST_HELD:
            raise SourceError(f"Items of one {GROUP} stand far apart in {name}.", f"Sort the feed by {GROUP}.")


def _read(item: Item) -> None:
    sale = parse_money(_text(item, "sale_price")) if item.get("sale_price") else None
    price = parse_money(_text(item, "price")) if sale else None
    if price and sale and price[1] == sale[1] and sale[0] < price[0] and _is_on(item):
        item["regular_price"], item["price"] = item["price"], item.pop("sale_price")
        item.pop("sale_price_effective_date", None)
    counted = [name for name in QUANTITIES if name in item]
    if counted or "availability" in item:
        quantity = next((text for name in counted if (text := _text(item, name))), None)
        for name in counted:
            del item[name]
        item["stock"] = quantity or ("0" if _availability(item) in ABSENT else None)


def _is_on(item: Item) -> bool:
    """Whether a sale is on while the feed is read: always, or between two times."""
    dates = _text(item, "sale_price_effective_date")
    start, end = (parse_time(part) for part in (dates.partition("/")[0], dates.partition("/")[2]))
    return not dates or (start is not None and end is not None and start <= datetime.now(UTC) <= end)


def _product(group: str, items: Sequence[Item]) -> Item:
    """One product of the items of a group. Its price is the lowest; its stock is known when that of all is."""
    product: Item = {name: _first(items, name) for item in items for name in item}
    options = [name for name in OPTIONS if len(_values(items, name)) > 1]
    cheapest = min(items, key=_price)
    product |= {"id": group, "price": cheapest.get("price"), "variants": _variants(items, options)}
    product |= {name: cheapest.get(name) for name in ("regular_price",) if name in product}
    product |= {name: None for name in OWN if len(items) > 1 and name in product}
    if "stock" in product:
        stocks = [parse_number(_text(item, "stock")) for item in items]
        product["stock"] = None if None in stocks else f"{sum(filter(None, stocks)):.15g}"
    if "availability" in product:
        product["availability"] = min(items, key=_rank).get("availability")
    offered = {name: _values(items, name) for name in options}
    for name in options:
        del product[name]
    if offered:
        product[DETAIL] = json.dumps(_details(product.get(DETAIL)) | offered, ensure_ascii=False)
    return product


def _variants(items: Sequence[Item], options: Sequence[str]) -> str:
    made = [
        variant(
            {"sku": item.get("id"), **{name: item.get(name) for name in ("title", "gtin", "price", "stock")},
             "options": {name: text for name in options if (text := _text(item, name))}}
        )
        for item in items
    ]  # fmt: skip
    return json.dumps(made, ensure_ascii=False)


def _values(items: Sequence[Item], name: str) -> list[str]:
    return list(dict.fromkeys(text for item in items if (text := _text(item, name))))


def _first(items: Sequence[Item], name: str) -> str | None:
    return next((item[name] for item in items if _text(item, name)), None)


def _price(item: Item) -> float:
    found = parse_money(_text(item, "price"))
    return found[0] if found else float("inf")


def _availability(item: Mapping[str, str | None]) -> str:
    return "_".join(_text(item, "availability").lower().split())


def _rank(item: Item) -> int:
    """What can be had comes first."""
    found = _availability(item)
    return ABSENT.index(found) + 1 if found in ABSENT else 0 if found else len(ABSENT) + 1


def _details(text: str | None) -> dict[str, object]:
    try:
        found = json.loads(text or "{}")
    except ValueError:  # in TSV it is a text of Google's own
        found = None
    return found if isinstance(found, dict) else {DETAIL: text}


def _text(item: Mapping[str, str | None], name: str) -> str:
    return (item.get(name) or "").strip()


def _size(item: Item) -> int:
    return sum(map(len, filter(None, item.values())))
