"""What labels are made of while they are read: items, and rows that cannot be read.

Knows what a sound mention is; does not know any format.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from extractors.types import LabelledPair, LabelledText, Mention
from graphsvc.errors import LabelError

Item = LabelledText | LabelledPair
ENTITY = "entity"  # the label of what a data set relates without saying what it is
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be read: where it stands ("train.txt:12"), what is wrong with it and what to do."""

    origin: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.what}"


Read = Callable[[str, str], Iterator[Item | Problem]]  # content and name of a file


def each(
    rows: Iterable[tuple[int, Row | LabelError]], file: str, read: Callable[[Row, str], Iterable[Item]]
) -> Iterator[Item | Problem]:
    """The items of numbered rows. A row of which anything is wrong is a problem and gives no item."""
    for number, row in rows:
        origin = f"{file}:{number}"
        try:
            if isinstance(row, LabelError):
                raise row
            yield from list(read(row, origin))
        except LabelError as error:
            yield Problem(origin, error.message, error.next_step)


def lesson(text: str, mentions: Iterable[Mention], origin: str, context: object = "") -> LabelledText:
    """A text with its mentions in order of place, each once."""
    ordered = tuple(sorted(set(mentions), key=lambda m: (m.start, m.end, m.label)))
    return LabelledText(text, ordered, origin, context if isinstance(context, str) else "")


def sound_text(value: object) -> str:
    """A text that can be kept. Raises LabelError."""
    if not isinstance(value, str) or not value:
        raise LabelError("There is no text.", "Give the text, or take the row out.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise LabelError(
            f"Character {error.start} of the text is half a character.", "Write the text anew, as UTF-8."
        ) from error
    return value


def sound_mention(text: str, start: object, end: object, label: object, confidence: object = 1.0) -> Mention:
    """A mention that lies within its text. Raises LabelError."""
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise LabelError(
            f"A mention from {start} to {end} does not lie within the text of {len(text)} characters.",
            "Count characters from 0; the end is the first one after the mention.",
        )
    if not text[start:end].strip():
        raise LabelError(f"A mention from {start} to {end} is nothing but white space.", "Take it out, or move it.")
    if not isinstance(label, str) or not label.strip():
        raise LabelError(f"The mention “{text[start:end]}” has no label.", "Say what it is.")
    if type(confidence) not in (int, float) or not 0 <= float(confidence) <= 1:  # type: ignore[arg-type]
        raise LabelError(f"The confidence of “{text[start:end]}” is {confidence}.", "Give a number from 0 to 1.")
    return Mention(start, end, label, float(confidence))  # type: ignore[arg-type]


def place_of(mention: Mention) -> tuple[int, int, str]:
    """Where a mention stands and what it is, without how sure that is."""
    return mention.start, mention.end, mention.label
