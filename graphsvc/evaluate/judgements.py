"""Files with judgements, and the catalogues they judge, as protocols name their columns. Knows formats; no ranking."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from graphsvc.errors import SourceError
from graphsvc.sources import open_source

FEWEST = 5  # judgements of a query that counts
COLUMNS: Mapping[str, Sequence[str]] = {
    "product": ("product_uid", "product_id", "productid", "uid", "id", "asin", "sku"),
    "title": ("title", "product_title", "name", "product_name"),
    "description": ("description", "product_description"),
    "query": ("query", "search_term", "searchterm", "search_query"),
    "relevance": ("relevance", "grade", "rel", "label", "judgement"),
}
Grades = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Texts:
    """Products as a plain search sees them."""

    keys: list[str]
    titles: list[str]
    descriptions: list[str]


def read_texts(path: Path) -> Texts:
    """Title and description of each product, the first row of equal ids. Raises SourceError naming what is missing."""
    rows: dict[str, tuple[str, str]] = {}
    for batch in _batches(path):
        keys, titles = _column(batch, "product", path), _column(batch, "title", path)
        descriptions = _column(batch, "description", path) if _name(batch, "description") else [""] * len(keys)
        for key, title, description in zip(keys, titles, descriptions, strict=True):
            if key:
                rows.setdefault(key.strip(), (title, description))
    return Texts(list(rows), [title for title, _ in rows.values()], [description for _, description in rows.values()])


def read_grades(path: Path) -> Grades:
    """The grade of each judged product of each query with at least FEWEST judgements.

    Raises SourceError when the file cannot be read, or names no query, product or relevance.
    """
    grades: Grades = defaultdict(dict)
    for batch in _batches(path):
        columns = [_column(batch, name, path) for name in ("query", "product", "relevance")]
        for query, product, relevance in zip(*columns, strict=True):
            try:
                grades[query][product.strip()] = float(relevance)
            except ValueError as error:
                raise SourceError(
                    f"{path.name}: the relevance “{relevance[:40]}” of “{query[:40]}” is no number.",
                    "Give grades from 1 to 3.",
                ) from error
    kept = {query: judged for query, judged in grades.items() if len(judged) >= FEWEST}
    if not kept:
        raise SourceError(f"{path.name} has no query with {FEWEST} judgements.", "Judge more products of a query.")
    return kept


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    yield from open_source(str(path)).batches()


def _name(batch: pa.RecordBatch, wanted: str) -> str | None:
    known = {name.strip().lower(): name for name in batch.schema.names}
    return next((known[name] for name in COLUMNS[wanted] if name in known), None)


def _column(batch: pa.RecordBatch, wanted: str, path: Path) -> list[str]:
    name = _name(batch, wanted)
    if name is None:
        raise SourceError(
            f"{path.name} has no column for the {wanted}.",
            f"Name one of its columns {' or '.join(COLUMNS[wanted][:2])}.",
        )
    return [value or "" for value in batch.column(name).to_pylist()]
