"""The scores of a model as a table: of all, of unseen texts, by label. Knows scores as an evaluation gives them."""

from collections.abc import Mapping
from typing import Any

from graphsvc.commands.terminal import out, show
from graphsvc.models.card import shown

FIGURES = ("f1", "precision", "recall")
PARTS = ("unseen", "end_to_end")


def show_scores(found: Mapping[str, Any]) -> None:
    """Print them. Where no text was unseen none of their figures says anything."""
    rows: list[tuple[str, Mapping[str, Any]]] = [("all", found)]
    rows += [(name.replace("_", " "), found[name]) for name in PARTS if name in found]
    rows += found["per_label"].items()
    show(("", "F1", *FIGURES[1:]), [(title, *_figures(row)) for title, row in rows])
    if "calibration_error" in found:
        out.print(f"Calibration error: {shown(found['calibration_error'])}", markup=False)


def _figures(row: Mapping[str, Any]) -> list[str]:
    none = row.get("texts") == 0
    return ["none" if none else f"{row[name]:.4f}" for name in FIGURES]
