"""Guesses a mapping from the names of columns and what their values look like, in English and Chinese.

Each column goes to the field that it suits best, the surest pair first. Knows a sample of rows; what it leaves open a
person writes into the mapping.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass

import pyarrow as pa

from graphsvc.errors import MappingError
from graphsvc.mapping.categories import category_fields
from graphsvc.mapping.cells import Column
from graphsvc.mapping.document import WITH_ATTRIBUTES
from graphsvc.mapping.evidence import Values, code, fit, priced
from graphsvc.mapping.fields import Mapping, listed
from graphsvc.mapping.naming import LANGUAGE, is_ignored, is_minor, likeness, plain_attribute
from graphsvc.warehouse.fields import ASSETS, ATTRIBUTE_PREFIX, Field
from graphsvc.warehouse.standardise import check_gtin

LEAST = 0.5  # of a guess that is made
NAMED = 0.8  # how sure a name is that is the field's, whole
UNNAMED = 0.55  # of a guess that values alone make
CENTS = 0.01
# What an asset must be known by before columns count as it; the first that fits wins, products are what is left.
TELLING: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("redemptions", ("shopper", "coupon", "time")),
    ("events", ("product", "kind", "time")),
    ("orders", ("basket", "product", "quantity", "time")),
    ("reviews", ("product", "text")),
    ("reviews", ("product", "shopper", "rating")),
    ("coupons", ("key", "product", "campaign")),
    ("campaigns", ("key", "start", "end")),
)
SURE = 0.75
GOODS = {"brand", "manufacturer", "category", "price", "stock", "gtin", "variants", "offers"}  # no shopper has them


@dataclass(frozen=True, slots=True)
class Pair:
    """A field, a column for it, and how sure that is."""

    field: str
    column: str
    confidence: float


def guess(sample: pa.Table, asset: str) -> Mapping:
    """Guess a mapping from the first rows. Raises MappingError when a required field has no column."""
    values = {name: Values(sample[name].to_pylist()) for name in sample.column_names}
    chosen = choose(values, asset)
    _find_missing(values, asset, chosen)
    lacking = [spec.name for spec in ASSETS[asset] if spec.required and spec.name not in chosen]
    if lacking:
        raise MappingError(
            f"No column looks like {' or '.join(lacking)} of {asset}; the columns are {listed(values)}.",
            f"Write a mapping (asset: {asset}, fields: {lacking[0]}: NAME OF COLUMN) and pass it with --map,"
            " or say with --as what the rows are.",
        )
    fields = {spec.name: _column(chosen[spec.name].column, spec) for spec in ASSETS[asset] if spec.name in chosen}
    confidence = {pair.field: round(pair.confidence, 2) for pair in chosen.values()}
    if asset not in WITH_ATTRIBUTES:
        return Mapping(asset, fields, confidence=confidence)
    if asset == "products":
        used = {pair.column for pair in chosen.values() if pair.field != "category"}
        for name, (column, sure) in category_fields(values, used, chosen.get("category")).items():
            fields[name], confidence[name] = column, sure
    if asset == "products" and "title" in chosen:
        _add_languages(fields, list(values))
    if "attributes" in chosen:
        fields["attributes"] = Column((chosen["attributes"].column,))
    taken = {column for found in fields.values() for column in found.columns}
    left = [name for name in values if name not in taken]
    ignored = tuple(name for name in left if asset == "products" and _says_nothing(name, values[name]))
    for name in left:
        if name not in ignored:
            attribute = _attribute(name, fields)
            fields[attribute], confidence[attribute] = Column((name,)), LEAST
    return Mapping(asset, fields, ignored, "attributes", confidence)


def guess_asset(sample: pa.Table) -> str:
    """What the rows are: orders, events, reviews..., or products when nothing says otherwise."""
    values = {name: Values(sample[name].to_pylist()) for name in sample.column_names}
    for asset, telling in TELLING:
        chosen = choose(values, asset)
        if all(name in chosen and chosen[name].confidence >= SURE for name in telling):
            return asset
    return "customers" if _are_customers(values) else "products"


def _are_customers(values: Map[str, Values]) -> bool:
    """Whether rows name shoppers and nothing that only goods have: an "id" alone may be anything's."""
    found = choose(values, "products")
    sure = {name for name, pair in found.items() if pair.confidence >= SURE}
    shopper = choose(values, "customers").get("shopper")
    named = shopper is not None and shopper.confidence >= SURE
    return named and not sure & GOODS and ("title" not in found or "key" not in sure)


def choose(values: Map[str, Values], asset: str) -> dict[str, Pair]:
    """Field → its column, each column once, the surest pair first."""
    specs = [*ASSETS[asset], *([Field("attributes", "json")] if asset in WITH_ATTRIBUTES else [])]
    pairs = sorted(_pairs(values, asset, specs), key=lambda pair: -pair.confidence)
    chosen: dict[str, Pair] = {}
    taken: set[str] = set()
    for pair in pairs:
        if pair.field not in chosen and pair.column not in taken and pair.confidence >= LEAST:
            chosen[pair.field] = pair
            taken.add(pair.column)
    return chosen


def _pairs(values: Map[str, Values], asset: str, specs: list[Field]) -> Iterator[Pair]:
    for spec in specs:
        for column, found in values.items():
            named = likeness(asset, spec.name, column)
            if named:
                sure = named * (0.75 + 0.25 * fit(spec.kind, spec.name, found))
                bent = fit(spec.kind, spec.name, found) < 0.5 and not _is_amount(spec, named, found)
                yield Pair(spec.name, column, sure * (0.5 if bent else 1.0) * (0.6 + 0.4 * min(1.0, found.filled * 4)))
            elif asset == "products" and _by_values(spec.name, found):
                yield Pair(spec.name, column, UNNAMED)


def _is_amount(spec: Field, named: float, values: Values) -> bool:
    """Whether a column is named as money and holds figures: what cannot be read of it is to be refused, not lost."""
    figures = values.share(lambda value: any(map(str.isdigit, value)))
    return spec.kind == "money" and named >= NAMED and figures >= 0.5


def _by_values(field: str, values: Values) -> bool:
    """Whether values alone tell the field, whatever the column is called."""
    if field == "gtin":
        return values.share(lambda value: len(value) >= 12 and check_gtin(value)) > 0.8 and values.filled > 0.3
    return field == "price" and values.filled > 0.3 and priced(values)


def _find_missing(values: Map[str, Values], asset: str, chosen: dict[str, Pair]) -> None:
    """Second choices for what products must have: a description for a title, a column of codes for a key."""
    if asset != "products":
        return
    if "title" not in chosen and "description" in chosen:
        chosen["title"] = Pair("title", chosen.pop("description").column, LEAST)
    if "key" not in chosen:
        codes = [name for name, found in values.items() if found.filled == 1 and code(found)]
        free = [name for name in codes if all(pair.column != name for pair in chosen.values())] or codes
        if free:
            chosen["key"] = Pair("key", free[0], LEAST)


def _add_languages(fields: dict[str, Column], names: list[str]) -> None:
    """Titles and descriptions in further languages join the description, so that they can be found."""
    taken = {column for found in fields.values() for column in found.columns}
    said = [fields[name].columns[0] for name in ("description", "title") if name in fields]
    stems = [LANGUAGE.sub("", column) for column in said if LANGUAGE.search(column)]
    more = [name for stem in stems for name in names if name not in taken and LANGUAGE.sub("", name) == stem != name]
    own = fields["description"].columns if "description" in fields else ()
    if more:
        fields["description"] = Column((*own, *more))


def _column(name: str, spec: Field) -> Column:
    return Column((name,), factor=CENTS if spec.kind == "money" and is_minor(name) else None)


def _says_nothing(name: str, values: Values) -> bool:
    return is_ignored(name) or fit("text", "url", values) == 1.0 or fit("text", "image", values) == 1.0


def _attribute(name: str, fields: Map[str, Column]) -> str:
    plain = ATTRIBUTE_PREFIX + plain_attribute(name)
    return ATTRIBUTE_PREFIX + name if plain in fields else plain
