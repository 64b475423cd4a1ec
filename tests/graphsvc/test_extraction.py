"""What one text says by real, tiny models in production: read once, and the same as when each side reads for itself."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from extractors import Document
from extractors.relations import NONE, Related, Relations
from extractors.tagger import Tagger
from extractors.types import Mention
from graphsvc.service import Service
from tests.extractors.tiny_models import RelationFolder, TaggerFolder, encoder_folder
from tests.graphsvc.model_files import card
from tests.graphsvc.shops import PRODUCTS, write_products
from tests.graphsvc.test_service import settings

TEXTS = ["red pan for blue lamp", "红色裙子 and a black mug", "white shirt\n", "pan for pan"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("models")
    encoder = encoder_folder(folder / "encoder")
    for name in ("tagger", "relations"):
        (folder / name).mkdir()
    tagger, relations = TaggerFolder(folder / "tagger", encoder), RelationFolder(folder / "relations", encoder)
    with Service(settings(folder / "shop")) as service:
        service.ingest(str(write_products(folder / "products.csv", PRODUCTS)), asset="products", name="shop")
        for kind, made in (("mentions", tagger.folder), ("relations", relations.folder)):
            service.registry.promote(kind, service.registry.add(made, card(kind=kind)))
        yield service


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many texts the tagger and pairs the relation model really read."""
    found: Counter[str] = Counter()
    find, relate = Tagger.find, Relations.relate

    def finding(self: Tagger, texts: Sequence[str], contexts: Sequence[str] = ()) -> list[list[Mention]]:
        found["texts"] += len(texts)
        return find(self, texts, contexts)

    def relating(self: Relations, pairs: Iterable[tuple[str, Mention, Mention]]) -> list[Related]:
        listed = list(pairs)
        found["pairs"] += len(listed)
        return relate(self, listed)

    monkeypatch.setattr(Tagger, "find", finding)
    monkeypatch.setattr(Relations, "relate", relating)
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_once(service: Service, asked: Counter[str], text: str) -> None:
    found = service.extract(text)
    assert asked["texts"] == 1
    assert asked["pairs"] == len(found.mentions) * (len(found.mentions) - 1)


@pytest.mark.parametrize("text", TEXTS)
def test_one_pass_says_what_each_side_says_alone(service: Service, text: str) -> None:
    trained = service.reader()
    tagger, relations = service._texts._mentions.model(), service._texts._relations.model()
    assert tagger is not None
    assert relations is not None
    found = service.extract(text)
    alone = tagger.find([text])[0]
    assert [(one.start, one.end, one.label, one.confidence) for one in found.mentions] == [
        (one.start, one.end, one.label, one.confidence) for one in alone
    ]
    claims = trained.read([Document("text", text)]).claims
    assert [(one.predicate, one.value, one.confidence, one.start, one.quote) for one in found.attributes] == [
        (one.predicate, one.object, one.confidence, one.evidence.start, one.quote) for one in claims if one.evidence
    ]
    assert {one.extractor for one in found.attributes} >= ({f"tagger {tagger.version}"} if alone else set())
    pairs = [(text, head, tail) for head in alone for tail in alone if head is not tail]
    said = [one for one in relations.relate(pairs) if one.relation != NONE]
    assert sorted(one.confidence for one in found.relations) == sorted(one.confidence for one in said)


def test_the_texts_have_something_to_say(service: Service) -> None:
    assert sum(len(service.extract(text).mentions) for text in TEXTS) > 3
    assert sum(len(service.extract(text).relations) for text in TEXTS) > 0


def test_before_a_tagger_is_in_production_the_words_of_attributes_are_mentioned(tmp_path: Path) -> None:
    text = "Sorrel pan, fits Bosch B2, made of oak, 28 cm"
    with Service(settings(tmp_path / "shop")) as service:
        service.ingest(str(write_products(tmp_path / "products.csv", PRODUCTS)), asset="products", name="shop")
        found = service.extract(text)
    said = [(one.text, one.label) for one in found.mentions]
    assert ("Sorrel", "brand") in said
    assert ("Bosch B2", "compatible-with") in said
    assert ("oak", "material") in said
    assert said == sorted(said, key=lambda one: text.index(one[0]))
    assert all(text[one.start : one.end] == one.text and one.link is not None for one in found.mentions)
