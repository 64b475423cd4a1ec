"""The fields of each asset as they come from a mapping, and what kind of value each holds.

Knows names and kinds; how a kind is read stands in `clean.py`, what makes it valid in the contract.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its kind (id, text, path, number, money, currency, integer, time, gtin, flag, json, shopper, event)."""

    name: str
    kind: str
    required: bool = False


ATTRIBUTE_PREFIX = "attributes."  # columns "attributes.NAME" become entries of the list of attributes

ASSETS: dict[str, tuple[Field, ...]] = {
    "products": (
        Field("key", "id", required=True),
        Field("title", "text", required=True),
        Field("title_derived", "flag"),
        Field("description", "text"),
        Field("brand", "text"),
        Field("manufacturer", "text"),
        Field("category", "path"),
        Field("price", "money"),
        Field("currency", "currency"),
        Field("stock", "integer"),
        Field("gtin", "gtin"),
        Field("url", "text"),
        Field("image", "text"),
        Field("variants", "json"),
        Field("offers", "json"),
    ),
    "orders": (
        Field("basket", "id", required=True),
        Field("product", "id", required=True),
        Field("title", "text"),
        Field("quantity", "number", required=True),
        Field("price", "money"),
        Field("value", "money"),
        Field("time", "time", required=True),
        Field("shopper", "shopper"),
        Field("status", "text"),
    ),
    "events": (
        Field("event_id", "id"),
        Field("shopper", "shopper"),
        Field("session", "id"),
        Field("product", "id", required=True),
        Field("kind", "event", required=True),
        Field("time", "time", required=True),
        Field("quantity", "number"),
        Field("value", "money"),
        Field("basket", "id"),
        Field("query_id", "id"),
        Field("position", "integer"),
    ),
    "customers": (Field("shopper", "shopper", required=True),),
    "reviews": (
        Field("key", "id"),
        Field("product", "id", required=True),
        Field("shopper", "shopper"),
        Field("rating", "number"),
        Field("title", "text"),
        Field("text", "text"),
        Field("time", "time"),
    ),
    "campaigns": (
        Field("key", "id", required=True),
        Field("name", "text"),
        Field("start", "time"),
        Field("end", "time"),
    ),
    "coupons": (
        Field("key", "id", required=True),
        Field("campaign", "id"),
        Field("product", "id", required=True),
    ),
    "redemptions": (
        Field("shopper", "shopper", required=True),
        Field("coupon", "id", required=True),
        Field("campaign", "id"),
        Field("time", "time"),
    ),
}

EVENT_KINDS = ("impression", "view", "click", "cart", "buy", "like", "share", "comment", "rate", "remove")
EVENT_WORDS: dict[str, str] = {
    "pageview": "view", "page_view": "view", "product viewed": "view", "view_item": "view", "pv": "view", "浏览": "view",
    "product clicked": "click", "select_item": "click", "点击": "click", "add_to_cart": "cart", "addtocart": "cart",
    "product added": "cart", "加购": "cart", "purchase": "buy", "order completed": "buy", "transaction": "buy", "bought": "buy",
    "购买": "buy", "fav": "like", "favorite": "like", "收藏": "like", "分享": "share", "评论": "comment", "rating": "rate",
    "评分": "rate", "remove_from_cart": "remove", "product removed": "remove", "return": "remove", "退货": "remove",
}  # fmt: skip
