"""The columns of every clean table. Knows names and types only; what makes a value valid stands in the contracts.

Each clean table has, beside these, the columns of `ORIGIN`: where the row came from and which batch wrote it.
"""

import pyarrow as pa

TEXT: pa.DataType = pa.string()
WHOLE: pa.DataType = pa.int64()
ATTRIBUTE = pa.struct([("name", TEXT), ("value", TEXT), ("number", pa.float64()), ("unit", TEXT)])
VARIANT = pa.struct(
    [
        ("sku", TEXT),
        ("title", TEXT),
        ("gtin", TEXT),
        ("price", pa.float64()),
        ("currency", TEXT),
        ("stock", pa.int64()),
        ("attributes", pa.list_(ATTRIBUTE)),
    ]
)
OFFER = pa.struct([("seller", TEXT), ("price", pa.float64()), ("currency", TEXT), ("stock", pa.int64()), ("url", TEXT)])
TIME: pa.DataType = pa.timestamp("us", tz="UTC")

ORIGIN = pa.schema(
    [
        ("source", TEXT),  # name of the asset the row was imported under ("grocer")
        ("file", TEXT),  # base name of the file, never its full path
        ("line", pa.int64()),  # 1-based row of the source: physical line for text, record number for the rest
        ("row_hash", TEXT),  # 24 digits of the raw row under the shop's key, 8 of how it was read: equal, nothing to do
        ("batch", TEXT),  # the batch that wrote it; real only once the write log names it
    ]
)

PRODUCTS = pa.schema(
    [
        ("product_id", TEXT),  # "source:key", stable, ours
        ("key", TEXT),  # the shop's own id
        ("title", TEXT),
        ("title_derived", pa.bool_()),  # composed by a rule, for the source has no titles
        ("description", TEXT),
        ("brand", TEXT),
        ("manufacturer", TEXT),
        ("category", pa.list_(TEXT)),  # root to leaf
        ("price", pa.float64()),
        ("currency", TEXT),  # ISO 4217
        ("stock", pa.int64()),  # null: unknown
        ("gtin", TEXT),
        ("url", TEXT),
        ("image", TEXT),
        ("attributes", pa.list_(ATTRIBUTE)),
        ("variants", pa.list_(VARIANT)),
        ("offers", pa.list_(OFFER)),
        ("language", TEXT),  # en, zh or mixed
        ("retired", pa.bool_()),  # true: the row says that the product is gone
        *ORIGIN,
    ]
)

EVENTS = pa.schema(
    [
        ("event_id", TEXT),
        ("shopper", TEXT),  # pseudonym, or null for an anonymous session
        ("session", TEXT),
        ("product_id", TEXT),
        ("kind", TEXT),  # impression view click cart buy like share comment rate remove
        ("time", TIME),
        ("quantity", pa.float64()),
        ("value", pa.float64()),  # money paid for the line, or the rating given
        ("basket", TEXT),
        ("query_id", TEXT),
        ("position", pa.int32()),
        ("cancels", TEXT),  # event_id of the purchase that this order line takes back
        *ORIGIN,
    ]
)

CUSTOMERS = pa.schema([("shopper", TEXT), ("attributes", pa.list_(ATTRIBUTE)), *ORIGIN])

REVIEWS = pa.schema(
    [
        ("review_id", TEXT),
        ("product_id", TEXT),
        ("shopper", TEXT),
        ("rating", pa.float64()),
        ("title", TEXT),
        ("text", TEXT),
        ("time", TIME),
        ("language", TEXT),
        *ORIGIN,
    ]
)

CAMPAIGNS = pa.schema([("campaign_id", TEXT), ("name", TEXT), ("start", TIME), ("end", TIME), *ORIGIN])
COUPONS = pa.schema([("coupon_id", TEXT), ("campaign_id", TEXT), ("product_id", TEXT), *ORIGIN])
REDEMPTIONS = pa.schema([("shopper", TEXT), ("coupon_id", TEXT), ("campaign_id", TEXT), ("time", TIME), *ORIGIN])

CLAIMS = pa.schema(
    [
        ("claim_id", TEXT),
        ("subject", TEXT),
        ("predicate", TEXT),
        ("qualifier", TEXT),
        ("object", TEXT),
        ("number", pa.float64()),
        ("unit", TEXT),
        ("confidence", pa.float64()),
        ("field", TEXT),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("quote", TEXT),
        ("extractor", TEXT),
        ("version", TEXT),
        ("document", TEXT),  # the text that says so; null: the product's own row
        ("batch", TEXT),
    ]
)

DOCUMENTS = pa.schema(  # texts about products that came one by one; the reviews of an import stand in `reviews`
    [
        ("document_id", TEXT),  # "source:key"
        ("product_id", TEXT),
        ("kind", TEXT),  # text, review, ...
        ("text", TEXT),
        ("language", TEXT),  # en, zh or mixed
        ("retired", pa.bool_()),  # true: the row says that the text is gone, be it a document or a review
        *ORIGIN,
    ]
)

READINGS = pa.schema(  # what was read anew: its claims are those of the latest reading's batch
    [
        ("product_id", TEXT),
        ("document", TEXT),  # the text about it that was read; null: the product's own row
        ("batch", TEXT),
    ]
)

RAW = pa.schema(
    [
        ("source", TEXT),
        ("asset", TEXT),
        ("file", TEXT),
        ("line", pa.int64()),
        ("row_hash", TEXT),
        ("row", TEXT),  # the row as it came, as JSON, direct identifiers already pseudonyms
        ("batch", TEXT),
    ]
)

QUARANTINE = pa.schema(
    [
        ("quarantine_id", TEXT),
        ("source", TEXT),
        ("asset", TEXT),  # products, events, ...
        ("file", TEXT),
        ("line", pa.int64()),
        ("rule", TEXT),  # names of all rules that refuse it, joined by ", "; "released": passed, came anew, dismissed
        ("reason", TEXT),
        ("fix", TEXT),  # what would let it pass
        ("row", TEXT),  # the raw row as JSON, direct identifiers already pseudonyms
        ("row_hash", TEXT),
        ("identity", TEXT),  # the id that the row would have in its clean table, null when it says none
        ("batch", TEXT),
    ]
)

CHANGES = pa.schema(
    [
        ("source", TEXT),
        ("asset", TEXT),
        ("key", TEXT),
        ("field", TEXT),
        ("before", TEXT),
        ("after", TEXT),
        ("rule", TEXT),
        ("file", TEXT),
        ("line", pa.int64()),
        ("batch", TEXT),
    ]
)

LABELS = pa.schema(
    [
        ("name", TEXT),  # of the set ("taobao")
        ("part", TEXT),  # train, dev, test...
        ("number", WHOLE),  # place within the part, from 0
        ("kind", TEXT),  # mention: a text with its mentions; pair: two mentions of a text and their relation
        ("text_id", TEXT),  # SHA-1 of the text
        ("text", TEXT),
        ("labels", TEXT),  # what is said of the text, as JSON; offsets in characters, end exclusive
        ("file", TEXT),  # base name of the file, never its full path
        ("line", WHOLE),
        ("batch", TEXT),
    ]
)

TABLES: dict[str, pa.Schema] = {
    "products": PRODUCTS,
    "events": EVENTS,
    "customers": CUSTOMERS,
    "reviews": REVIEWS,
    "campaigns": CAMPAIGNS,
    "coupons": COUPONS,
    "redemptions": REDEMPTIONS,
    "claims": CLAIMS,
    "documents": DOCUMENTS,
    "readings": READINGS,
    "raw": RAW,
    "quarantine": QUARANTINE,
    "changes": CHANGES,
    "labels": LABELS,
}
