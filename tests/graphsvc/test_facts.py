"""Whose word stands: fields first, then confidence × trust, those who agree together, and the latest of equals."""

import random
from typing import Any

import pyarrow as pa
import pytest

from extractors import EXTRACTORS, Claim
from extractors.distant import Distant
from extractors.llm import LanguageModelExtractor
from extractors.relations import Relations
from extractors.tagger import Tagger
from graphsvc.facts import FACTS, TEXT_CLAIMS, TRUST, facts_of, merged_facts, outvoted, standing, weighed
from graphsvc.knowledge import claims_table
from graphsvc.ontology import PREDICATES, SINGLE_VALUED, is_single


def claim(
    value: str, sure: float, by: str = "tagger", *, text: str = "", said: str = "has_brand", name: str = ""
) -> Claim:
    return Claim("s:1", said, value, sure, by, "1", name, document=text)


def table(*claims: Claim, told: dict[str, int] | None = None) -> pa.Table:
    rows = claims_table(claims, "b1").to_pylist()
    return pa.Table.from_pylist([{**row, "told": (told or {}).get(row["document"])} for row in rows], TEXT_CLAIMS)


def values(*claims: Claim, told: dict[str, int] | None = None) -> list[str]:
    return [fact["name"] for fact in facts_of(table(*claims, told=told)).to_pylist()]


def test_one_value_stands_where_a_product_has_one_and_all_where_it_may_have_several() -> None:
    assert values(claim("Nordholm", 0.8), claim("Sorrel", 0.7)) == ["Nordholm"]
    several = [claim(value, sure, said="has_attribute", name="colour") for value, sure in (("red", 0.9), ("blue", 0.6))]
    assert sorted(values(*several)) == ["blue", "red"]
    fits = [claim(value, 0.7, said="compatible_with", name="compatible-with") for value in ("NB-7", "NB-8")]
    assert sorted(values(*fits)) == ["NB-7", "NB-8"]
    origin = [
        claim("China", 0.7, said="has_attribute", name="产地"),
        claim("Italy", 0.8, said="has_attribute", name="origin"),
    ]
    assert values(*origin) == ["Italy"], "an attribute is one by any of its names"


def test_those_who_agree_outvote_one_who_is_surer() -> None:
    lone = claim("Sorrel", 0.8)
    assert values(lone, claim("Nordholm", 0.6, "gazetteer")) == ["Sorrel"]
    agreed = [claim("Nordholm", 0.6, "gazetteer"), claim("Nordholm", 0.6, "patterns")]
    assert values(lone, *agreed) == ["Nordholm"]
    (fact,) = facts_of(table(lone, *agreed)).to_pylist()
    assert fact["confidence"] == pytest.approx(1 - (1 - 0.6 * TRUST["gazetteer"]) * (1 - 0.6 * TRUST["patterns"]))
    texts = [claim("Nordholm", 0.5, text=f"t:{at}") for at in range(3)]
    assert values(lone, *texts) == ["Nordholm"]


def test_a_voice_counts_once_however_often_it_speaks() -> None:
    again = [Claim("s:1", "has_brand", "Nordholm", 0.5, "tagger", str(at)) for at in range(9)]
    assert values(claim("Sorrel", 0.6), *again) == ["Sorrel"]


def test_trust_weighs() -> None:
    assert values(claim("Sorrel", 0.8, "llm"), claim("Nordholm", 0.6, "gazetteer")) == ["Nordholm"]
    assert values(claim("Sorrel", 0.8, "unheard-of"), claim("Nordholm", 0.6, "gazetteer")) == ["Nordholm"]


def test_what_a_field_says_stands_alone_and_several_fields_all() -> None:
    field = claim("Sorrel", 1.0, "fields", said="has_brand")
    sure = [claim("Nordholm", 1.0, by) for by in ("gazetteer", "tagger", "patterns", "measures")]
    assert values(field, *sure) == ["Sorrel"]
    origins = [claim(value, 1.0, "fields", said="has_attribute", name="origin") for value in ("Italy", "China")]
    assert sorted(values(*origins)) == ["China", "Italy"]


def test_of_equals_the_own_row_stands_then_what_was_told_last() -> None:
    told = {"t:1": 9, "t:2": 7}
    first, second = claim("Sorrel", 0.6, text="t:1"), claim("Nordholm", 0.6, text="t:2")
    assert values(first, second, told=told) == ["Sorrel"]
    assert values(first, second, told={"t:1": 7, "t:2": 9}) == ["Nordholm"]
    assert values(first, second, claim("Arbor", 0.6), told=told) == ["Arbor"]


def test_the_outvoted_side_is_kept_and_named() -> None:
    every = weighed(table(claim("Nordholm", 0.8), claim("Sorrel", 0.7)))
    assert {fact["name"]: fact["stands"] for fact in every.to_pylist()} == {"Nordholm": True, "Sorrel": False}
    assert outvoted(every) == {"s:1"}
    assert standing(every).schema == FACTS


def test_facts_of_own_claims_and_texts_make_what_all_claims_make() -> None:
    drawn = random.Random(3)
    makers, colours = ["Nordholm", "NORDHOLM", "Sorrel", "Arbor"], ["red", "Red", "blue"]
    compared = 0
    for _ in range(60):
        claims = []
        for _ in range(drawn.randint(1, 9)):
            text = drawn.choice(["", "", "t:1", "t:2", "t:3"])
            by = (
                drawn.choice(["fields", "gazetteer", "patterns"]) if not text else drawn.choice(["tagger", "gazetteer"])
            )
            said, name, known = drawn.choice([("has_brand", "", makers), ("has_attribute", "colour", colours)])
            sure = 1.0 if by == "fields" else drawn.choice([0.5, 0.6, 0.61, 0.7])
            claims.append(claim(drawn.choice(known), sure, by, text=text, said=said, name=name))
        told = {"t:1": 5, "t:2": 6, "t:3": 4}
        own = weighed(table(*(one for one in claims if not one.document)))
        texts = table(*(one for one in claims if one.document), told=told)
        at_once, in_turn = weighed(table(*claims, told=told)), merged_facts(own.to_pylist(), texts.to_pylist())
        assert list(map(_rounded, in_turn.to_pylist())) == list(map(_rounded, at_once.to_pylist()))
        compared += len(outvoted(at_once))
    assert compared > 10, "some facts were outvoted"


def _rounded(fact: dict[str, Any]) -> dict[str, Any]:
    return {**fact, "confidence": round(fact["confidence"], 6)}


def test_every_extractor_of_ours_has_its_trust_and_single_values_are_declared() -> None:
    ours = {*EXTRACTORS, Distant.name, Tagger.name, Relations.name, LanguageModelExtractor.name}
    assert TRUST.keys() - {""} == ours
    assert {name for name, predicate in PREDICATES.items() if predicate.single} == {"has_brand", "made_by"}
    assert is_single("has_attribute", "型号")
    assert not any(is_single("has_attribute", name) for name in ("colour", "material", "size", "suits"))
    assert "colour" not in SINGLE_VALUED
