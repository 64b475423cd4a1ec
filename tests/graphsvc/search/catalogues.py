"""Small catalogues for tests, and an encoder that needs no weights: words hashed to directions, summed."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from embeddings.cache import VectorCache
from embeddings.encoders import Encoder, Kind, Progress, Vectors
from embeddings.words import terms
from extractors.category import SEPARATOR
from graphsvc.facts import FACTS
from graphsvc.ontology import attribute_name, brand_id, category_id, value_id
from graphsvc.search import snapshot
from graphsvc.search.catalogue import Catalogue
from graphsvc.search.data import POPULARITY, CatalogueData
from graphsvc.warehouse.schemas import PRODUCTS

OFFSET = 7


class WordEncoder:
    """Texts with words in common are near; everything else stands at chance."""

    name, version, dimensions = "words", "1", 32

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        self.seen += texts
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for term in terms(text) or [""]:
                seed = int.from_bytes(blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
                vectors[row] += np.random.default_rng(seed).standard_normal(self.dimensions)
        scaled: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return scaled


def product(key: str, title: str, **fields: Any) -> dict[str, Any]:
    """A row of PRODUCTS. `attributes` may be a mapping, `category` a path in one string."""
    row: dict[str, Any] = {"product_id": f"shop:{key}", "key": key, "title": title, "source": "shop", "batch": "b1"}
    row |= fields
    if isinstance(row.get("attributes"), Mapping):
        pairs = row["attributes"].items()
        row["attributes"] = [{"name": name, "value": value, "number": None, "unit": None} for name, value in pairs]
    if isinstance(row.get("category"), str):
        row["category"] = row["category"].split(SEPARATOR)
    row["product_id"] = f"{row['source']}:{key}"
    return row


def facts_of(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The facts that structured fields make, one claim each."""
    facts = []
    for row in rows:
        said: list[tuple[str, str | None, str, str]] = []
        if row.get("brand"):
            said.append(("has_brand", None, brand_id(row["brand"]), row["brand"]))
        if row.get("category"):
            said.append(("in_category", None, category_id(row["category"]), SEPARATOR.join(row["category"])))
        for own in row.get("attributes") or ():
            name = attribute_name(own["name"])
            said.append(("has_attribute", name, value_id(own["name"], own["value"]), own["value"]))
        for predicate, attribute, node, name in dict.fromkeys(said):
            facts.append(
                {
                    "product_id": row["product_id"], "predicate": predicate, "attribute": attribute, "node_id": node,
                    "name": name, "number": None, "unit": None, "confidence": 1.0, "held": True,
                    "claims": [f"claim:{row['product_id']}:{node}"],
                }
            )  # fmt: skip
    return pa.Table.from_pylist(facts, schema=FACTS)


def data_of(
    rows: Sequence[Mapping[str, Any]], popularity: Mapping[str, float] | None = None, offset: int = OFFSET
) -> CatalogueData:
    """Rows as a catalogue is made from them; `popularity` by key."""
    liked = popularity or {}
    found = [
        {"product_id": row["product_id"], "popularity": liked[row["key"]], "rating": 4.0, "reviews": 2}
        for row in rows
        if row["key"] in liked
    ]
    return CatalogueData(
        offset,
        pa.Table.from_pylist(list(rows), schema=PRODUCTS),
        facts_of(rows),
        pa.Table.from_pylist(found, schema=POPULARITY),
    )


def build(folder: Path, data: CatalogueData, encoder: Encoder | None = None) -> Catalogue:
    """Build a snapshot of the data and open it."""
    used = encoder or WordEncoder()
    snapshot.build(folder / "search", data, used, VectorCache(folder / "vectors", used))
    return Catalogue.open(folder / "search", used)


HOME = "Home > Kitchen > Pans"
SHOP = [
    product("1", "Nordholm cast iron frying pan 28 cm", brand="Nordholm", category=HOME, price=39.9, stock=3,
            attributes={"Colour": "black", "Material": "cast iron"}, description="Heavy, for every stove."),
    product("2", "Nordholm saucepan with lid 2 l", brand="Nordholm", category=HOME, price=29.0, stock=0,
            attributes={"Colour": "silver"}),
    product("3", "Sorrel table lamp", brand="Sorrel", category="Home > Lighting", price=55.0,
            attributes={"Color": "White"}, description="Dimmable."),
    product("4", "Sorrel floor lamp", brand="Sorrel", category="Home > Lighting", price=120.0,
            attributes={"Colour": "black"}),
    product("5", "岚山 不锈钢保温杯 500ml", brand="岚山", category="Home > Kitchen > Cups", price=89.0, language="zh",
            attributes={"颜色": "银色"}, description="304食品级"),
    product("6", "Quill wireless mouse", brand="Quill", category="Electronics > Mice", price=19.99, stock=8,
            attributes={"Colour": "black"}),
    product("7", "Greeting card", title_derived=True, source="grocer", category="Paper > Cards", price=2.5),
    product("8", "Greeting card", title_derived=True, source="grocer", category="Paper > Cards", price=3.5),
    product("9", "Greeting card", title_derived=True, source="grocer", category="Paper > Cards", price=None),
    product("10", "Greeting card with lamp", price=4.0),
    product("11", "Greeting card with lamp", price=5.0),
]  # fmt: skip
LIKED = {"1": 5.0, "4": 9.0, "7": 1.0, "8": 3.0, "6": 2.0}
