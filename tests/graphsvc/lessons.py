"""Small files of lessons that a tiny network can learn: what is first in a text has a colour, what is made of what."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.graphsvc.label_files import rows, write

COLOURS = ["red", "blue", "black", "white"]
THINGS = ["pan", "lamp", "mug", "shirt", "rug"]


def spans(colours: Sequence[str] = COLOURS, others: Sequence[str] = THINGS) -> list[dict[str, Any]]:
    """Texts with one colour each."""
    return [
        {"text": f"{colour} {thing} for a {other}", "spans": [{"start": 0, "end": len(colour), "label": "colour"}]}
        for colour in colours for thing in THINGS for other in others
    ]  # fmt: skip


def write_spans(path: Path, colours: Sequence[str] = COLOURS, others: Sequence[str] = THINGS) -> Path:
    return write(path, rows(*spans(colours, others)))


def write_semeval(path: Path, others: Sequence[str] = THINGS) -> Path:
    """What is for a thing belongs to it; a colour does not say where it belongs."""
    told = [
        text
        for colour in COLOURS for thing in THINGS for other in others
        for text in (
            (f"{colour} <e1>{thing}</e1> for a <e2>{other}</e2>", "Component-Whole(e1,e2)"),
            (f"<e1>{colour}</e1> {other} a <e2>{thing}</e2>", "Other"),
            (f"a {colour} <e1>{thing}</e1> ? <e2>{other}</e2>", "Component-Whole(e2,e1)"),
        )
    ]  # fmt: skip
    return write(path, "".join(f'{at}\t"{text}"\n{relation}\nComment:\n\n' for at, (text, relation) in enumerate(told)))
