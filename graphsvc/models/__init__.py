"""Models as an asset: kept by their digest, named by the write log, promoted through a gate, rolled back in one step.

Knows folders of files, cards and scores; does not know what a model does or how it was trained.
"""

from graphsvc.models.card import DataPart, ModelCard
from graphsvc.models.gate import Check, Limits, Verdict, judge
from graphsvc.models.ledger import CANDIDATE, PRODUCTION, Naming
from graphsvc.models.registry import Registry

__all__ = [
    "CANDIDATE",
    "PRODUCTION",
    "Check",
    "DataPart",
    "Limits",
    "ModelCard",
    "Naming",
    "Registry",
    "Verdict",
    "judge",
]
