"""The next basket of the grocer's households: the blend that serves against what each bought most, NDCG@10.

The last day of each household is the test: nothing of it is learnt, no weight is chosen on it. What may come again is
not held back here, for both sides alike.
"""

import sys
import time

import numpy as np
from numpy.typing import NDArray

from graphsvc.recommend.actions import BUY, DAY
from graphsvc.recommend.again import Again
from graphsvc.recommend.behaviour import Behaviour, fit_blend
from graphsvc.recommend.blend import AGAIN
from graphsvc.recommend.content import Content
from graphsvc.recommend.contract import Interactions
from graphsvc.recommend.sequences import Numbers, Sequences
from perf._demo import loaded
from perf._verdicts import said

DEPTH, BOUND, FEWEST = 10, 1.0, 20


def main() -> int:
    base = Behaviour.open(loaded() / "snapshots" / "behaviour")
    past, baskets = split(base)
    content = base.blend.members["content"]
    assert isinstance(content, Content)
    start = time.process_time()
    blend = fit_blend(Interactions(past, len(base.ids), content.items.targets, len(base.nodes)))
    cpu = (time.process_time() - start) * 1000
    chosen = np.flatnonzero((past.lengths >= FEWEST) & (baskets.lengths > 0))
    histories, wanted = past.rows(chosen), baskets.rows(chosen)
    without = dict(blend.weights)
    found = {"blend": ndcg(blend.score(histories, DEPTH, seen=True)[0], wanted)}
    most = Again(len(base.ids), decay=1.0)
    again = np.mean([np.isin(wanted.row(at), histories.row(at)).mean() for at in range(len(chosen))])
    print(f"{again:.0%} of a basket was bought before, on the average")
    found["bought most"] = ndcg(most.score(histories, DEPTH, seen=True)[0], wanted)
    blend.weights = without | {AGAIN: 0.0}
    found["blend without the own past"] = ndcg(blend.score(histories, DEPTH, seen=True)[0], wanted)
    for name, value in found.items():
        print(f"{name}: NDCG@10 {value:.4f}")
    print(f"{len(chosen)} households; weights {without}; fitted and tuned in {cpu:.0f} CPU ms")
    ratio = found["blend"] / found["bought most"]
    held = ratio >= BOUND
    print(f"blend / what each bought most = {ratio:.3f}, bound {BOUND}: {said(held)}")
    return 0 if held else 1


def split(base: Behaviour) -> tuple[Sequences, Sequences]:
    """Each shopper's purchases before the last day of buying, and the distinct ones of that day."""
    history = base.histories
    bought = base.kinds == BUY
    keys, items, days = history.keys[bought], history.items[bought], base.minutes[bought] // DAY
    last = np.zeros(len(history), np.int64)
    np.maximum.at(last, keys, days)
    shoppers = np.array([name.startswith("shopper:") for name in base.owners])
    before = (days < last[keys]) & shoppers[keys]
    on_it = (days == last[keys]) & shoppers[keys]
    past = Sequences.grouped(keys[before], items[before], len(history))
    return past, Sequences.grouped(keys[on_it], items[on_it], len(history)).distinct()


def ndcg(ids: Numbers, wanted: Sequences) -> float:
    """NDCG@10 with every item of the basket relevant."""
    gains = 1 / np.log2(2 + np.arange(DEPTH))
    values: list[float] = []
    for row, ranked in enumerate(ids):
        basket = wanted.row(row)
        hits: NDArray[np.bool_] = np.isin(ranked, basket)
        values.append(float((hits * gains).sum() / gains[: min(len(basket), DEPTH)].sum()))
    return float(np.mean(values))


if __name__ == "__main__":
    sys.exit(main())
