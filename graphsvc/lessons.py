"""What a shop's extractors have learnt from its catalogue, kept beside the tables: learning takes seconds to minutes.

Knows when a lesson is still good; does not know what is learnt.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from pkgutil import resolve_name

import orjson

from extractors import EXTRACTORS, Document
from extractors.distant import Distant
from graphsvc.history import History
from graphsvc.knowledge import Reader, documents_in
from graphsvc.shop import write_durably
from graphsvc.warehouse.tables import Warehouse, storage_errors

LEARNT = "learnt.json"
LEARN = 100_000  # documents that are learnt from at most: bounds memory
GROWN = 0.1  # of the documents, by which a catalogue may change before values are learnt anew
Teach = Callable[[Sequence[Document]], Distant]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learnt, from which batch; `documents` is how many `distant` was learnt from, 0 where it was not."""

    batch: str
    versions: Sequence[str]
    learnt: Mapping[str, str]
    distant: str | None = None
    documents: int = 0

    def reader(self) -> Reader:
        """The extractors as they were. Raises ValueError when it was not kept whole."""
        more = [Distant.recall(self.distant)] if self.distant else []
        return Reader([], self.learnt, more)

    def is_like(self, documents: int) -> bool:
        """Whether values need not be learnt anew for a catalogue of so many documents."""
        return bool(self.distant) and abs(documents - self.documents) <= GROWN * self.documents


def learn(
    warehouse: Warehouse, history: History, batch: str | None = None, teach: Teach | None = None, *, keep: bool = True
) -> Reader:
    """Make a reader that has learnt from the current catalogue and, if given, from a batch that is not named yet.

    `teach` learns attributes' values from fields (None: they are not learnt). What is learnt is kept until another
    import of products; values until the catalogue has changed by a tenth. Without `keep` nothing is written, and values
    that were learnt before are used.
    """
    imported = [str(payload["batch"]) for payload in history.imports if "products" in payload["tables"]]
    lesson = batch or (imported[-1] if imported else "")
    path = warehouse.folder / LEARNT
    kept = _kept(path)
    if kept is not None and kept.batch == lesson and (kept.distant is not None or teach is None):
        try:
            return kept.reader()
        except (ValueError, KeyError):
            kept = None
    documents = _documents(warehouse, history, batch)
    distant = _distant(documents, kept, teach, again=not keep)
    reader = Reader(documents, more=[] if distant is None else [distant[0]])
    if lesson and keep:
        taught = (None, 0) if distant is None else (distant[0].learnt(), distant[1])
        made = Lesson(lesson, _versions(), reader.learnt(), *taught)
        with storage_errors(warehouse.folder):
            write_durably(path, orjson.dumps(made))
    return reader


def _distant(
    documents: Sequence[Document], kept: Lesson | None, teach: Teach | None, *, again: bool
) -> tuple[Distant, int] | None:
    """What knows attributes' values, with how many documents it was learnt from; `again` takes what was learnt."""
    if kept is not None and kept.distant and (again or (teach is not None and kept.is_like(len(documents)))):
        return Distant.recall(kept.distant), kept.documents
    return None if teach is None else (teach(documents), len(documents))


def _documents(warehouse: Warehouse, history: History, batch: str | None) -> list[Document]:
    order = (*history.order, batch) if batch else history.order
    with closing(warehouse.connection()) as connection:
        warehouse.view_current(connection, "products", order, history.rows.get("products"))
        return list(islice(documents_in(connection, "current_products"), LEARN))


def _kept(path: Path) -> Lesson | None:
    """The lesson that was kept, if it was kept whole and by these versions."""
    try:
        found = Lesson(**orjson.loads(path.read_bytes()))
        return found if found.versions == _versions() else None
    except (OSError, ValueError, TypeError):
        return None


def _versions() -> list[str]:
    """Names and versions of the extractors: another version learns anew."""
    return [
        *(f"{name} {resolve_name(place).version}" for name, place in EXTRACTORS.items()),
        f"{Distant.name} {Distant.edition}",
    ]
