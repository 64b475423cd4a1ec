"""What a validation of a tagger measures: span F1 under strict IOB2, by seqeval. Knows emissions and tags."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from extractors.chain_decoding import best_path
from extractors.tagger_network import TaggerNetwork
from graphsvc.train.batches import IGNORED


class SpanF1:
    """Measures what a network predicts as it stands at that moment, its chain included."""

    def __init__(self, network: TaggerNetwork, tags: Sequence[str]) -> None:
        self._network, self._tags = network, tags

    def __call__(self, prediction: Any) -> dict[str, float]:
        """{"f1": …} of transformers' EvalPrediction. seqeval would count an illegal I as right if not strict."""
        right, said = [], []
        for emissions, labels in zip(prediction.predictions, prediction.label_ids, strict=True):
            live = labels != IGNORED
            right.append([self._tags[at] for at in labels[live]])
            said.append([self._tags[at] for at in self._path(emissions[live])])
        return {"f1": float(f1_score(right, said, mode="strict", scheme=IOB2, zero_division=0))}

    def _path(self, emissions: Any) -> Sequence[int]:
        chain = self._network.chain
        if chain is None:
            return [int(at) for at in np.argmax(emissions, 1)]
        return best_path(
            emissions, *(part.detach().cpu().numpy() for part in (chain.between(), chain.first(), chain.end))
        )
