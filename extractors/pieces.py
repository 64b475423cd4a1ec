"""Units of a text as the pieces that an encoder was trained on.

A Chinese character is a piece of its own, and beside it stands the piece that covers it where the encoder would have
read the text by itself ("红色"): both embeddings are added. Other units are cut as the tokenizer cuts them, and the
first piece of a unit speaks for it. Knows a tokenizer; runs no model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractors.errors import DamagedModel
from extractors.units import Unit, encodable, is_han, units_of

NO_COVER = -1
LONGEST_CONTEXT = 16  # pieces
LONGEST_UNIT = 64  # pieces: of a longer one, such as a key in base 64, only the beginning is read


@dataclass(frozen=True, slots=True)
class PieceText:
    """`ids` with the special pieces at both ends, `covers` beside them, `heads`: the place of each unit's first."""

    units: Sequence[Unit]
    ids: Sequence[int]
    covers: Sequence[int]
    heads: Sequence[int]


@dataclass(slots=True)
class PieceReader:
    """Reads texts by a `tokenizers.Tokenizer`; `first` and `last` are the pieces that open and close a text."""

    tokenizer: Any
    first: int
    last: int
    _cut: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def open(cls, file: Path, first: int, last: int) -> "PieceReader":
        """Read texts by a tokenizer's file. Raises DamagedModel."""
        from tokenizers import Tokenizer

        try:
            return cls(Tokenizer.from_file(str(file)), first, last)
        except Exception as error:  # tokenizers raises no class of its own
            raise DamagedModel(f"{file} cannot be opened: {error}") from error

    def read(self, text: str, context: str = "") -> PieceText:
        """The whole text, after its context if there is one; it may have more pieces than a model takes: `windows`."""
        text, context = encodable(text), encodable(context)
        units = units_of(text)
        covers = self._covers(text, units)
        ids, heads = [self.first], []
        if context:
            ids += [*self.tokenizer.encode(context, add_special_tokens=False).ids[:LONGEST_CONTEXT], self.last]
        beside = [NO_COVER] * len(ids)
        for unit, cover in zip(units, covers, strict=True):
            heads.append(len(ids))
            pieces = self._pieces(unit.text)
            ids += pieces
            beside += [cover, *[NO_COVER] * (len(pieces) - 1)]
        return PieceText(units, [*ids, self.last], [*beside, NO_COVER], heads)

    def piece_of(self, unit: str) -> int:
        """The piece of a unit that is one piece, such as a sign; of a longer one the last."""
        return self._pieces(unit)[-1]

    def _pieces(self, unit: str) -> tuple[int, ...]:
        found = self._cut.get(unit)
        if found is None:
            own = self.tokenizer.token_to_id(unit) if is_han(unit) else None
            found = (own,) if own is not None else self._encoded(unit)
            if len(self._cut) < 100_000:
                self._cut[unit] = found
        return found or (self.tokenizer.encode("?", add_special_tokens=False).ids[-1],)

    def _encoded(self, unit: str) -> tuple[int, ...]:
        return tuple(self.tokenizer.encode(unit, add_special_tokens=False).ids[:LONGEST_UNIT])

    def _covers(self, text: str, units: Sequence[Unit]) -> list[int]:
        covers = [NO_COVER] * len(units)
        at = {unit.start: n for n, unit in enumerate(units) if is_han(unit.text)}
        whole = self.tokenizer.encode(text, add_special_tokens=False)
        for piece, (start, end) in zip(whole.ids, whole.offsets, strict=True):
            inside = [at[place] for place in range(start, end) if place in at]
            if len(inside) > 1:
                for unit in inside:
                    covers[unit] = piece
        return covers


def windows(read: PieceText, longest: int) -> Iterator[tuple[PieceText, int, int]]:
    """A text as pieces of at most `longest`, half overlapping; with each the units [from, to) that it speaks for.

    Each unit is spoken for once, by the window in which it stands least near a border.
    """
    opening = read.heads[0] if read.heads else len(read.ids)
    room = longest - opening - 1
    ends = [*read.heads[1:], len(read.ids) - 1]
    if len(read.ids) <= longest or not read.heads:
        yield read, 0, len(read.heads)
        return
    first, spoken = 0, 0
    while spoken < len(read.heads):
        last = first
        while last + 1 < len(read.heads) and ends[last + 1] - read.heads[first] <= room:
            last += 1
        done = last + 1 == len(read.heads)
        upto = last + 1 if done else max(spoken + 1, last + 1 - (last + 1 - first) // 4)
        yield (
            _window(read, opening, first, last, min(ends[last], read.heads[first] + max(1, room))),
            spoken - first,
            upto - first,
        )
        first, spoken = max(first + 1, upto - (last + 1 - first) // 4), upto


def _window(read: PieceText, opening: int, first: int, last: int, end: int) -> PieceText:
    begin = read.heads[first]
    return PieceText(
        read.units[first : last + 1],
        [*read.ids[:opening], *read.ids[begin:end], read.ids[-1]],
        [*read.covers[:opening], *read.covers[begin:end], NO_COVER],
        [head - begin + opening for head in read.heads[first : last + 1]],
    )
