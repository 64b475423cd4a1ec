"""`evaluate gain`: what a catalogue without a single label gains, judged by values that its own fields hold.

Of each attribute a part of the value types is hidden: every field of every product that names one is emptied, so that
no dictionary has them; words that the shop's vocabulary takes for one value are hidden together. Then the product
learns as it does in an import, and what it reads in the texts of those products is compared with what the fields held.
Spellings and fragments of a value count as it, and so does a more exact one.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from hashlib import sha1
from statistics import mean, pstdev
from typing import Any

from extractors import Claim, Document, Extractor, load_extractor
from extractors.phrases import Phrase, phrases_of
from extractors.values import is_same, phrases_in
from extractors.words import words_of

HIDDEN = 30  # percent of the types of values
FEWEST = 30  # products whose text says a hidden value, from which an attribute is judged
NAMES = ("brand", "manufacturer")
Learn = Callable[[Sequence[Document]], Extractor]
Canonical = Callable[[Phrase], Phrase]
Progress = Callable[[str, int, int], None]


def evaluate_gain(
    documents: Sequence[Document],
    learn: Learn,
    canonical: Canonical,
    *,
    seeds: int = 1,
    progress: Progress = lambda step, done, of: None,
    gain: Callable[[Document, Claim], None] = lambda document, claim: None,
) -> dict[str, Any]:
    """Hide, learn, find again: once for each seed. Figures are of products whose field was hidden.

    `gain` is told each value that a product gains, nothing hidden.
    """
    runs = []
    for seed in range(1, seeds + 1):
        progress("hiding and learning", seed - 1, seeds)
        runs.append(_run(documents, learn, canonical, seed))
    progress("hiding and learning", seeds, seeds)
    gained: Counter[str] = Counter()
    for document, claims in zip(documents, learn(documents).extract(documents), strict=True):
        for claim in claims:
            gained[claim.qualifier] += 1
            gain(document, claim)
    return _summary(documents, runs, gained)


def _run(documents: Sequence[Document], learn: Learn, canonical: Canonical, seed: int) -> dict[str, Any]:
    hidden, emptied = hide_values(documents, canonical, seed)
    began = time.process_time()
    extractors = {"distant": learn(emptied), "gazetteer": load_extractor("gazetteer", emptied)}
    learnt = time.process_time()
    found = {name: extractor.extract(emptied) for name, extractor in extractors.items()}
    judged = {
        attribute: {name: _judge(documents, attribute, values, said, canonical) for name, said in found.items()}
        for attribute, values in hidden.items()
    }
    kept = {name: row for name, row in judged.items() if row["distant"]["literal"] >= FEWEST}
    return {"attributes": kept, "cpu": (learnt - began, time.process_time() - learnt)}


def hide_values(
    documents: Sequence[Document], canonical: Canonical, seed: int
) -> tuple[dict[str, set[Phrase]], list[Document]]:
    """The types of values that are hidden of each attribute, and the documents without the fields that name one."""
    hidden = _hidden(documents, canonical, seed)
    return hidden, [_emptied(document, hidden) for document in documents]


def _hidden(documents: Sequence[Document], canonical: Canonical, seed: int) -> dict[str, set[Phrase]]:
    """The types that are hidden of each attribute, by a digest of the shop's own word for the value."""
    types: dict[str, set[Phrase]] = {}
    for document in documents:
        for name, values in document.fields.items():
            if name not in NAMES:
                types.setdefault(name, set()).update(phrase for value in values for phrase in phrases_in(value))
    return {name: {one for one in found if _digest(canonical(one), seed) < HIDDEN} for name, found in types.items()}


def _digest(phrase: Phrase, seed: int) -> int:
    return int(sha1(f"{seed} {' '.join(phrase)}".encode(), usedforsecurity=False).hexdigest(), 16) % 100


def _emptied(document: Document, hidden: Mapping[str, Collection[Phrase]]) -> Document:
    kept = {
        name: values
        for name, values in document.fields.items()
        if not any(phrase in hidden.get(name, ()) for value in values for phrase in phrases_in(value))
    }
    return replace(document, fields=kept)


def _judge(
    documents: Sequence[Document],
    attribute: str,
    hidden: Collection[Phrase],
    found: Sequence[Sequence[Any]],
    canonical: Canonical,
) -> dict[str, int]:
    """Counts over the products whose field was hidden: those whose text says it, what was said, what was right."""
    counts = {"products": 0, "literal": 0, "said": 0, "right": 0, "right_literal": 0}
    for document, claims in zip(documents, found, strict=True):
        held = [phrase for value in document.fields.get(attribute, ()) for phrase in phrases_in(value)]
        gone = [phrase for phrase in held if phrase in hidden]
        if not gone:
            continue
        literal = _says(document, gone, canonical)
        counts["products"] += 1
        counts["literal"] += literal
        said = [claim for claim in claims if claim.qualifier == attribute]
        right = [claim for claim in said if _is_right(claim, held, canonical)]
        counts["said"] += len(said)
        counts["right"] += len(right)
        counts["right_literal"] += bool(right) and literal
    return counts


def _is_right(claim: Any, held: Sequence[Phrase], canonical: Canonical) -> bool:
    said = {phrase for text in (claim.object, claim.quote) for phrase in phrases_in(text)}
    names = [one for phrase in said for one in (phrase, canonical(phrase))]
    return any(is_same(one, other) or is_same(other, one) for one in names for other in held)


def _says(document: Document, gone: Sequence[Phrase], canonical: Canonical) -> bool:
    """Whether a text has one of these values, or a word that is one of them to the shop ("红色" for "red")."""
    words = [word.text for word in words_of(f"{document.title} ¶ {document.text}")]
    whole = any(tuple(words[at : at + len(one)]) == one for one in gone for at in range(len(words) - len(one) + 1))
    return whole or any(canonical(phrase) in gone for _, phrase in phrases_of(words))


def _figures(rows: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """Precision of what was said, recall of the literal values; means over seeds weigh each product alike."""
    total = Counter[str]()
    for row in rows:
        total.update(row)
    precision = total["right"] / total["said"] if total["said"] else 0.0
    recall = total["right_literal"] / total["literal"] if total["literal"] else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {
        "precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4),
        "products": total["products"], "literal": total["literal"], "said": total["said"],
    }  # fmt: skip


def _summary(documents: Sequence[Document], runs: Sequence[Mapping[str, Any]], gained: Counter[str]) -> dict[str, Any]:
    names = sorted({name for run in runs for name in run["attributes"]})
    rows = {name: [run["attributes"][name] for run in runs if name in run["attributes"]] for name in names}
    whole = [row["distant"] for name in names for row in rows[name]]
    figures = {name: _figures(whole)[name] for name in ("f1", "precision", "recall")}
    by_seed = [_figures([row["distant"] for row in run["attributes"].values()])["f1"] for run in runs]
    predicting = mean(run["cpu"][1] for run in runs)
    return {
        "task": "gain",
        "train": len(documents),
        "test": sum(row["products"] for row in whole),
        **figures,
        "unseen": figures,  # every value that is judged was hidden wherever it stands in a field
        "per_label": {
            name: _figures([row["distant"] for row in rows[name]])
            | {"gazetteer": _figures([row["gazetteer"] for row in rows[name]])}
            for name in names
        },
        "gained_products": dict(gained.most_common()),
        "extractor": "distant",
        "seeds": len(runs),
        "spread": round(pstdev(by_seed), 4),
        "cpu_seconds": {"train": round(mean(run["cpu"][0] for run in runs), 1), "predict": round(predicting, 2)},
        "per_second": round(len(documents) / predicting, 1) if predicting else None,
    }
