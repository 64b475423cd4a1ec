"""Relations of products in titles and descriptions, judged by reading: a sample of each, with its words around it.

Nothing is asserted. Each line is a tail «so» in its text; whoever reads counts those that are right. Only documents are
shown that the patterns were not tuned on: those whose id has an odd sha1. With arguments "100 RELATION" it shows more;
"100 variant_of" shows families of variants by fields and titles, of a whole catalogue.
"""

import csv
import gzip
import hashlib
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from extractors import load_extractor
from extractors.patterns import Patterns
from extractors.types import Claim, Document, LabelledText
from graphsvc.facts import facts_of
from graphsvc.families import family_of
from graphsvc.knowledge import claims_table
from graphsvc.labels.columns import read
from graphsvc.ontology import varies
from perf._search import absent, folder_of

ROOT = Path(__file__).parent.parent
SHOWN = 20
AROUND = 60


def main(shown: int = SHOWN, only: str = "") -> int:
    for name, documents in catalogues():
        if only == "variant_of":
            show_families(name, documents, shown)
            continue
        patterns = Patterns.learn(documents)
        kept = [one for one in documents if is_unseen(one.id)]
        began = time.process_time()
        claims = patterns.extract(kept)
        seconds = time.process_time() - began
        counts = Counter(claim.predicate for found in claims for claim in found)
        print(f"{name}: {len(kept):,} documents, {len(kept) / max(seconds, 1e-9):,.0f} a CPU second, {dict(counts)}")
        show([(one, claim) for one, found in zip(kept, claims, strict=True) for claim in found], shown, only)
    return 0


def show(found: list[tuple[Document, Claim]], shown: int, only: str) -> None:
    of: defaultdict[str, list[tuple[Document, Claim]]] = defaultdict(list)
    for document, claim in found:
        of[claim.predicate].append((document, claim))
    for relation in sorted(of):
        if only in ("", relation):
            print(f"  {relation}")
            for document, claim in random.Random(0).sample(of[relation], min(shown, len(of[relation]))):
                print(f"    {in_context(document, claim)}")


def show_families(name: str, documents: list[Document], shown: int) -> None:
    """Families of two or more, each with titles of it."""
    claims = [claim for found in load_extractor("fields", documents).extract(documents) for claim in found]
    facts: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in facts_of(claims_table(claims, "b")).to_pylist():
        if row["predicate"] == "has_brand" or varies(row["attribute"] or ""):
            facts[row["product_id"]].append(row)
    began = time.process_time()
    families = [(family_of(one.title, facts[one.id]), one.title) for one in documents]
    rate = len(documents) / (time.process_time() - began)
    titles: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for family, title in families:
        if family:
            titles[family.node, family.name].append(title)
    many = {key: found for key, found in titles.items() if len(found) > 1}
    said = f"{len(titles):,} families, {len(many):,} of two or more with {sum(map(len, many.values())):,} products"
    print(f"{name}: {len(documents):,} documents, {rate:,.0f} a CPU second, {said}")
    for key in random.Random(0).sample(sorted(many), min(shown, len(many))):
        print(f"    {key[1]}: {' | '.join(sorted(set(many[key]))[:4])}")


def in_context(document: Document, claim: Claim) -> str:
    span = claim.evidence
    assert span is not None
    text = document.title if span.field == "title" else document.text
    before, after = text[max(0, span.start - AROUND) : span.start], text[span.end : span.end + AROUND // 2]
    return f"{before}«{claim.quote}»{after}".replace("\n", " ")


def catalogues() -> Iterator[tuple[str, list[Document]]]:
    """Those that are there."""
    if not absent("homedepot"):
        rows = table(folder_of("homedepot") / "catalogue.csv.gz")
        yield "homedepot", [Document(row["product_uid"], row["product_title"]) for row in rows]
    if not absent("electronics"):
        yield "electronics", list(map(electronics, table(folder_of("electronics") / "catalogue.csv.gz")))
    if not absent("fashion"):
        rows = table(folder_of("fashion") / "products.csv.gz")
        yield "fashion", [Document(row["product_id"], row["title"]) for row in rows]
    if not absent("entity-resolution"):
        for file in ("abt-buy/abt.csv", "abt-buy/buy.csv", "walmart-amazon/amazon.csv", "walmart-amazon/walmart.csv"):
            yield file, list(shop_offers(folder_of("entity-resolution") / file))
    if not absent("mentions"):
        told: dict[str, str] = {}
        for part, letter in (("train", "t"), ("dev", "d")):
            for at, title in enumerate(taobao(part)):  # many titles stand twice: one that was seen once is seen
                if title not in told or not is_unseen(f"{letter}{at}"):
                    told[title] = f"{letter}{at}"
        yield "taobao", [Document(name, title, language="zh") for title, name in told.items()]
    rows = table(ROOT / "demo" / "lingnan.csv")
    yield "lingnan", [Document(row["商品编号"], row["商品名称"], row["详情"] or "", language="zh") for row in rows]


def is_unseen(name: str) -> bool:
    return bool(hashlib.sha1(name.encode()).digest()[-1] % 2)


def taobao(part: str) -> list[str]:
    path = folder_of("mentions") / "taobao" / f"{part}.txt"
    return [item.text for item in read(path.read_text("utf-8"), path.name) if isinstance(item, LabelledText)]


def shop_offers(path: Path) -> Iterator[Document]:
    for at, row in enumerate(table(path, "|")):
        fields = {"brand": [row["brand"]]} if row.get("brand") else {}
        yield Document(
            f"{path.stem}:{at}", row.get("title") or row.get("name") or "", row.get("description") or "", fields
        )


def electronics(row: dict[str, str]) -> Document:
    fields = {name: [value] for name, value in json.loads(row["attributes"] or "{}").items() if isinstance(value, str)}
    return Document(row["product_uid"], row["title"], row["description"], {**fields, "brand": [row["brand"]]})


def table(path: Path, sign: str = ",") -> Iterator[dict[str, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file, delimiter=sign)


if __name__ == "__main__":
    sys.exit(main(*([int(sys.argv[1])] if sys.argv[1:] else []), *sys.argv[2:3]))
