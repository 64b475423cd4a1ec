import pytest

from extractors import EXTRACTORS, Document, Learner, load_extractor, recall_extractor

SHOP = [
    Document("p1", "Nordholm kettle, steel", fields={"brand": ["Nordholm"], "colour": ["red"]}, category=["Home"]),
    Document("p2", "Nordholm red pan 28 cm", fields={"brand": ["Nordholm"], "colour": ["red"]}, category=["Home"]),
    Document("p3", "Red Nordholm pot", fields={"brand": ["Nordholm"], "colour": ["Red"]}, category=["Home"]),
    Document("p4", "云栖 真丝 连衣裙 红色", fields={"brand": ["云栖"], "颜色": ["红色"]}, language="zh"),
    Document("p5", "云栖 红色 毛衣", fields={"brand": ["云栖"], "颜色": ["红色"]}, language="zh"),
    Document("p6", "NORDHOLM lid, red", "fits the 28 cm pan", category=["Home"]),
    Document("p7", "云栖红色围巾 500克", language="zh"),
    Document("p8", ""),
    Document("p9", "Silicone case for iPhone 15", category=["Phones"]),
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXTRACTORS))
def test_contract(name: str) -> None:
    extractor = load_extractor(name, SHOP)
    assert extractor.name == name
    batches = extractor.extract(SHOP)
    assert len(batches) == len(SHOP)
    assert sum(map(len, batches)) > 0
    for document, claims in zip(SHOP, batches, strict=True):
        assert len({claim.id for claim in claims}) == len(claims)
        for claim in claims:
            assert claim.subject == document.id
            assert 0 < claim.confidence <= 1
            assert (claim.extractor, claim.version) == (extractor.name, extractor.version)
            span = claim.evidence
            assert span is not None
            if span.field in ("title", "text"):
                assert getattr(document, span.field)[span.start : span.end] == claim.quote
    assert [[c.id for c in claims] for claims in extractor.extract(SHOP)] == [
        [c.id for c in claims] for claims in batches
    ]
    assert extractor.extract([]) == []
    if isinstance(extractor, Learner):
        recalled = recall_extractor(name, extractor.learnt())
        assert recalled.extract(SHOP) == batches
        for other in ("[1]", "", "{"):
            with pytest.raises(ValueError, match="Expecting|no gazetteer|no names"):
                recall_extractor(name, other)


def said(name: str, document: Document) -> set[tuple[str, str, str]]:
    (claims,) = load_extractor(name, SHOP).extract([document])
    return {(claim.predicate, claim.qualifier, claim.object) for claim in claims}


def test_gazetteer_fills_what_fields_lack_in_both_languages() -> None:
    assert said("gazetteer", SHOP[5]) == {("has_brand", "", "Nordholm"), ("has_attribute", "colour", "red")}
    assert said("gazetteer", SHOP[6]) == {("has_brand", "", "云栖"), ("has_attribute", "颜色", "红色")}


def test_gazetteer_leaves_held_fields_alone() -> None:
    assert said("gazetteer", SHOP[1]) == set()


def test_gazetteer_drops_a_word_that_mostly_means_something_else() -> None:
    shop = [Document(f"c{n}", "black toner for orange printers", fields={"colour": ["black"]}) for n in range(6)]
    shop += [Document(f"o{n}", "orange lamp", fields={"colour": ["orange"]}) for n in range(2)]
    (claims,) = load_extractor("gazetteer", shop).extract([Document("x", "drum for orange printers")])
    assert [claim.object for claim in claims] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("juice 64 OZ", {("weight", "1.81437 kg")}),
        ("cola 2x330ml", {("volume", "0.33 l"), ("count", "2 pieces")}),
        ("大米 500克", {("weight", "0.5 kg")}),
        ("pipe 3/4 in.", {("length", "0.01905 m")}),
        ("1 1/2 inch nail", {("length", "0.0381 m")}),
        ("5G phone 128GB", {("storage", "128 GB")}),
        ("充电宝 20000毫安", {("charge", "20000 mAh")}),
        ("pack of 5 goats", set()),
        ("苹果 3斤", {("weight", "1.5 kg")}),
        ("board 1/0 in", set()),
    ],
)
def test_measures(text: str, expected: set[tuple[str, str]]) -> None:
    (claims,) = load_extractor("measures").extract([Document("p", text)])
    assert {(claim.qualifier, claim.object) for claim in claims} == expected
