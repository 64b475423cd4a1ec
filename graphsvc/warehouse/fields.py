"""The fields of each asset as they come from a mapping, and what kind of value each holds.

Knows names and kinds; how a kind is read stands in `clean.py`, what makes it valid in the contract.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field and its kind: a key of `clean.KINDS`."""

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
        Field("status", "status"),  # whether the shop shows it; no column of the table
        Field("gtin", "gtin"),
        Field("url", "text"),
        Field("image", "text"),
        Field("variants", "json"),
        Field("offers", "json"),
    ),
    "orders": (
        Field("basket", "id", required=True),
        Field("product", "id", required=True),
        Field("order_line", "id"),  # tells the lines of one basket apart where the product does not
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
_EVENT_WORDS = {
    "view": "pageview, page_view, product viewed, view_item, pv, 浏览",
    "click": "product clicked, select_item, 点击",
    "cart": "add_to_cart, addtocart, product added, 加购",
    "buy": "purchase, order completed, transaction, bought, 购买",
    "like": "fav, favorite, 收藏",
    "share": "分享",
    "comment": "评论",
    "rate": "rating, 评分",
    "remove": "remove_from_cart, product removed, return, 退货",
}
EVENT_WORDS = {word: kind for kind, words in _EVENT_WORDS.items() for word in words.split(", ")}

_STATUS_WORDS = {
    "active": "active, published, publish, enabled, visible, live, true, yes, 上架, 已上架, 在售",
    "draft": "draft, 草稿",
    "archived": "archived, discontinued, 停售",
    "unpublished": "unpublished, hidden, private, disabled, inactive, unlisted, false, no, 下架, 已下架",
}
STATUS_WORDS = {word: status for status, words in _STATUS_WORDS.items() for word in words.split(", ")}
