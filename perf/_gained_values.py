"""Values that products gain without labels, judged by reading: a sample with the words around each.

Nothing is asserted. Each line is an attribute, its value «so» in the text, and whoever reads counts those that the text
says of this product and of this attribute. Only products are shown whose id has an odd sha1: the learning was not tuned
on them. Fields that are full leave nothing to gain: there 30 % of the types of values are hidden, as `evaluate gain`
does. With arguments "100 SET" it shows so many of one set.
"""

import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from extractors.types import Claim, Document
from graphsvc.evaluate.gain import hide_values
from graphsvc.learning import canonical_phrase, learn_values
from graphsvc.read_model import model_cache
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.train.material import documents_of
from perf._search import absent, folder_of
from perf._shop_relations import is_unseen

DEMO = Path(__file__).parent.parent / "demo"
SHOWN = 20
AROUND = 60
CONNECTORS = re.compile(r"connector|connect(ion|ivity)|interface|ports?(_|$)")
Gained = list[tuple[Document, Claim]]


def main(shown: int = SHOWN, only: str = "") -> int:
    for name, files in sets():
        if only not in ("", name):
            continue
        documents = products(files)
        if all(document.fields.get("colour") for document in documents):
            _, documents = hide_values(documents, canonical_phrase, 1)
        began = time.process_time()
        learnt = learn_values("auto", model_cache(), 1, documents)
        seconds = time.process_time() - began
        gained = [(document, claim) for document in documents for claim in learnt.extract([document])[0]]
        counts = Counter(claim.qualifier for _, claim in gained)
        print(f"{name}: {len(documents):,} products, learnt in {seconds:.0f} CPU s, {dict(counts.most_common())}")
        unseen = [(document, claim) for document, claim in gained if is_unseen(document.id)]
        show("connectors", [row for row in unseen if CONNECTORS.search(row[1].qualifier)], shown)
        show("any value", unseen, shown)
    return 0


def sets() -> Iterator[tuple[str, list[Path]]]:
    """Those that are there."""
    if not absent("electronics"):
        yield "electronics", [folder_of("electronics") / "catalogue.csv.gz"]
    if not absent("fashion"):
        yield "fashion", [folder_of("fashion") / "products.csv.gz"]
    yield "demo", [DEMO / "harbour.csv", DEMO / "lingnan.csv"]


def products(files: Sequence[Path]) -> list[Document]:
    with TemporaryDirectory() as folder, Service(Settings(home=Path(folder), learn=False)) as service:
        for file in files:
            service.ingest(str(file), asset="products", name=file.name.partition(".")[0], build=False)
        return documents_of(service.warehouse, service.history())


def show(what: str, gained: Gained, shown: int) -> None:
    if gained:
        print(f"  {what}")
    for document, claim in random.Random(0).sample(gained, min(shown, len(gained))):
        print(f"    {claim.qualifier} = {claim.object}: {in_context(document, claim)}")


def in_context(document: Document, claim: Claim) -> str:
    span = claim.evidence
    assert span is not None
    text = document.title if span.field == "title" else document.text
    before, after = text[max(0, span.start - AROUND) : span.start], text[span.end : span.end + AROUND]
    title = "" if span.field == "title" else f"{document.title[:AROUND]} ¶ "
    return f"{title}{before}«{claim.quote}»{after}".replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main(*([int(sys.argv[1])] if sys.argv[1:] else []), *sys.argv[2:3]))
