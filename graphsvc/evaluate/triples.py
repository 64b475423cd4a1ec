"""Relations from texts alone: mentions are found first, then related, and whole triples are compared.

Knows mentions, relations and the models that find them; does not know how long that may take.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

from extractors.bio import without_overlaps
from extractors.relations import NONE, Relations
from extractors.types import LabelledPair, LabelledText, Mention
from graphsvc.train.plan import OWN, Plan

Progress = Callable[[str, int, int], None]
Place = tuple[int, int]
Triple = tuple[str, Place, Place, str]
FORWARD, BACKWARD = "(e1,e2)", "(e2,e1)"


def judge_triples(
    train: Sequence[LabelledPair],
    test: Sequence[LabelledPair],
    relations: Relations,
    plan: Plan,
    folder: Path,
    cache: Path,
    progress: Progress = lambda step, done, of: None,
) -> dict[str, float]:
    """Micro figures of (head, tail, relation) in the test's texts; a tagger is taught by the training's mentions,
    by a plan of relations but for what is only good for these.
    """
    from extractors.tagger import Tagger
    from graphsvc.train.mentions import train_mentions

    own = replace(plan, **{name: getattr(Plan(), name) for name in OWN["relations"]})
    train_mentions(texts_of(train), own, folder, cache, progress)
    texts = [one.text for one in texts_of(test)]
    directed = is_directed(train)
    pairs = [
        (text, head, tail)
        for text, mentions in zip(texts, Tagger(folder).find(texts), strict=True)
        for head, tail in pairs_of(mentions, directed)
    ]
    said = zip(pairs, relations.relate(pairs), strict=True)
    return figures(
        set(triples_of((one.text, one.head, one.tail, one.relation) for one in test)),
        set(triples_of((*pair, one.relation) for pair, one in said)),
    )


def is_directed(pairs: Iterable[LabelledPair]) -> bool:
    """Whether relations name their direction, as those of SemEval do."""
    return any(pair.relation.endswith((FORWARD, BACKWARD)) for pair in pairs)


def texts_of(pairs: Iterable[LabelledPair]) -> list[LabelledText]:
    """Each text once, with the mentions of all its pairs that do not overlap."""
    found: dict[str, set[Mention]] = {}
    for pair in pairs:
        found.setdefault(pair.text, set()).update((pair.head, pair.tail))
    return [LabelledText(text, tuple(without_overlaps(mentions))) for text, mentions in found.items()]


def pairs_of(mentions: Sequence[Mention], directed: bool) -> Iterator[tuple[Mention, Mention]]:
    """Every ordered pair; where the relation names its direction, each pair once and in order of place."""
    for head, tail in permutations(mentions, 2):
        if not directed or head.start < tail.start:
            yield head, tail


def triples_of(related: Iterable[tuple[str, Mention, Mention, str]]) -> Iterator[Triple]:
    """What is related, NONE left out; a relation that names its direction is turned forward."""
    for text, head, tail, relation in related:
        first, second = (head.start, head.end), (tail.start, tail.end)
        if relation.endswith(BACKWARD):
            yield text, second, first, relation.removesuffix(BACKWARD)
        elif relation != NONE:
            yield text, first, second, relation.removesuffix(FORWARD)


def figures(wanted: set[Triple], said: set[Triple]) -> dict[str, float]:
    """F1, precision and recall of sets."""
    right = len(wanted & said)
    return {
        "f1": round(2 * right / (len(wanted) + len(said)), 4) if right else 0.0,
        "precision": round(right / len(said), 4) if said else 0.0,
        "recall": round(right / len(wanted), 4) if wanted else 0.0,
    }
