"""Why a product is in an answer: the words matched, the corrections made, the closeness, the facts that were met.

Shares are parts of what the product scores before the constants of the query are taken off: words / max + MEANING ·
cosine + CHARACTERS · characters / max. A word's share is what the score would lose with it; a fact's share is what it
would lose if the claim were gone. Knows one document at a time; decides nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from embeddings.bm25 import Bm25
from extractors.category import SEPARATOR
from graphsvc.search.corpus import Corpus, Scores
from graphsvc.search.fuse import MEANING
from graphsvc.search.products import unpack_facts
from graphsvc.search.text_index import FIELDS, K1
from graphsvc.search.wording import word_matches
from graphsvc.types import Reason

FACTS = 2  # place of the facts among the fields of the index
LEAST = 0.005  # share under which a reason is not worth a line
SHOWN = 8  # reasons of one hit
SAID = {"has_brand": "brand", "made_by": "manufacturer", "in_category": "category"}


@dataclass(frozen=True, slots=True)
class Met:
    """A fact that words of the query meet: which words, and how to say it."""

    node: str
    text: str
    words: frozenset[str]
    claims: tuple[str, ...]


def reasons_of(corpus: Corpus, scores: Scores, document: int, packed: bytes) -> tuple[Reason, ...]:
    """The reasons of one product for one query, largest share first; shares sum to at most 1.

    `packed` are the product's facts as `pack_facts` made them.
    """
    why = corpus.explain(scores, document)
    meaning = MEANING * max(why.cosine, 0.0)
    whole = why.parts.words + why.parts.characters + meaning
    if whole <= 0:
        return ()
    segment, local = corpus.locate(document)
    wording = word_matches(
        scores.understanding,
        {term: share * why.parts.words / whole for term, share in why.terms.items()},
        {gram: share * why.parts.characters / whole for gram, share in why.trigrams.items()},
    )
    facts = _facts(corpus.segments[segment].words, scores, local, packed, wording.shares, whole)
    said = wording.reasons(scores.understanding)
    found = [*said, *facts, Reason("meaning", _close(why.cosine), meaning / whole)]
    found.sort(key=lambda reason: -reason.share)
    return tuple(reason for reason in found if reason.share >= LEAST or reason.kind == "fact")[:SHOWN]


def popular(popularity: float) -> tuple[Reason, ...]:
    """The reason of a product that stands in an answer to no question."""
    return (Reason("popular", "Popular in this shop", 1.0),) if popularity > 0 else ()


def _facts(
    index: Bm25, scores: Scores, local: int, packed: bytes, words: dict[str, float], whole: float
) -> list[Reason]:
    """The facts met, each with what the score would lose without it, which is taken off its words' shares."""
    spoken, known = unpack_facts(packed)
    met = _met(scores, known)
    if not met:
        return []
    lost: dict[str, float] = {}
    for term, weight in scores.understanding.terms.items():
        word = scores.understanding.origins[term]
        if term in spoken and scores.top.words > 0:
            fall = weight * _fall(index, term, local, spoken) / scores.top.words / whole
            lost[word] = lost.get(word, 0.0) + min(fall, words.get(word, 0.0) - lost.get(word, 0.0))
    reasons = []
    for fact in met:
        share = sum(lost.get(word, 0.0) / sum(word in other.words for other in met) for word in fact.words)
        reasons.append(Reason("fact", fact.text, share, fact.node, claims=fact.claims))
    for word in words.keys() & lost.keys():  # a fact may have a word in another form, of which the score knows nothing
        words[word] -= lost[word]
    return reasons


def _fall(index: Bm25, term: str, document: int, spoken: Sequence[str]) -> float:
    """How much less a term would score in a document if its facts did not say it (BM25F, see embeddings.bm25)."""
    impact, scale = index.impact(term, document), index.idf(term) * (K1 + 1)
    if impact <= 0 or scale <= impact:
        return 0.0
    frequency = K1 * impact / (scale - impact)
    field = FIELDS[FACTS]
    average = float(index.statistics["averages"][FACTS])
    own = spoken.count(term) * field.weight / (1 - field.b + field.b * len(spoken) / average)
    left = max(frequency - own, 0.0)
    return impact - scale * left / (left + K1)


def _met(scores: Scores, facts: Sequence[Mapping[str, Any]]) -> list[Met]:
    """Facts with a word of the query in their name, categories by their last parts."""
    understanding = scores.understanding
    wanted = understanding.terms.keys()
    found = []
    for fact in facts:
        words = frozenset(understanding.origins[term] for term in fact["terms"] if term in wanted)
        if words:
            said = SAID.get(fact["predicate"]) or str(fact["attribute"]).replace("-", " ").replace("_", " ")
            name = str(fact["name"]).split(SEPARATOR)[-1] if fact["predicate"] == "in_category" else fact["name"]
            found.append(Met(fact["node_id"], f"{said}: {name}", words, tuple(fact["claims"] or ())))
    return found


def _close(cosine: float) -> str:
    return f"close in meaning (cosine {cosine:.2f})"
