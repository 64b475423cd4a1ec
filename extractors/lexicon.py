"""New values of an attribute, found without a label: phrases that keep the company of the values that fields hold.

Distant supervision (Mintz et al. 2009) over phrases: those that stand in fields are right, all others mostly wrong.
Two views must agree (Blum and Mitchell 1998): the company that a phrase keeps, with the fact that a text seldom names
two values of one attribute; and what it means to an encoder. How sure a score makes is measured inside: a part of the
known values is hidden, found again, and compared. A value is known by each word that the shop's vocabulary has for it
and that its fields confirm. Knows phrases; does not know which attributes a shop has.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from extractors.phrases import Corpus, Phrase
from extractors.types import Floats
from extractors.units import is_han
from extractors.values import Canonical, is_held, plain

FOLDS = 3  # parts of the known values that are hidden in turn
KNOWN = 8  # values that an attribute must have to learn from
LITERAL = 120  # documents whose text says the value that their field holds; fewer cannot tell what is no value
PRECISION = 0.85  # of what is found again: hiding leaves less to learn from, so that in use it is higher
ENOUGH = 20  # documents in which something must be found again
COMPANY, SENSE = 1.0, 0.5  # weights of the two views
SAMPLE = 1_500  # other phrases that the meaning of the known values is told from
SHORTLIST = 500  # new phrases whose meaning is asked for: those in the likeliest company
Values = Sequence[Collection[Phrase]]  # of each document
Meaning = Callable[[Sequence[Phrase]], Floats]  # unit rows
BESIDE = 5  # filled fields that must speak before a phrase is refused for standing beside their values
TRUST = 0.7  # share of an alias's places that fields confirm, from which it is known
LETTER = 0.8  # the same of a single Chinese character, which means many things
PRIOR = 2.0  # places that the other aliases of an attribute count as, where an alias stands in few


@dataclass(frozen=True, slots=True)
class Named:
    """What a known phrase means: a value as fields hold it, and how often fields agree (1 for the value itself)."""

    value: Phrase
    share: float = 1.0


Known = Mapping[Phrase, Named]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What one attribute's values are called. `found` maps new phrases to how often their like are right."""

    attribute: str
    known: Known
    found: dict[Phrase, float]
    measured: dict[str, float]


def find_values(
    corpus: Corpus, attribute: str, values: Values, named: Known, meaning: Meaning,
    canonical: Canonical = lambda phrase: phrase,
) -> Lexicon:  # fmt: skip
    """Find new values of an attribute of which fields hold enough; `named` are those that `find_known` finds."""
    literal, known = _literal(corpus, values, named), list(named)
    tried = [row for fold in range(FOLDS) for row in _find_again(corpus, values, known, fold, meaning, canonical)]
    threshold, measured = _threshold(tried)
    if threshold is None:
        return Lexicon(attribute, named, {}, measured)
    score = _scores(corpus, known, meaning)
    likely = {corpus.phrases[int(at)]: float(score[at]) for at in np.flatnonzero(score >= threshold)}
    refused = {one for one in aliases_in(likely, _spoken(values), canonical) if _is_letter(one)}
    sure = _Surety(tried)
    refused |= {one for one in likely if _stands_beside(corpus, values, one, literal) or _is_named(one, attribute)}
    kept = [one for one in shortest(likely) if one not in refused]
    found = {phrase: sure(likely[phrase]) for phrase in kept}
    return Lexicon(attribute, named, found, measured)


def holds_enough(corpus: Corpus, values: Values, named: Known, canonical: Canonical) -> bool:
    """Whether fields hold enough to learn new values from."""
    return len(_groups(named, canonical)) >= KNOWN and bool(_literal(corpus, values, named).sum() >= LITERAL)


def find_known(corpus: Corpus, values: Values, canonical: Canonical) -> dict[Phrase, Named]:
    """The values that fields hold and texts say, and their aliases: other words for them in the shop's vocabulary."""
    spoken = _spoken(values)
    known = {value: Named(value) for value in spoken if value in corpus.places}
    aliases = aliases_in(corpus.phrases, spoken, canonical)
    known |= _confirmed(corpus, values, canonical, known, aliases) if aliases else {}
    return dict(sorted(known.items()))


def _spoken(values: Values) -> set[Phrase]:
    return {value for held in values for value in held}


def aliases_in(phrases: Iterable[Phrase], spoken: Collection[Phrase], canonical: Canonical) -> dict[Phrase, Phrase]:
    """Of these phrases those that are another word for one of the values that are `spoken`: "红色" for "red"."""
    own = ((phrase, canonical(phrase)) for phrase in phrases if phrase not in spoken)
    return {phrase: value for phrase, value in own if value != phrase and value in spoken}


def _confirmed(
    corpus: Corpus, values: Values, canonical: Canonical, known: Collection[Phrase], aliases: Mapping[Phrase, Phrase]
) -> dict[Phrase, Named]:
    """The aliases that fields agree with: "coffee" is brown, but not before "machine", and "粉" mostly powder.

    Empty fields speak too: if the products of an alias have them more often than others, it is mostly no value there
    (Elkan and Noto 2008: what is labelled is labelled by chance).
    """
    names = [*aliases, *known]
    columns = corpus.stands[:, [corpus.places[phrase] for phrase in names]].tocsc()
    count = np.diff(columns.indptr).astype(float)
    right, told = np.zeros((2, len(names)))
    for at, phrase in enumerate(names):
        held = [values[document] for document in columns.indices[columns.indptr[at] : columns.indptr[at + 1]]]
        told[at] = sum(map(bool, held))
        right[at] = sum(is_held(phrase, one, canonical) for one in held) if at < len(aliases) else 0
    filled = _middle(told[told > 0] / count[told > 0], count[told > 0])
    right, told, count = right[: len(aliases)], told[: len(aliases)], count[: len(aliases)]
    letters = np.array([_is_letter(phrase) for phrase in aliases])
    usual = ((right / np.maximum(told, 1)).sum() + 1) / ((told > 0).sum() + 2)
    prior = PRIOR * np.where(letters, 0.5, usual)
    chance = np.where(letters, 0, np.sqrt(filled * (1 - filled) * count))
    expected = right * (1 - filled) / filled + chance + prior
    shares = np.minimum((right + prior) / (told + PRIOR), np.minimum(1, expected / (count - told + PRIOR)))
    rows = zip(aliases.items(), shares, shares >= np.where(letters, LETTER, TRUST), strict=True)
    return {phrase: Named(value, round(float(share), 4)) for (phrase, value), share, trusted in rows if trusted}


def _middle(shares: np.ndarray, weights: np.ndarray) -> float:
    """The weighted median; 1 of nothing."""
    order = np.argsort(shares)
    total = weights[order].cumsum()
    return float(shares[order][np.searchsorted(total, total[-1] / 2)]) if len(order) else 1.0


def _is_letter(phrase: Phrase) -> bool:
    """Whether it is a single Chinese character, to be confirmed by itself: the others say nothing of it."""
    return len(phrase) == 1 and is_han(phrase[0])


def _groups(known: Iterable[Phrase], canonical: Canonical) -> set[Phrase]:
    """What phrases are called by the shop: all words for one value are one."""
    return {canonical(phrase) for phrase in known}


def _literal(corpus: Corpus, values: Values, known: Known) -> np.ndarray:
    """Whether each document's text says what its field holds, by any word for it: bool[documents]."""
    means = {corpus.places[phrase]: named.value for phrase, named in known.items()}
    said = (bool(held) and any(means.get(int(p)) in held for p in corpus.of(at)) for at, held in enumerate(values))
    return np.fromiter(said, bool, len(values))


def _stands_beside(corpus: Corpus, values: Values, phrase: Phrase, literal: np.ndarray) -> bool:
    """Whether a phrase mostly stands in texts that say their field's value in other words: then it is none itself.

    A value that no field has stands where fields are empty; what stands beside it in others is a second colour.
    """
    places = corpus.stands[:, [corpus.places[phrase]]].tocoo().row
    filled = np.array([bool(values[document]) for document in places])
    usual = sum(map(bool, values)) / len(values)
    if filled.sum() < BESIDE or filled.mean() < usual / 2:
        return False
    return bool(literal[places[filled]].mean() > 0.5)


def shortest(likely: Mapping[Phrase, float]) -> Iterator[Phrase]:
    """Leave out phrases that hold a likelier one: "mauve velvet" is no value where "mauve" is one."""
    for phrase, score in likely.items():
        if all(likely.get(part, -np.inf) < score for part in _parts(phrase) if part != phrase):
            yield phrase


def _parts(phrase: Phrase) -> Iterator[Phrase]:
    """Every run of a phrase's words, itself included: "women black" has a value in it where "black" is one."""
    for begin in range(len(phrase)):
        for end in range(begin + 1, len(phrase) + 1):
            yield phrase[begin:end]


def _is_named(phrase: Phrase, attribute: str) -> bool:
    """Whether a phrase names the attribute and is no value of it: "coloured" of "product_colour"."""
    words = [plain((word,)) for word in re.split(r"[\W_]+", attribute) if len(word) > 2]
    return any(plain((word,)).startswith(name) for word in phrase for name in words)


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
    """Hide a part of the values, by all names, and look for them: (score, right, phrase) of a document's best."""
    hidden = {one for one in _groups(known, canonical) if _fold_of(one) == fold}
    left = [one for one in known if canonical(one) not in hidden]
    if not hidden or len(left) < 2:
        return []
    score = _scores(corpus, left, meaning)
    found = []
    for at, held in enumerate(values):
        if hidden.isdisjoint(map(canonical, held)):
            continue
        candidates = corpus.of(at)
        candidates = candidates[np.isfinite(score[candidates])]
        if len(candidates):
            best = candidates[score[candidates].argmax()]
            phrase = corpus.phrases[best]
            right = is_held(phrase, held, canonical)
            found.append((float(score[best]), right, phrase))
    return found


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
