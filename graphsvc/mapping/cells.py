"""Where the values of one field come from: a column, several joined, the steps of a path, or a constant.

Knows Arrow and how cells are put together; what a field means stands elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute

from graphsvc.sources.nesting import JOINT
from graphsvc.sources.variants import offers_json, variants_json

Cells = Any  # a pa.Array; the stubs of pyarrow cannot tell its type, nor what its functions take
pc: Any = pyarrow.compute
PATH = " > "  # between the steps of a category, as the warehouse reads them
NESTED = {"variants": variants_json, "offers": offers_json}
FIRST_OF_LIST = ("image", "url")


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field's values come from: a constant, or raw columns, joined when there are several.

    `separator` splits a cell into the steps of a path; `parts` are the steps kept, from 1; `factor` turns cents into
    whole amounts.
    """

    columns: tuple[str, ...] = ()
    constant: str | None = None
    separator: str | None = None
    parts: tuple[int, ...] = ()
    factor: float | None = None

    def __str__(self) -> str:
        if self.constant is not None:
            return f"always {self.constant!r}"
        parts = f" (parts {', '.join(map(str, self.parts))})" if self.parts else ""
        return " + ".join(self.columns) + parts

    def cells(self, batch: pa.RecordBatch, name: str) -> Cells | None:
        """The field's values in a batch, None when it has none of the columns."""
        if self.constant is not None:
            return pa.repeat(pa.scalar(self.constant, pa.string()), batch.num_rows)
        found = [batch.column(column).cast(pa.string()) for column in self.columns if column in batch.schema.names]
        if not found:
            return None
        cells = _joined(found, PATH if name == "category" else " ")
        if self.separator is not None:
            cells = _steps(cells, self.separator, self.parts)
        if self.factor is not None:
            cells = _scaled(cells, self.factor)
        if name in FIRST_OF_LIST:
            cells = pc.replace_substring_regex(cells, re.escape(JOINT) + ".*$", "")
        if name in NESTED:
            cells = pa.array([NESTED[name](text) for text in cells.to_pylist()], pa.string())
        return cells


def _joined(found: list[Cells], joint: str) -> Cells:
    if len(found) == 1:
        return found[0]
    blank = [pc.fill_null(pc.match_substring_regex(cells, r"^\s*$"), True) for cells in found]
    filled = [pc.if_else(empty, pa.scalar(None, pa.string()), cells) for empty, cells in zip(blank, found, strict=True)]
    return pc.binary_join_element_wise(*filled, joint, null_handling="skip")


def _steps(cells: Cells, separator: str, parts: Sequence[int]) -> Cells:
    """A path in the warehouse's form, of all steps or of those asked for."""
    mark = re.escape(separator.strip()) if separator.strip() else r"\s"
    if separator != separator.strip():  # " - " and not the hyphen of "T-shirt"
        mark = rf"\s{mark}\s"
    if not parts:
        return pc.replace_substring_regex(cells, rf"\s*{mark}\s*", PATH)
    split = pc.split_pattern_regex(cells, rf"\s*{mark}\s*")
    kept = [[row[n - 1] for n in parts if n <= len(row)] if row else None for row in split.to_pylist()]
    return pa.array([PATH.join(row) if row else None for row in kept], pa.string())


def _scaled(cells: Cells, factor: float) -> Cells:
    def scale(text: str) -> str:
        try:
            return f"{float(text) * factor:.12g}"
        except ValueError:
            return text  # the warehouse says what is wrong with it

    encoded = cells.dictionary_encode()
    return pa.array([scale(text) for text in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)
