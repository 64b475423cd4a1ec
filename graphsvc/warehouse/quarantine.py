"""The rows that were refused: list them, pick one, let it go, and read them again as a source of their own.

Knows the table of refused rows; does not judge them again, the import does.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute

from graphsvc.errors import InputError, NotFoundError
from graphsvc.warehouse.fields import ASSETS
from graphsvc.warehouse.stage import Reject
from graphsvc.warehouse.tables import ROWS, Warehouse

Column = Any  # a pa.ChunkedArray; the stubs of pyarrow cannot tell its type, nor what its functions take
pc: Any = pyarrow.compute
SHORT, WHOLE = 8, 20  # characters of an id: the fewest that are shown, and all
SHOWN = 5  # ids in an error
RELEASED = "released"  # the rule of a row that is in quarantine no more
GAVE_WAY = ("exact_duplicate", "duplicate_key")  # rules by which a row was refused for the sake of another


def list_refused(
    warehouse: Warehouse,
    batches: Sequence[str],
    name: str | None = None,
    asset: str | None = None,
    *,
    rows: pa.Table | None = None,
) -> pa.Table:
    """The rows now in quarantine, of all sources or of one; columns as in the table, without those released.

    `rows` are those that stand in the log itself, refused with a small change.
    """
    return of_source(warehouse.run("held", batches, rows={"quarantine": rows}), name, asset)


def of_source(held: pa.Table, name: str | None, asset: str | None = None) -> pa.Table:
    """The refused rows of one source, or of one of its assets; None asks for all."""
    for column, wanted in (("source", name), ("asset", asset)):
        if wanted is not None:
            held = held.filter(pc.equal(held[column], pa.scalar(wanted)))
    return held


def short_ids(held: pa.Table) -> dict[str, str]:
    """Each id and its beginning: as much of it as tells all of them apart, and no less than SHORT characters."""
    ids = [str(one) for one in held["quarantine_id"].to_pylist()]
    length = next(n for n in (*range(SHORT, WHOLE), WHOLE) if n == WHOLE or len({one[:n] for one in ids}) == len(ids))
    return {one: one[:length] for one in ids}


def pick(held: pa.Table, quarantine_id: str) -> dict[str, object]:
    """One of the rows in quarantine, by its id or the beginning of it that no other has.

    Raises NotFoundError, and InputError for a beginning that several have.
    """
    found = held.filter(pc.starts_with(held["quarantine_id"], quarantine_id.strip() or " ")).to_pylist()
    if not found:
        raise NotFoundError(f"Nothing in quarantine has the id {quarantine_id!r}.", "See quarantine list.")
    if len(found) > 1:
        some = ", ".join(str(row["quarantine_id"]) for row in found[:SHOWN]) + (", ..." if len(found) > SHOWN else "")
        raise InputError(f"{len(found):,} ids in quarantine begin with {quarantine_id!r}: {some}.", "Give more of it.")
    return dict(found[0])


def of_rule(held: pa.Table, name: str, rule: str) -> list[dict[str, object]]:
    """The rows of a source that a rule refuses. Raises NotFoundError when there are none."""
    found = [row for row in of_source(held, name).to_pylist() if rule in str(row["rule"]).split(", ")]
    if not found:
        raise NotFoundError(f"No row of {name!r} in quarantine is refused by {rule!r}.", "See quarantine list.")
    return found


def dismissed(row: Mapping[str, object], why: str) -> dict[str, object]:
    """The last word on a refused row that will never pass: it is let go, and of its content nothing is repeated."""
    return {**row, "rule": RELEASED, "reason": f"dismissed: {why}", "fix": "", "row": None, "batch": ""}


@dataclass(frozen=True, slots=True)
class RefusedRows:
    """The refused rows of one source and asset, as a source for a retry. Their identifiers are pseudonyms already.

    A row that its reader could not take apart is left where it is: correct the file and import it again. So is one that
    gave way to another row: read alone, it would take that row's place.
    """

    warehouse: Warehouse
    history: Sequence[str]
    source: str
    asset: str
    name: str = "quarantine"

    @property
    def rejects(self) -> Iterable[Reject]:
        """None: these rows were read before."""
        return ()

    def left_out(self, rows: pa.Table | None = None) -> dict[str, int]:
        """How many of the source's refused rows are not among these, by why. `rows` as in list_refused."""
        held = list_refused(self.warehouse, self.history, self.source, rows=rows)
        mine = held.filter(pc.equal(held["asset"], pa.scalar(self.asset)))
        counts = Counter(asset for asset in held["asset"].to_pylist() if asset != self.asset)
        unread, gave_way = pc.invert(_whole(mine)), _gave_way(mine)
        found = {
            "which their reader could not take apart": pc.sum(unread).as_py(),
            "which gave way to another row": pc.sum(pc.and_(gave_way, pc.invert(unread))).as_py(),
            **{
                f"of {asset}" + (f" (--as {asset})" if asset in ASSETS else ""): n
                for asset, n in sorted(counts.items())
            },
        }
        return {why: count for why, count in found.items() if count}

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Raw columns as strings, with `_line` and `_file` of where each row first stood, and what it was called."""
        held = list_refused(self.warehouse, self.history, self.source, self.asset).sort_by(
            [("file", "ascending"), ("line", "ascending")]
        )
        held = held.filter(pc.and_(_whole(held), pc.invert(_gave_way(held))))
        for part in held.select(["file", "line", "row", "row_hash"]).to_batches(ROWS):
            rows = [orjson.loads(row or "{}") for row in part.column("row").to_pylist()]
            names = list(dict.fromkeys(name for row in rows for name in row))
            columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
            ours = {"_line": part.column("line"), "_file": part.column("file"), "_row_hash": part.column("row_hash")}
            yield pa.RecordBatch.from_pydict({**columns, **ours})


def _whole(held: pa.Table) -> Column:
    return pc.fill_null(pc.starts_with(held["row"], "{"), False)


def _gave_way(held: pa.Table) -> Column:
    return pc.match_substring_regex(held["rule"], "|".join(GAVE_WAY))
