"""How well the recommenders foresee the last item of each user: strict leave-one-out over all items, as published.

The models are fitted on each user's sequence without its last two items; the history is all but the last; the last is
ranked among all items of the file, those of the history masked (a last item that the history holds is a miss). The
blend's weights are chosen on the last but one, with the history before it. Nothing that is judged is ever learnt from.
Runs the models and the blend that serve, in blocks of users: the engine ranks as this blend does (a test shows it).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphsvc.errors import SourceError
from graphsvc.evaluate.sequence_files import read_attributes, read_sequences
from graphsvc.recommend.blend import AGAIN, Blend
from graphsvc.recommend.contract import Interactions
from graphsvc.recommend.sequences import Numbers, Sequences

DEPTH = 10
SHORTEST = 3  # items of a user that is judged: one known, one for validation, one to foresee
BLOCK = 4096  # users that are scored at once
Progress = Callable[[str], None]


def evaluate_sequences(
    sequences: str, attributes: str | None = None, progress: Progress = lambda stage: None
) -> dict[str, Any]:
    """Judge every recommender on a file of sequences and, if given, one of attributes (see sequence_files).

    Returns {"users": judged ones, "short": those with too few items, "items": all items, "systems": {name: {"hr@10": …,
    "ndcg@10": …}}}, the last system being "blend". Raises SourceError for files that cannot be read, or when no user is
    long enough.
    """
    lists = read_sequences(sequences)
    known = read_attributes(attributes) if attributes is not None else {}
    items = {item: number for number, item in enumerate(dict.fromkeys(i for line in lists.values() for i in line))}
    users = Sequences.of([items[item] for item in line] for line in lists.values())
    judged = users.rows(np.flatnonzero(users.lengths >= SHORTEST))
    if not len(judged):
        raise SourceError(f"No user has {SHORTEST} items.", "Give sequences that are long enough to leave two out.")
    progress("fitting")
    data = _training(users, items, known)
    blend = Blend()
    blend.fit(data)
    blend.tune(judged.without_last(2), judged.from_end(2))
    systems: dict[str, Any] = {}
    histories, targets = judged.without_last(1), judged.from_end(1)
    members = [(name, model) for name, model in blend.members.items() if name != AGAIN]  # every target is a new item
    for name, model in [*members, ("blend", blend)]:
        progress(name)
        ids = [model.score(histories.rows(rows), DEPTH)[0] for rows in _blocks(len(judged))]
        systems[name] = _metrics(np.concatenate(ids), targets)
    order = ["popular", *(name for name in systems if name not in ("popular", "blend")), "blend"]
    ranked = {name: systems[name] for name in order}
    return {"users": len(judged), "short": len(users) - len(judged), "items": len(items), "systems": ranked}


def _training(users: Sequences, items: Mapping[str, int], known: Mapping[str, list[str]]) -> Interactions:
    """What may be learnt from: sequences without the last two items, attributes of all items."""
    names: dict[str, int] = {}
    features = [[names.setdefault(word, len(names)) for word in known.get(item, ())] for item in items]
    return Interactions(users.without_last(2), len(items), Sequences.of(features), len(names))


def _blocks(count: int) -> list[NDArray[np.int64]]:
    return [np.arange(first, min(first + BLOCK, count)) for first in range(0, count, BLOCK)]


def _metrics(ids: Numbers, targets: Numbers) -> dict[str, float]:
    """Hit rate and NDCG at DEPTH with one relevant item a user."""
    hits = ids[:, :DEPTH] == targets[:, None]
    gains = hits / np.log2(2 + np.arange(DEPTH))
    return {f"hr@{DEPTH}": float(hits.any(1).mean()), f"ndcg@{DEPTH}": float(gains.sum(1).mean())}
