import json

import pytest

from extractors.occurrences import Occurrences, Place, Weights, around, kind_of
from extractors.phrases import words_with_break
from extractors.types import Document

VALUES = {"black", "red", "white"}


def place(document: Document, phrase: str) -> Place:
    words = words_with_break(document)
    return Place(words, words.index(phrase.split()[0]), tuple(phrase.split()))


PANS = [Document(f"p{n}", f"{colour} steel pan {n}") for n in range(30) for colour in ("black", "red")]
INKS = [Document(f"i{n}", f"{colour} print cartridge {n}") for n in range(30) for colour in ("black", "red")]


@pytest.fixture(scope="module")
def learnt() -> Occurrences:
    documents = [*PANS, *INKS]
    places = [(place(one, one.title.split()[0]), at < len(PANS)) for at, one in enumerate(documents)]
    held = [True] * len(PANS) + [False] * len(INKS)
    return Occurrences.learn(documents, places, held, VALUES)


def test_a_place_is_judged_by_what_stands_around_it(learnt: Occurrences) -> None:
    own = learnt.agrees.share(around(place(Document("x", "white steel pan"), "white")))
    other = learnt.agrees.share(around(place(Document("x", "white print cartridge"), "white")))
    assert own > 0.8
    assert other < 0.2


def test_a_kind_that_has_no_such_attribute(learnt: Occurrences) -> None:
    pan, ink = Document("x", "white steel pan 7"), Document("x", "white print cartridge 7")
    assert learnt.are_had(pan, VALUES)
    assert learnt.confidence(place(pan, "white")) > 0.8
    assert not learnt.are_had(ink, VALUES)


def test_categories_tell_kinds() -> None:
    documents = [Document(str(n), f"thing {n}", category=["A" if n % 2 else "B", "c"]) for n in range(120)]
    learnt = Occurrences.learn(documents, [], [n % 2 == 1 for n in range(120)], VALUES)
    has, has_not = (learnt.has.share(kind_of(Document("x", "other", category=[root, "c"]), VALUES)) for root in "AB")
    assert has > 0.8
    assert has_not < 0.2
    assert learnt.usual == pytest.approx(has, abs=0.05)  # what those that hold it have


def test_a_kind_is_judged_by_those_that_hold_the_field_and_not_by_how_few_they_are() -> None:
    pans = [Document(f"p{n}", f"black steel pan {n}") for n in range(60)]
    others = [Document(f"o{n}", f"black print cartridge {n}") for n in range(600)]
    documents, held = [*pans, *others], [n % 2 == 0 for n in range(60)] + [n % 12 == 0 for n in range(600)]
    learnt = Occurrences.learn(documents, [(place(one, "black"), True) for one in pans], held, VALUES)
    pan, ink = Document("x", "white steel pan 7"), Document("x", "white print cartridge 7")
    assert learnt.are_had(pan, VALUES)
    assert learnt.confidence(place(pan, "white")) > 0.8
    assert not learnt.are_had(ink, VALUES)


def test_what_stands_around() -> None:
    document = Document("x", "a black steel pan", "big red lid")
    assert set(around(place(document, "black"))) >= {"<a", ">steel", "in=title", "first=False", "head=pan", ">>pan"}
    assert set(around(place(document, "red"))) >= {"<big", ">lid", "in=text"}
    only = Document("x", "black")
    assert set(around(place(only, "black"))) >= {"<¶", ">¶", "first=True"}
    assert not any("black" in name for name in around(place(document, "black")))


def test_kinds_name_no_value() -> None:
    names = list(kind_of(Document("x", "black pan", category=["Home", "Pans"]), VALUES))
    assert names[:2] == ["category=Home", "category=Home > Pans"]
    assert any(name.endswith("=pan") for name in names)
    assert not any(name.endswith("=black") for name in names)
    list(kind_of(Document("x", ""), VALUES))


def test_kinds_name_no_maker_and_no_number() -> None:
    pan = Document("x", "Nordholm steel pan 28 cm", fields={"brand": ["Nordholm"], "size": ["28 cm"]})
    assert list(kind_of(pan, VALUES)) == ["has=steel", "has=pan", "has=cm"]


def test_what_was_learnt_goes_through_json(learnt: Occurrences) -> None:
    again = Occurrences.recall(json.loads(json.dumps(learnt.kept())))
    for document in [*PANS, *INKS]:
        at = place(document, document.title.split()[0])
        assert again.confidence(at) == learnt.confidence(at)
        assert again.are_had(document, VALUES) == learnt.are_had(document, VALUES)
    with pytest.raises(ValueError, match="unpack"):
        Occurrences.recall([1.0, {}])


def test_weights_where_all_were_alike_or_no_two() -> None:
    assert Weights.learn([["a"]] * 8, [True] * 8).share(["a"]) == pytest.approx(0.9)
    assert Weights.learn([], []).share([]) == pytest.approx(0.5)
    singles = Weights.learn([[f"n{n}"] for n in range(18)], [n < 9 for n in range(18)])
    assert singles.share(["n1"]) == pytest.approx(0.5)


def test_weights_learn_what_decides() -> None:
    rows = [["a", "x"], ["b", "x"]] * 40
    learnt = Weights.learn(rows, [True, False] * 40)
    assert learnt.share(["a", "x"]) > 0.8
    assert learnt.share(["b", "x"]) < 0.2
    assert learnt.share(["a", "a", "a", "x"]) == learnt.share(["a", "x"])
    assert 0 < Weights(1e9, {}).share([]) <= 1
    assert 0 <= Weights(-1e9, {}).share([]) < 1e-9
