"""New values of an attribute, found without a label: phrases that keep the company of the values that fields hold.

Distant supervision (Mintz et al. 2009) over phrases: those that stand in fields are right, all others mostly wrong.
Two views must agree (Blum and Mitchell 1998): the company that a phrase keeps, with the fact that a text seldom names
two values of one attribute; and what it means to an encoder. How sure a score makes is measured inside: a part of the
known values is hidden, found again, and compared. Knows phrases; does not know which attributes a shop has.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from extractors.phrases import Corpus, Phrase
from extractors.types import Floats
from extractors.values import is_same, plain

FOLDS = 3  # parts of the known values that are hidden in turn
KNOWN = 8  # values that an attribute must have to learn from
LITERAL = 60  # documents whose text says the value that their field holds
PRECISION = 0.85  # of what is found again: hiding leaves less to learn from, so that in use it is higher
ENOUGH = 20  # documents in which something must be found again
COMPANY, SENSE = 1.0, 0.5  # weights of the two views
SAMPLE = 1_500  # other phrases that the meaning of the known values is told from
SHORTLIST = 500  # new phrases whose meaning is asked for: those in the likeliest company
Values = Sequence[Collection[Phrase]]  # of each document
Meaning = Callable[[Sequence[Phrase]], Floats]  # unit rows
Canonical = Callable[[Phrase], Phrase]  # the shop's own word for a phrase, such as "red" for "maroon"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What one attribute's values are called. `found` maps new phrases to how often their like are right."""

    attribute: str
    known: Collection[Phrase]
    found: dict[Phrase, float]
    measured: dict[str, float]


def find_values(
    corpus: Corpus, attribute: str, values: Values, meaning: Meaning, canonical: Canonical = lambda phrase: phrase
) -> Lexicon | None:
    """Find new values of an attribute, None where fields hold too little to learn from."""
    known = _known(corpus, values)
    literal = sum(1 for at, held in enumerate(values) if any(_stands(corpus, at, one) for one in held))
    if len(known) < KNOWN or literal < LITERAL:
        return None
    tried = [row for fold in range(FOLDS) for row in _find_again(corpus, values, known, fold, meaning, canonical)]
    threshold, measured = _threshold(tried)
    if threshold is None:
        return Lexicon(attribute, known, {}, measured)
    score = _scores(corpus, known, meaning)
    sure = _Surety(tried)
    found = {corpus.phrases[int(at)]: sure(score[at]) for at in np.flatnonzero(score >= threshold)}
    named = {phrase: share for phrase, share in found.items() if not _is_named(phrase, attribute)}
    return Lexicon(attribute, known, named, measured)


def _parts(phrase: Phrase) -> Iterator[Phrase]:
    """Every run of a phrase's words, itself included: "women black" has a value in it where "black" is one."""
    for begin in range(len(phrase)):
        for end in range(begin + 1, len(phrase) + 1):
            yield phrase[begin:end]


def _is_named(phrase: Phrase, attribute: str) -> bool:
    """Whether a phrase names the attribute and is no value of it: "coloured" of "product_colour"."""
    words = [plain((word,)) for word in re.split(r"[\W_]+", attribute) if len(word) > 2]
    return any(plain((word,)).startswith(name) for word in phrase for name in words)


def _known(corpus: Corpus, values: Values) -> list[Phrase]:
    counts = Counter(value for held in values for value in held)
    return sorted(value for value in counts if value in corpus.places)


def _stands(corpus: Corpus, document: int, phrase: Phrase) -> bool:
    place = corpus.places.get(phrase)
    return place is not None and bool(np.isin(place, corpus.of(document), assume_unique=True))


def _scores(corpus: Corpus, known: Sequence[Phrase], meaning: Meaning) -> Floats:
    """How much like a value each new phrase is; -inf for those that are known, or have a known word in them."""
    places = np.array([corpus.places[one] for one in known])
    names = set(known)
    fresh = np.array([names.isdisjoint(_parts(phrase)) for phrase in corpus.phrases])
    score: Floats = np.full(len(corpus.phrases), -np.inf, np.float32)
    if not fresh.any():
        return score
    company = np.hstack([3 * corpus.company, _habits(corpus, places)])
    weights = np.log1p(corpus.counts)
    alike = _alike(company[places], weights[places], company[fresh], 1000.0)(company)
    alike[~fresh] = -np.inf
    asked = np.argsort(-alike, kind="stable")[: min(SHORTLIST, int(fresh.sum()))]
    others = np.random.default_rng(0).choice(np.flatnonzero(fresh), min(SAMPLE, int(fresh.sum())), replace=False)
    apart, middle = _centred(meaning([corpus.phrases[at] for at in others]))
    means = _alike(_centred(meaning(known), middle)[0], weights[places], apart, 300.0)
    senses = _centred(meaning([corpus.phrases[at] for at in asked]), middle)[0]
    score[asked] = COMPANY * alike[asked] + SENSE * means(senses)
    return score


def _centred(vectors: Floats, middle: Floats | None = None) -> tuple[Floats, Floats]:
    """Vectors from their middle, four long, and the middle: an encoder's vectors all point one way otherwise."""
    middle = vectors.mean(0) if middle is None else middle
    away = vectors - middle
    found: Floats = 4 * away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    return found, middle


def _alike(right: Floats, weights: Floats, wrong: Floats, strength: float) -> Callable[[Floats], Floats]:
    """How much a row is like `right` (which weigh half as much as all `wrong`), in deviations of `wrong`.

    A logistic regression; deviations, so that what is learnt from other rows can be compared.
    """
    from sklearn.linear_model import LogisticRegression

    rows = np.concatenate([right, wrong])
    shares = np.concatenate([weights * 0.5 * len(wrong) / max(weights.sum(), 1e-9), np.ones(len(wrong))])
    model = LogisticRegression(C=strength / len(rows), max_iter=500)
    model.fit(rows, np.arange(len(rows)) < len(right), sample_weight=shares)
    usual = model.decision_function(wrong)
    middle, width = usual.mean(), max(usual.std(), 1e-9)
    return lambda asked: ((model.decision_function(asked) - middle) / width).astype(np.float32)


def _habits(corpus: Corpus, places: np.ndarray) -> Floats:
    """Of each phrase: how often a known value stands in the same text, in how many texts it stands, how long it is."""
    known = corpus.stands[:, places]
    beside = np.asarray(known.sum(1)).ravel()
    shared = (corpus.stands.T @ (beside > 0).astype(np.float32)) / np.maximum(corpus.counts, 1)
    table = known.tocsc()
    for at, place in enumerate(places):
        documents = table.indices[table.indptr[at] : table.indptr[at + 1]]
        shared[place] = (beside[documents] > 1).mean() if len(documents) else 0.0
    lengths = np.array([len(phrase) for phrase in corpus.phrases])
    found: Floats = np.stack([3 * shared, np.log1p(corpus.counts) / 3, lengths], 1).astype(np.float32)
    return found


def _find_again(
    corpus: Corpus, values: Values, known: Sequence[Phrase], fold: int, meaning: Meaning, canonical: Canonical
) -> list[tuple[float, bool, Phrase]]:
    """Hide a part of the known values and look for them: (score, right, phrase) of each document's best new phrase."""
    hidden = {one for one in known if _fold_of(one) == fold}
    if not hidden or len(known) - len(hidden) < 2:
        return []
    score = _scores(corpus, [one for one in known if one not in hidden], meaning)
    found = []
    for at, held in enumerate(values):
        if hidden.isdisjoint(held):
            continue
        candidates = corpus.of(at)
        candidates = candidates[np.isfinite(score[candidates])]
        if len(candidates):
            best = candidates[score[candidates].argmax()]
            phrase = corpus.phrases[best]
            right = is_held(phrase, held, canonical)
            found.append((float(score[best]), right, phrase))
    return found


def is_held(phrase: Phrase, held: Collection[Phrase], canonical: Canonical) -> bool:
    """Whether a phrase, or the shop's own word for it, is one of the values that a field holds."""
    return any(is_same(one, other) for one in (phrase, canonical(phrase)) for other in held)


def _fold_of(phrase: Phrase) -> int:
    return blake2b(" ".join(phrase).encode(), digest_size=2).digest()[0] % FOLDS


def _threshold(tried: Sequence[tuple[float, bool, Phrase]]) -> tuple[float | None, dict[str, float]]:
    """The lowest score down to which PRECISION holds, with what it brings; None where it holds nowhere."""
    rows = np.array(sorted(((score, right) for score, right, _ in tried), reverse=True)).reshape(-1, 2)
    count = np.arange(1, len(rows) + 1)
    precision = rows[:, 1].cumsum() / count
    good = np.flatnonzero((precision >= PRECISION) & (count >= ENOUGH))
    if not len(good):
        return None, {"precision": round(float(precision.max(initial=0.0)), 4), "share": 0.0}
    at = good[-1]
    measured = {"precision": round(float(precision[at]), 4), "share": round(float(count[at] / len(rows)), 4)}
    return float(rows[at, 0]), measured


class _Surety:
    """How often phrases of a score were right when they were found again, by isotonic regression."""

    def __init__(self, tried: Sequence[tuple[float, bool, Phrase]]) -> None:
        from sklearn.isotonic import IsotonicRegression

        self._curve = IsotonicRegression(y_min=0.0, y_max=0.99, out_of_bounds="clip")
        self._curve.fit([score for score, _, _ in tried], [float(right) for _, right, _ in tried])

    def __call__(self, score: float) -> float:
        return round(float(self._curve.predict([score])[0]), 4)
