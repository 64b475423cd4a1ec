"""The rows that were refused: list them, show one, and read them again as a source of their own.

Knows the table of refused rows; does not judge them again, the import does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from graphsvc.errors import NotFoundError
from graphsvc.warehouse.stage import Reject
from graphsvc.warehouse.tables import ROWS, Warehouse

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
    held = warehouse.run("held", batches, rows={"quarantine": rows})
    for column, wanted in (("source", name), ("asset", asset)):
        if wanted is not None:
            held = held.filter(pc.equal(held[column], pa.scalar(wanted)))
    return held


def show_refused(
    warehouse: Warehouse, batches: Sequence[str], quarantine_id: str, *, rows: pa.Table | None = None
) -> dict[str, object]:
    """One refused row with its reasons and fixes. Raises NotFoundError."""
    held = list_refused(warehouse, batches, rows=rows)
    found = held.filter(pc.equal(held["quarantine_id"], pa.scalar(quarantine_id))).to_pylist()
    if not found:
        raise NotFoundError(f"Nothing in quarantine has the id {quarantine_id!r}.", "See quarantine list.")
    return dict(found[0])


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

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Raw columns as strings, with `_line` and `_file` of where each row first stood, and what it was called."""
        held = list_refused(self.warehouse, self.history, self.source, self.asset).sort_by(
            [("file", "ascending"), ("line", "ascending")]
        )
        held = held.filter(pc.starts_with(held["row"], "{"))
        held = held.filter(pc.invert(pc.match_substring_regex(held["rule"], "|".join(GAVE_WAY))))
        for part in held.select(["file", "line", "row", "row_hash"]).to_batches(ROWS):
            rows = [orjson.loads(row or "{}") for row in part.column("row").to_pylist()]
            names = list(dict.fromkeys(name for row in rows for name in row))
            columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
            ours = {"_line": part.column("line"), "_file": part.column("file"), "_row_hash": part.column("row_hash")}
            yield pa.RecordBatch.from_pydict({**columns, **ours})
