"""A whole shop in memory: the port of gql.service on nine products, counting words and nothing cleverer.

Answers are right by its own small rules, so that what GraphQL shows can be compared with what was asked.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphsvc.errors import (
    GateError,
    GraphUnavailable,
    InputError,
    LagError,
    NotFoundError,
    QueryError,
    RefusedError,
)
from graphsvc.types import (
    Attribute,
    CategoryView,
    Entity,
    Event,
    Extracted,
    Facet,
    FacetValue,
    Filter,
    FoundAttribute,
    FoundMention,
    FoundRelation,
    Hit,
    IngestedText,
    Product,
    Provenance,
    Reason,
    Recommendation,
    Recommendations,
    RecommendRequest,
    Relation,
    SearchRequest,
    SearchResult,
    StatedClaim,
    Suggestion,
    TextSource,
)

TYPOS = {"pna": "pan", "ketle": "kettle"}


@dataclass(frozen=True, slots=True)
class ProjectionStatus:
    name: str
    offset: int
    lag: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    head: int
    products: int
    encoder: str
    ready: bool
    version: str
    projections: tuple[ProjectionStatus, ...]


def product(key: str, title: str, brand: str, category: str, price: float | None, colour: str, **more: Any) -> Product:
    path = tuple(category.split(" > "))
    attributes = (Attribute("colour", colour, f"value:colour={colour}"),)
    return Product(
        f"s:{key}", key, "s", title, brand=brand, brand_id=f"brand:{brand.lower()}", category=path,
        category_id="category:" + "/".join(path).lower(), price=price, currency="EUR" if price else None,
        attributes=attributes, language="en", **more,
    )  # fmt: skip


PRODUCTS = (
    product("1", "Frying pan 28 cm", "Nordholm", "Home > Kitchen", 39.5, "black", stock=3, popularity=5.0,
            description="For every stove.", gtin="4006381333931", rating=4.5, reviews=2,
            variants=({"sku": "1-28", "title": "28 cm", "price": 39.5, "currency": "EUR", "stock": 3,
                       "attributes": [{"name": "size", "value": "28 cm", "number": 28.0, "unit": "cm"}]},),
            offers=({"seller": "Haus", "price": 38.0, "currency": "EUR", "stock": 3_000_000_000, "url": None},)),
    product("2", "Sauce pan with lid", "Nordholm", "Home > Kitchen", 29.0, "red", stock=0, popularity=4.0),
    product("3", "Wok pan", "Kuro", "Home > Kitchen", 45.0, "black", popularity=3.0),
    product("4", "Kettle 1.7 l", "Kuro", "Home > Kitchen", 25.0, "white", popularity=6.0),
    product("5", "Reading lamp", "Lumen", "Home > Light", 19.0, "white", popularity=2.0),
    product("6", "热水壶 Kettle", "Kuro", "Home > Kitchen", 22.0, "red", popularity=1.0),
    product("7", "Face cream", "Alba", "Beauty", 12.0, "white", popularity=2.5),
    product("8", "Pan <b>lid</b> & \"cover\"", "Nordholm", "Home > Kitchen", None, "black", popularity=0.5),
    product("9", "Baking pan", "Alba", "Home > Kitchen", 15.0, "black", popularity=0.1),
)  # fmt: skip


@dataclass(slots=True)
class MemoryModel:
    kind: str = "mentions"


@dataclass(slots=True)
class MemoryModels:
    """Two models of one kind; only "good" passes the gate."""

    production: list[str] = field(default_factory=list)

    def find(self, version: str, /) -> MemoryModel:
        if version not in ("good", "bad"):
            raise NotFoundError(f"There is no model {version!r}.", "List them.")
        return MemoryModel()

    def alias(self, kind: str, name: str, /) -> str | None:
        return self.production[-1] if self.production else None

    def promote(self, kind: str, version: str, *, why: str) -> int:
        if version == "bad":
            raise GateError(f"{kind} {version} does not pass the gate.", "Train it anew.")
        self.production.append(version)
        return len(self.production)

    def roll_back(self, kind: str, why: str, /) -> str:
        if len(self.production) < 2:
            raise RefusedError(f"No model of {kind} was in production before.", "Promote one.")
        self.production.pop()
        return self.production[-1]

    def withdraw(self, kind: str, why: str, /) -> str:
        version = self.production[-1]
        self.production.clear()
        return version


@dataclass(slots=True)
class MemoryShop:
    """The service. `entries` is its write log; `graph_away` and `is_ready` say what is wrong with it."""

    held: dict[str, Product] = field(default_factory=lambda: {one.id: one for one in PRODUCTS})
    entries: list[Any] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    asked: list[SearchRequest | RecommendRequest] = field(default_factory=list)
    graph_away: bool = False
    is_ready: bool = True
    registry: MemoryModels = field(default_factory=MemoryModels)

    def search(self, request: SearchRequest, /) -> SearchResult:
        self.asked.append(request)
        words = [TYPOS.get(w, w) if request.correct else w for w in request.query.lower().split()]
        filtered = [one for one in self.held.values() if _passes(one, request.filter)]
        scored = [(sum(word in one.title.lower().split() for word in words), one) for one in filtered]
        found = [(float(score), one) for score, one in scored if score or not words]
        found.sort(key=lambda pair: (-pair[0], -pair[1].popularity, pair[1].id))
        start = _start(request.after)
        page = found[start : start + request.first]
        hits = tuple(
            Hit(one, score, _reasons(words, one) if request.reasons else (), cursor=f"c{start + at}")
            for at, (score, one) in enumerate(page, start=1)
        )
        corrected = " ".join(words)
        return SearchResult(
            request.query, hits, len(found), _facets(request, [one for _, one in found]),
            None if corrected == request.query.lower() else corrected, start + len(page) < len(found),
            len(self.entries), f"q{len(self.asked)}", "EUR" if request.sort.startswith("price") else None,
            None if found else "No product has it.",
        )  # fmt: skip

    def predict(self, text: str, first: int, /) -> list[Suggestion]:
        found = [one for one in self.held.values() if text.lower() in one.title.lower()]
        return [Suggestion("product", one.id, one.title) for one in found][:first]

    def product(self, product_id: str, /) -> Product | None:
        return self.held.get(product_id)

    def products(self, ids: Sequence[str], /) -> list[Product | None]:
        return [self.held.get(one) for one in ids]

    def extract(self, text: str, /) -> Extracted:
        if not text.strip():
            raise InputError("The text is empty.", "Give a title.")
        at = text.find("pan")
        head = FoundMention(at, at + 3, "pan", "product", 0.9, "tagger 1")
        tail = FoundMention(0, 8, text[:8], "brand", 0.8, "tagger 1")
        colour = FoundAttribute(
            "has_attribute", "colour", "red", 0.9, at, at + 3, "pan", "distant 1", "value:colour=red", True
        )
        return Extracted(text, (tail, head), (colour,), (FoundRelation("made_by", head, tail, 0.7, "relations 1"),))

    def category(self, category_id: str, /) -> CategoryView | None:
        paths = {one.category[:depth] for one in self.held.values() for depth in range(1, len(one.category) + 1)}
        named = {_category_id(path): path for path in paths}
        if (path := named.get(category_id)) is None:
            return None
        count = sum(one.category[: len(path)] == path for one in self.held.values())
        below = tuple(sorted(key for key, other in named.items() if other[:-1] == path))
        return CategoryView(category_id, path[-1], path, count, _category_id(path[:-1]) if path[1:] else None, below)

    def entity(self, entity_id: str, /) -> Entity | None:
        if self.graph_away:
            raise GraphUnavailable("bolt://10.0.0.7:7687 refused the connection.", "Start Neo4j.")
        one = self.held.get(entity_id)
        if one is None:
            return None
        relations = (
            Relation("HAS_BRAND", True, str(one.brand_id), "Brand", str(one.brand), {"since": None}, ("claim:1",)),
            Relation("BOUGHT_WITH", False, "s:2", "Product", "Sauce pan with lid", {"count": 3, "lift": 1.5}),
        )
        return Entity(one.id, "Product", one.title, {"price": one.price}, relations)

    def recommend(self, request: RecommendRequest, /) -> Recommendations:
        self.asked.append(request)
        if request.product and request.product not in self.held:
            raise NotFoundError(f"There is no product {request.product!r}.", "Leave it out.")
        bought = Counter(event.product_id for event in self._events(request))
        ranked = sorted(self.held.values(), key=lambda one: (-bought[one.id], -one.popularity))
        items = [
            Recommendation(one, bought[one.id] + one.popularity, (Reason("popular", "Many like it.", 1.0),))
            for one in ranked
            if one.id != request.product and _passes(one, request.filter)
        ]
        return Recommendations(tuple(items[: request.first]), len(self.entries), f"q{len(self.asked)}")

    def track(self, events: Sequence[Event], key: str | None, /) -> int:
        if not events:
            raise InputError("0 events in one call.", "Send between 1 and 1,000.")
        return self._append(list(events), key)

    def upsert_products(self, products: Sequence[Mapping[str, Any]], key: str | None, /) -> int:
        for row in products:
            before = self.held.get(row["id"]) or product(row["id"].partition(":")[2], "", "", "", None, "")
            plain = {name: row[name] for name in ("title", "brand", "price", "stock", "description") if name in row}
            self.held[row["id"]] = replace(before, **plain)
        return self._append([dict(row) for row in products], key)

    def retire_products(self, ids: Sequence[str], key: str | None, /) -> int:
        for one in ids:
            if self.held.pop(one, None) is None:
                raise NotFoundError(f"There is no product {one!r}.", "Nothing was retired; leave it out.")
        return self._append(list(ids), key)

    def ingest_text(
        self, text: str, product_id: str | None, document_id: str | None, kind: str, key: str | None, /
    ) -> IngestedText:
        if product_id is None:
            raise InputError("The text does not say surely which product it is about.", "Give productId.")
        offset = self._append([(text, product_id, document_id, kind)], key)
        return IngestedText(offset, document_id or "api:t", product_id, (_claim(text, document_id or "api:t", kind),))

    def remove_text(self, document_id: str, key: str | None, /) -> int:
        return self._append([document_id], key)

    def provenance(self, name: str, /) -> Provenance:
        if name not in self.held:
            raise NotFoundError(f"No product or claim has the id {name!r}.", "Search for it.")
        claim = _claim("It is red.", "api:t", "text")
        return Provenance(name, self.held[name].title, (claim,), "s", "s.csv", 2, None)

    def wait(self, offset: int, timeout_s: float, /) -> None:
        if offset > len(self.entries):
            raise LagError(f"Answers have reached offset {len(self.entries)}, not {offset}.", "Try again.")

    def status(self) -> Status:
        head = len(self.entries)
        graph = ProjectionStatus("graph", -1 if self.graph_away else head, head, "away" if self.graph_away else "")
        return Status(head, len(self.held), "words", self.is_ready, "0.1.0", (graph,))

    def ready(self) -> bool:
        return self.is_ready

    def _append(self, entry: Any, key: str | None) -> int:
        if key is not None and key in self.keys:
            return self.keys[key]
        self.entries.append(entry)
        if key is not None:
            self.keys[key] = len(self.entries)
        return len(self.entries)

    def _events(self, request: RecommendRequest) -> list[Event]:
        flat = [one for entry in self.entries for one in entry if isinstance(one, Event)]
        who = (request.shopper, request.session)
        return [one for one in flat if (one.shopper, one.session) == who]


def _claim(text: str, name: str, kind: str) -> StatedClaim:
    return StatedClaim(
        "claim:9", "has_attribute", "colour", "red", "value:colour=red", 0.7, "distant 1", "text", 6, 9, "red",
        document=TextSource(name, kind, text, "api", "api", 1),
    )  # fmt: skip


def _category_id(path: Sequence[str]) -> str:
    return "category:" + "/".join(path).lower()


def _start(after: str | None) -> int:
    if after is None:
        return 0
    if not after.removeprefix("c").isdecimal():
        raise QueryError("The cursor is not one of ours.", "Take `endCursor` of the page before.")
    return int(after.removeprefix("c"))


def _passes(one: Product, wanted: Filter) -> bool:
    brands = {one.brand, one.brand_id}
    values = {(a.name, word) for a in one.attributes for word in (a.value, a.node)}
    for name in wanted.attributes:
        if name != "colour":
            raise QueryError(f"There is no attribute {name!r}.", "The facets of a search list them.")
    return (
        (not wanted.brands or bool(brands & set(wanted.brands)))
        and (not wanted.categories or " > ".join(one.category).startswith(wanted.categories))
        and all(values & {(name, word) for word in words} for name, words in wanted.attributes.items())
        and (wanted.price_min is None or (one.price or 0) >= wanted.price_min)
        and (wanted.price_max is None or (one.price or 0) <= wanted.price_max)
        and (wanted.in_stock is None or bool(one.stock) is wanted.in_stock)
    )


def _reasons(words: Sequence[str], one: Product) -> tuple[Reason, ...]:
    matched = [word for word in words if word in one.title.lower().split()]
    return tuple(Reason("word", f"“{word}” stands in its title.", 1 / len(matched), word) for word in matched)


def _facets(request: SearchRequest, found: Sequence[Product]) -> tuple[Facet, ...]:
    if not request.facets:
        return ()
    counts = Counter((one.brand_id, one.brand) for one in found)
    values = [
        FacetValue(str(key), str(name), count, name in request.filter.brands)
        for (key, name), count in sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    ]
    return (Facet("brand", "Brand", tuple(values)),)
