"""A text with two of its mentions marked, as pieces for the relation network: "@ head @ ... # tail #".

Only what stands around the mentions is read. Knows pieces; does not know relations.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from extractors.pieces import NO_COVER, PieceReader
from extractors.types import Mention
from extractors.units import Unit

HEAD, TAIL = "@", "#"
AROUND = 40  # units read before the first mention and after the last
LONGEST = 256  # pieces
FRAME = 6  # pieces that open and close text, head and tail


@dataclass(slots=True)
class Marked:
    """`markers` has the places that open head and tail; `heads` and `tails` are 1 on their own pieces."""

    ids: list[int] = field(default_factory=list)
    covers: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    tails: list[int] = field(default_factory=list)
    markers: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, ids: Sequence[int], covers: Sequence[int] = (), *, head: bool = False, tail: bool = False) -> None:
        """Put pieces at the end."""
        self.ids += ids
        self.covers += covers or [NO_COVER] * len(ids)
        self.heads += [int(head)] * len(ids)
        self.tails += [int(tail)] * len(ids)


def mark(reader: PieceReader, text: str, head: Mention, tail: Mention) -> Marked:
    """Read a text with its two mentions. Raises ValueError when one of them covers nothing that can be read."""
    read = reader.read(text)
    ends = [*read.heads[1:], len(read.ids) - 1]
    first, second = _units(read.units, head), _units(read.units, tail)
    signs = reader.piece_of(HEAD), reader.piece_of(TAIL)
    made = Marked()
    made.add([read.ids[0]])
    pieces_of = [end - begin for begin, end in zip(read.heads, ends, strict=True)]
    for at in _fitting(_near(first, second, len(read.units)), first, second, pieces_of):
        for place, span in enumerate((first, second)):
            if at == span[0]:
                made.markers[place] = len(made.ids)
                made.add([signs[place]])
        pieces = slice(read.heads[at], ends[at])
        made.add(read.ids[pieces], read.covers[pieces], head=at in first, tail=at in second)
        for place, span in enumerate((first, second)):
            if at == span[-1]:
                made.add([signs[place]])
    made.add([read.ids[-1]])
    return made


def _units(units: Sequence[Unit], mention: Mention) -> range:
    found = [at for at, unit in enumerate(units) if unit.end > mention.start and unit.start < mention.end]
    if not found:
        raise ValueError(f"nothing stands from {mention.start} to {mention.end}")
    return range(found[0], found[-1] + 1)


def _fitting(near: Sequence[int], first: range, second: range, pieces_of: Sequence[int]) -> list[int]:
    """The units that a model has room for: the openings of both mentions before all, then what is nearest to them."""
    kept: list[int] = []
    room = LONGEST - FRAME
    for at in sorted(near, key=lambda at: _distance(at, first, second)):
        room -= pieces_of[at]
        if room < 0:
            break
        kept.append(at)
    return sorted(kept)


def _distance(at: int, first: range, second: range) -> tuple[int, int]:
    outside = min(max(span[0] - at, at - span[-1], 0) for span in (first, second))
    return outside, min(abs(at - span[0]) for span in (first, second))


def _near(first: range, second: range, units: int) -> list[int]:
    """The units to read: both mentions with what is around them; of two that stand far apart only the surroundings."""
    begin, end = min(first[0], second[0]), max(first[-1], second[-1])
    near = range(max(0, begin - AROUND), min(units, end + AROUND + 1))
    if len(near) <= LONGEST // 2:
        return list(near)
    around = LONGEST // 8
    return [at for at in near if any(span[0] - around <= at <= span[-1] + around for span in (first, second))]
