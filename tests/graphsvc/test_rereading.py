"""Reading the catalogue anew: the difference first, then only what changes, and nothing by halves."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from extractors import Claim, Document, Span
from graphsvc.errors import NotFoundError, StorageError
from graphsvc.knowledge import Extraction, Reader, view_claims
from graphsvc.lineage import trace
from graphsvc.rereading import Rereading
from graphsvc.service import Service
from graphsvc.types import SearchRequest
from tests.graphsvc.shops import PRODUCTS, write_products, write_rows
from tests.graphsvc.test_service import settings
from tests.graphsvc.test_texts import rebuilt, seen

MUSIC = "theremin"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(settings(tmp_path / "shop")) as service:
        service.ingest(str(write_products(tmp_path / "products.csv", PRODUCTS)), asset="products", name="shop")
        yield service


def saying(reader: Reader, *products: str, word: str = MUSIC, by: str = "model", version: str = "1") -> object:
    """What a reader says, and of some products a value that no text holds."""

    def read(documents: Sequence[Document]) -> Extraction:
        found = reader.read(documents)
        found.admit(
            Claim(one.id, "has_attribute", word, 0.9, by, version, "sound", evidence=Span("title", 0, 3, "sound"),
                  quote=one.title[:3])
            for one in documents if one.id in products
        )  # fmt: skip
        return found

    return read


def saying_in_texts(reader: Reader, *texts: str, word: str = MUSIC, by: str = "model", version: str = "1") -> object:
    """What a reader says of texts, and of some texts a value that none holds."""

    def read(documents: Sequence[Document], subjects: Sequence[str]) -> Extraction:
        found = reader.read_texts(documents, subjects)
        found.admit(
            Claim(about, "has_attribute", word, 0.7, by, version, "sound", evidence=Span("text", 0, 3, "sound"),
                  quote=one.text[:3], document=one.id)
            for one, about in zip(documents, subjects, strict=True) if one.id in texts
        )  # fmt: skip
        return found

    return read


def reading(
    service: Service, read: object, unasked: Collection[str] | None = None, read_texts: object = None
) -> Rereading:
    told = read_texts or service.reader().read_texts
    return Rereading(service.warehouse, service.history(), read, told, (), unasked)  # type: ignore[arg-type]


def standing(service: Service) -> dict[str, set[tuple[str, str, str]]]:
    with closing(service.warehouse.connection()) as connection:
        service.history().view(service.warehouse, connection, "products")
        view_claims(service.warehouse, service.history(), connection)
        rows = connection.sql("SELECT subject, qualifier, object, version FROM current_claims").fetchall()
    found: dict[str, set[tuple[str, str, str]]] = {}
    for subject, *said in rows:
        found.setdefault(subject, set()).add((said[0], said[1], said[2]))
    return found


def accept(
    service: Service, read: object, unasked: Collection[str] | None = None, read_texts: object = None
) -> int | None:
    with reading(service, read, unasked, read_texts) as made:
        made.compare()
        return service.accept(made)


def accept_in_texts(service: Service, *texts: str, **said: str) -> int | None:
    reader = service.reader()
    return accept(service, reader.read, read_texts=saying_in_texts(reader, *texts, **said))


def test_the_same_extractors_change_nothing(service: Service) -> None:
    before = service.log.head()
    with service.rereading() as made:
        difference = made.compare()
        assert (difference.read, difference.products, set(difference.counts.values())) == (6, 0, {0})
        assert (difference.texts_read, difference.texts) == (0, 0)
        assert service.accept(made) is None
    assert service.log.head() == before


def test_the_same_extractors_change_nothing_in_texts(service: Service, tmp_path: Path) -> None:
    with_texts(service, tmp_path)
    before = service.log.head()
    with service.rereading() as made:
        difference = made.compare()
        assert (difference.texts_read, difference.texts, set(difference.counts.values())) == (4, 0, {0})
        assert service.accept(made) is None
    assert service.log.head() == before
    with service.rereading(sources=("shop",)) as made:
        assert made.compare().texts_read == 4


def test_a_difference_is_shown_before_anything_is_written(service: Service) -> None:
    before, batches = service.log.head(), service.warehouse.batches("claims")
    with reading(service, saying(service.reader(), "shop:3", "shop:4")) as made:
        difference = made.compare()
    assert (difference.products, difference.counts) == (2, {"new": 2, "lost": 0, "changed": 0})
    assert difference.predicates == {"new": {"sound": 2}}
    assert {(one.product, one.object, one.quote) for one in difference.samples["new"]} == {
        ("shop:3", MUSIC, "Sor"), ("shop:4", MUSIC, "Sor"),
    }  # fmt: skip
    assert service.log.head() == before
    assert service.warehouse.batches("claims") == batches
    assert not list(service.warehouse.spill.iterdir())


def test_only_what_changes_is_written_and_found(service: Service) -> None:
    before = standing(service)
    assert service.search(SearchRequest(MUSIC)).total == 0
    assert accept(service, saying(service.reader(), "shop:3")) == 2
    after = standing(service)
    assert after["shop:3"] == before["shop:3"] | {("sound", MUSIC, "1")}
    assert {name: said for name, said in after.items() if name != "shop:3"} == {
        name: said for name, said in before.items() if name != "shop:3"
    }
    batch = service.history().readings[0]["batch"]
    with closing(service.warehouse.connection()) as connection:
        service.warehouse.view(connection, "claims", [batch])
        assert connection.sql("SELECT DISTINCT subject FROM claims").fetchall() == [("shop:3",)]
    hit = service.search(SearchRequest(MUSIC)).hits[0]
    assert hit.product.id == "shop:3"
    assert "sound: theremin" in [reason.text for reason in hit.reasons if reason.kind == "fact"]
    fact = next(one for one in trace(service.warehouse, service.history(), "shop:3").claims if one.value == MUSIC)
    assert (fact.extractor, fact.evidence) == ("model 1", "title 0–3: Sor")
    assert trace(service.warehouse, service.history(), fact.id).source == "shop"


def test_a_later_reading_replaces_an_earlier_one(service: Service) -> None:
    before = standing(service)
    accept(service, saying(service.reader(), "shop:3", "shop:4"))
    with reading(service, saying(service.reader(), "shop:4", version="2")) as made:
        assert made.compare().counts == {"new": 0, "lost": 1, "changed": 1}
        service.accept(made)
    after = standing(service)
    assert after["shop:3"] == before["shop:3"]
    assert ("sound", MUSIC, "2") in after["shop:4"]
    assert accept(service, service.reader().read) is not None
    assert standing(service) == before


def test_a_new_row_of_a_product_ends_what_was_read_of_the_old_one(service: Service, tmp_path: Path) -> None:
    accept(service, saying(service.reader(), "shop:3", "shop:4"))
    changed = [[*row[:1], "Sorrel desk lamp", *row[2:]] if row[0] == "3" else row for row in PRODUCTS]
    service.ingest(str(write_products(tmp_path / "products.csv", changed)), asset="products", name="shop")
    after = standing(service)
    assert ("sound", MUSIC, "1") not in after["shop:3"]
    assert ("sound", MUSIC, "1") in after["shop:4"]
    service.upsert_products([{"id": "shop:4", "title": "Sorrel reading lamp"}])
    assert ("sound", MUSIC, "1") not in standing(service)["shop:4"]


def test_who_is_not_asked_keeps_what_was_said(service: Service) -> None:
    accept(service, saying(service.reader(), "shop:3", by="llm"))
    kept = standing(service)
    assert accept(service, service.reader().read) is None
    assert accept(service, saying(service.reader(), "shop:3", word="zither")) is not None
    assert standing(service)["shop:3"] == kept["shop:3"] | {("sound", "zither", "1")}


def test_of_whom_a_language_model_could_not_be_asked_its_word_stands(service: Service) -> None:
    accept(service, saying(service.reader(), "shop:3", "shop:4", by="llm"))
    with reading(service, service.reader().read, {"shop:3"}) as made:
        assert made.compare().counts["lost"] == 1
        service.accept(made)
    after = standing(service)
    assert ("sound", MUSIC, "1") in after["shop:3"]
    assert ("sound", MUSIC, "1") not in after["shop:4"]


def test_a_source_without_products_is_told(service: Service) -> None:
    with service.rereading(sources=("shop",)) as made:
        assert made.compare().read == 6
    with service.rereading(sources=("shopp",)) as made, pytest.raises(NotFoundError, match="'shopp'"):
        made.compare()


def test_what_breaks_the_ontology_is_refused_with_the_reading(service: Service) -> None:
    reader = service.reader()

    def read(documents: Sequence[Document]) -> Extraction:
        found = reader.read(documents)
        found.admit([Claim("shop:3", "sings_like", MUSIC, 0.9, "model", "1")])
        found.admit([Claim("shop:3", "has_attribute", MUSIC, 0.9, "model", "1", "sound")])
        return found

    accept(service, read)
    held = service.warehouse.run("held", service.history().order).to_pylist()
    assert [row["reason"].split(";")[0] for row in held if row["asset"] == "claims"] == [
        "unknown predicate 'sings_like'"
    ]


def test_a_reading_that_fails_leaves_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    before, head, append = standing(service), service.log.head(), service.warehouse.append

    def fail(table: str, *rest: object) -> int:
        if table == "readings":
            raise StorageError("The disk is full.", "Free space.")
        return append(table, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(service.warehouse, "append", fail)
    with pytest.raises(StorageError):
        accept(service, saying(service.reader(), "shop:3"))
    assert service.log.head() == head
    assert standing(service) == before
    assert service.warehouse.batches("claims") <= service.history().batches


REVIEWS = [["r1", "3", "5", "Bright", "It hums."], ["r2", "4", "4", "", "台灯很亮"], ["r3", "4", "1", "", ""]]
REVIEW_COLUMNS = ["review_id", "product_id", "rating", "title", "text"]


def with_texts(service: Service, tmp_path: Path) -> None:
    """Two reviews with words and two documents."""
    path = write_rows(tmp_path / "reviews.csv", REVIEWS, REVIEW_COLUMNS)
    service.ingest(str(path), asset="reviews", name="shop")
    for name, product, text in (("blog:1", "shop:3", "Works with the NB-7."), ("blog:2", "shop:4", "Fine lamp.")):
        service.ingest_text(text, product, name)
    service.model.follow(build=True)


def test_texts_are_read_anew_and_the_difference_is_shown_first(service: Service, tmp_path: Path) -> None:
    with_texts(service, tmp_path)
    before, head, batches = standing(service), service.log.head(), service.warehouse.batches("claims")
    reader = service.reader()
    with reading(service, reader.read, read_texts=saying_in_texts(reader, "blog:2", "shop:r1")) as made:
        difference = made.compare()
    assert (difference.products, difference.texts_read, difference.texts) == (0, 4, 2)
    assert difference.counts == {"new": 2, "lost": 0, "changed": 0}
    assert {(one.product, one.document, one.quote) for one in difference.samples["new"]} == {
        ("shop:4", "blog:2", "Fin"), ("shop:3", "shop:r1", "It "),
    }  # fmt: skip
    assert (service.log.head(), service.warehouse.batches("claims")) == (head, batches)
    assert accept_in_texts(service, "blog:2", "shop:r1") == head + 1
    after = standing(service)
    assert after == {
        **before, **{name: before[name] | {("sound", MUSIC, "1")} for name in ("shop:3", "shop:4")}
    }  # fmt: skip
    batch = service.history().readings[0]["batch"]
    with closing(service.warehouse.connection()) as connection:
        service.warehouse.view(connection, "claims", [batch])
        read = connection.sql("SELECT DISTINCT document FROM claims ORDER BY 1").fetchall()
    assert read == [("blog:2",), ("shop:r1",)], "only what changes"
    reasons = {reason.text: reason.claims for reason in service.search(SearchRequest(MUSIC)).hits[0].reasons}
    (claim,) = service.provenance(reasons["sound: theremin"][0]).claims
    assert claim.document is not None
    assert claim.document.id in ("blog:2", "shop:r1")
    shown = seen(service)
    assert rebuilt(service) == shown
    assert accept_in_texts(service, "blog:2", "shop:r1") is None
    assert accept_in_texts(service, "blog:2") == head + 2, "a review is read otherwise once more"
    assert standing(service) == {**before, "shop:4": after["shop:4"]}


def test_a_later_word_ends_what_was_read_of_a_text(service: Service, tmp_path: Path) -> None:
    with_texts(service, tmp_path)
    before = standing(service)
    accept_in_texts(service, "blog:1", "blog:2", "shop:r1")
    service.ingest_text("Works with the NB-7.", "shop:3", "blog:1")
    service.remove_text("blog:2")
    service.remove_text("shop:r1")
    service.model.follow(build=True)
    after = standing(service)
    assert {name: said for name, said in after.items() if name in before} == before
    assert seen(service) == rebuilt(service)
    with service.rereading() as made:
        assert made.compare().texts_read == 2, "what was removed is not read"


def test_what_a_language_model_said_in_a_text_stands(service: Service, tmp_path: Path) -> None:
    with_texts(service, tmp_path)
    accept_in_texts(service, "blog:2", by="llm")
    assert accept_in_texts(service) is None
    assert accept(service, service.reader().read, set()) is None, "who reads no texts leaves them"


def test_what_breaks_the_ontology_in_a_text_is_refused_with_its_place(service: Service, tmp_path: Path) -> None:
    with_texts(service, tmp_path)
    reader = service.reader()

    def read(documents: Sequence[Document], subjects: Sequence[str]) -> Extraction:
        found = reader.read_texts(documents, subjects)
        said = [("shop:3", "shop:r1", "sings_like"), ("shop:3", "shop:r1", "suits"), ("shop:4", "blog:2", "sings_like")]
        here = {one.id for one in documents}
        found.admit(
            Claim(product, predicate, MUSIC, 0.7, "model", "1", "sound", document=text)
            for product, text, predicate in said if text in here
        )  # fmt: skip
        return found

    accept(service, reader.read, read_texts=read)
    held = service.warehouse.run("held", service.history().order).to_pylist()
    refused = [(row["file"], row["line"]) for row in held if row["asset"] == "claims"]
    assert refused == [("reviews.csv", 2)], "of a text that is not written nothing is"
