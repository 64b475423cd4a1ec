"""A mapping of raw columns to fields: applied to batches, checked against a file, shown as a table, saved and loaded.

Knows fields and columns by name; how a mapping is guessed stands in `guess.py`, what a value means in the warehouse.
"""

import difflib
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa

from graphsvc.errors import MappingError
from graphsvc.mapping.cells import Column
from graphsvc.mapping.document import Document, dump, load, save
from graphsvc.warehouse.fields import ATTRIBUTE_PREFIX

SAMPLES = 3
SAMPLE_CHARS = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a mapping as it is shown."""

    field: str
    column: str
    confidence: float
    samples: Sequence[str]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which columns are which fields of an asset.

    With `others` "attributes", columns that stand nowhere in the mapping become attributes of their own name.
    """

    asset: str
    fields: Map[str, Column]
    ignored: tuple[str, ...] = ()
    others: str = "ignore"
    confidence: Map[str, float] = field(default_factory=dict, compare=False)

    @property
    def fingerprint(self) -> str:
        """Changes when rows would be read otherwise."""
        return blake2b(dump(self._document()).encode(), digest_size=8).hexdigest()

    def column_of(self, name: str) -> str | None:
        """The raw column that a field is read from; its first when there are several."""
        found = self.fields.get(name)
        return found.columns[0] if found and found.columns else None

    def apply(self, batch: pa.RecordBatch) -> pa.Table:
        """The fields of one batch, as strings. A column that the batch lacks leaves its field out."""
        found = {name: column.cells(batch, name) for name, column in self.fields.items()}
        found |= {ATTRIBUTE_PREFIX + name: batch.column(name) for name in self._others(batch.schema.names)}
        cells = {name: values for name, values in found.items() if values is not None}
        if not cells:
            raise MappingError(f"No column of the mapping is in the file: {listed(self._columns())}.",
                               f"The file has {listed(batch.schema.names)}.")  # fmt: skip
        return pa.table(cells)

    def check(self, columns: Sequence[str]) -> None:
        """Raise MappingError when the mapping names columns that are not among these."""
        for name, column in self.fields.items():
            for wanted in column.columns:
                if wanted not in columns:
                    close = difflib.get_close_matches(wanted, columns, 1)
                    hint = f"Did you mean {close[0]!r}?" if close else f"The file has {listed(columns)}."
                    raise MappingError(f"The mapping reads {name} from {wanted!r}, which is no column.", hint)

    def rows(self, sample: pa.Table) -> list[Shown]:
        """The mapping as a table: field, column, how sure the guess is (1 for what a person wrote), samples."""
        batch = pa.RecordBatch.from_arrays(
            [column.combine_chunks() for column in sample.columns], names=sample.column_names
        )
        mapped = self.apply(batch)
        shown = [
            Shown(name, str(column), self.confidence.get(name, 1.0), _samples(mapped, name))
            for name, column in self.fields.items()
        ]
        others = self._others(sample.column_names)
        shown += [
            Shown(ATTRIBUTE_PREFIX + name, name, 1.0, _samples(mapped, ATTRIBUTE_PREFIX + name)) for name in others
        ]
        left = [name for name in sample.column_names if name not in self._columns() and name not in others]
        return shown + [Shown("(ignored)", name, 1.0, _samples(sample, name)) for name in left]

    def save(self, path: Path) -> None:
        """Write the YAML, whole or not at all."""
        save(self._document(), path)

    @classmethod
    def load(cls, path: Path) -> "Mapping":
        """Read a YAML. Raises MappingError for what it cannot mean."""
        found = load(path)
        return cls(found.asset, found.fields, found.ignored, found.others)

    def _document(self) -> Document:
        return Document(self.asset, self.fields, self.ignored, self.others)

    def _columns(self) -> set[str]:
        return {column for found in self.fields.values() for column in found.columns}

    def _others(self, names: Iterable[str]) -> list[str]:
        if self.others != "attributes":
            return []
        known = self._columns() | {*self.ignored, "_line", "_file"}
        return [name for name in names if name not in known and ATTRIBUTE_PREFIX + name not in self.fields]


def _samples(table: pa.Table, name: str) -> list[str]:
    if name not in table.column_names:
        return []
    found = (str(value).strip() for value in table[name].to_pylist() if value is not None)
    distinct = dict.fromkeys(" ".join(text.split())[:SAMPLE_CHARS] for text in found if text)
    return list(distinct)[:SAMPLES]


def listed(names: Iterable[str]) -> str:
    """Names as a sentence holds them, not too many."""
    given = sorted(name for name in names if name not in ("_line", "_file"))
    return ", ".join(given[:30]) + (", ..." if len(given) > 30 else "")
