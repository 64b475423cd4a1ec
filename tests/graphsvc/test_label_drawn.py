"""Labels drawn from a shop's own fields and texts: right words under right labels, and honest pairs of nothing."""

from collections import Counter
from collections.abc import Sequence

import pytest

from extractors.relations import NONE
from extractors.types import Claim, Document, LabelledPair, LabelledText, Mention, Span
from graphsvc.errors import LabelError
from graphsvc.labels.drawn import draw, kinds_of
from graphsvc.train.tasks import allowed_ends


def products(count: int = 12) -> list[Document]:
    """Cases that fit phones, of stuff that fields hold, in two languages."""
    found = []
    for number in range(count):
        fields = {"brand": ["Solvi"], "Color": ["red"], "material": ["leather"], "size": ["28 cm"]}
        text = f"Crimson and soft, 28 cm. Compatible with Solvi Aria {number + 1}."
        found.append(Document(f"en:{number}", f"Solvi leather case {number}", text, fields, ("Phone", "Cases")))
        own = {"品牌": ["云杉"], "材质": ["leather"]}
        thing = "保温杯" if number % 2 else "充电器"
        found.append(Document(f"zh:{number}", f"真皮{thing} 适合学生 {number}", "", own, ("家", thing), "zh"))
    return found


def marked(texts: Sequence[LabelledText], start: str) -> dict[str, str]:
    text = next(one for one in texts if one.text.startswith(start))
    return {text.text[mention.start : mention.end]: mention.label for mention in text.mentions}


def told(pairs: Sequence[LabelledPair], start: str) -> set[tuple[str, str, str]]:
    return {
        (one.text[one.head.start : one.head.end], one.relation, one.text[one.tail.start : one.tail.end])
        for one in pairs if one.text.startswith(start)
    }  # fmt: skip


def test_what_fields_hold_and_patterns_read_is_labelled() -> None:
    found = draw(products(), [])
    assert marked(found.texts, "Solvi leather case 3") == {
        "Solvi": "brand", "leather": "material", "case": "product", "Crimson": "colour", "Solvi Aria 4": "model",
    }  # fmt: skip
    assert marked(found.texts, "真皮保温杯 适合学生 3") == {"真皮": "material", "保温杯": "product", "学生": "use"}


def test_pairs_are_of_patterns_and_fields_and_of_nothing() -> None:
    found = draw(products(), [])
    assert told(found.pairs, "Solvi leather case 3") == {
        ("case", "compatible_with", "Solvi Aria 4"), ("case", "made_from", "leather"),
        ("case", NONE, "Solvi"), ("case", NONE, "Crimson"),
    }  # fmt: skip
    counts = Counter(one.relation for one in found.pairs)
    assert counts[NONE] <= sum(count for name, count in counts.items() if name != NONE)


def test_another_spelling_counts_only_where_the_value_itself_is_unsaid() -> None:
    made = [Document(f"c:{n}", f"Oak coffee table {n}, brown", fields={"color": ["brown"]}) for n in range(9)]
    made += [
        Document(f"d:{n}", f"Chocolate box {n}", fields={"color": ["white"], "taste": ["brown"]}) for n in range(9)
    ]
    found = draw(made, [])
    assert marked(found.texts, "Oak coffee table 3") == {"brown": "colour"}
    assert "Chocolate" not in marked(found.texts, "Chocolate box 3")


def test_a_stuff_that_the_field_denies_is_none() -> None:
    made = [*products(), *(Document(f"x:{n}", f"Solvi case {n} like leather", fields={"material": ["plastic"]})
                           for n in range(9))]  # fmt: skip
    claims = [
        Claim(one.id, "has_attribute", "leather", 0.9, "x", "1", "material",
              evidence=Span("title", one.title.index("leather"), len(one.title), "material"), quote="leather")
        for one in made[-9:]
    ]  # fmt: skip
    found = draw(made, claims)
    assert told(found.pairs, "Solvi case 4") >= {("case", NONE, "leather")}


def thing(place: tuple[int, int], confidence: float) -> list[Claim]:
    span = Span("title", *place, "thing")
    return [
        Claim(f"zh:{n}", "has_attribute", "x", confidence, "x", "1", "thing", evidence=span, quote="x")
        for n in range(9)
    ]


@pytest.mark.parametrize(("place", "confidence", "count"), [((0, 5), 0.9, 9), ((0, 5), 0.7, 0), ((2, 4), 0.9, 0)])
def test_a_claim_labels_when_it_is_sure_and_not_within_a_longer_one(
    place: tuple[int, int], confidence: float, count: int
) -> None:
    found = draw(products(), thing(place, confidence))
    assert Counter(mention.label for text in found.texts for mention in text.mentions)["thing"] == count


def test_a_label_that_is_rare_is_left_out() -> None:
    made = [*products(), Document("odd", "Cork mat", fields={"grade": ["cork"]})]
    assert marked(draw(made, []).texts, "Cork") == {}


def test_a_shop_that_tells_nothing_is_refused() -> None:
    with pytest.raises(LabelError, match="tell no labels"):
        draw([Document("p", "Something")], [])


def test_a_kind_is_a_word_that_its_category_shares() -> None:
    assert kinds_of(products()) == {"保温杯", "充电器"}


def test_measures_are_left_to_rules() -> None:
    labels = {mention.label for text in draw(products(), []).texts for mention in text.mentions}
    assert "size" not in labels


def test_the_ontology_says_between_what_a_drawn_relation_may_hold() -> None:
    pairs = draw(products(), []).pairs
    assert allowed_ends(pairs)["compatible_with"] == [["product", "model"]]
    assert NONE not in allowed_ends(pairs)
    assert allowed_ends([LabelledPair("a b", Mention(0, 1, "entity"), Mention(2, 3, "entity"), "r")]) == {}
