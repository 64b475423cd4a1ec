"""Sets of labels in a shop: a part of a set is one batch of the table `labels` that one log entry names.

A part imported anew replaces the earlier one; the same again changes nothing. Knows the table and the log; does not
know files or formats. Texts are kept as they are, for offsets point into them: what identifies a person must not be
among them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import pyarrow as pa

from graphsvc.errors import LabelError, NotFoundError, StorageError
from graphsvc.history import LABELS, History, read_history
from graphsvc.labels.card import Part
from graphsvc.labels.items import Item
from graphsvc.labels.own import item_of, labels_of_item
from graphsvc.labels.split import text_id
from graphsvc.log import Change, WriteLog
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.tables import Warehouse, new_batch

NAME = re.compile(r"[\w-][\w.-]{0,99}")  # of a set or a part: it becomes part of files' names
MENTION, PAIR = "mention", "pair"


@dataclass(frozen=True, slots=True)
class KeptPart:
    """What the log says of a part. `offset` is the entry's, `items` a count."""

    name: str
    part: str
    file: str
    format: str
    licence: str
    source: str
    items: int
    unreadable: int
    batch: str
    marks: str
    offset: int


def keep_labels(log: WriteLog, warehouse: Warehouse, name: str, part: Part, actor: str = "local") -> int | None:
    """Keep a part of a set and return its offset in the log, None when it is there already, just so.

    A licence or source that is not given stays what it was. The caller holds the shop's writer lock. Raises LabelError
    for a bad name or an empty part, StorageError when the disk fails; nothing is kept then.
    """
    check_part(name, part)
    before = kept_parts(read_history(log), name).get((name, part.name))
    if before is not None:
        part = replace(part, licence=part.licence or before.licence, source=part.source or before.source)
    rows = list(_rows(name, part))
    marks = _marks(part, rows)
    if before is not None and before.marks == marks:
        return None
    batch = new_batch()
    try:
        table = pa.Table.from_pylist([{**row, "batch": batch} for row in rows], schema=TABLES["labels"])
        version = warehouse.append("labels", table, batch)
        payload = {
            "batch": batch,
            "tables": {"labels": version},
            "asset": "labels",
            **_facts(name, part),
            "marks": marks,
        }
        return log.append(Change(LABELS, payload, name, actor, batch))
    except BaseException:
        with suppress(StorageError):  # the next start sweeps what no entry names
            warehouse.drop_batch(batch)
        raise


def kept_parts(history: History, name: str | None = None) -> dict[tuple[str, str], KeptPart]:
    """The parts that stand, by set and part, in the order in which they first came; of one set when it is named."""
    found: dict[tuple[str, str], KeptPart] = {}
    for payload in history.labels:
        facts = {key: payload[key] for key in KeptPart.__slots__ if key != "offset"}
        kept = KeptPart(**facts, offset=history.places[str(payload["batch"])])
        if name in (None, kept.name):
            found[kept.name, kept.part] = kept
    return found


def labels_of(warehouse: Warehouse, history: History, name: str, part: str) -> list[Item]:
    """The items of a part, in the order of its file. Raises NotFoundError when the shop has no such part."""
    return list(part_of(warehouse, history, name, part).items)


def part_of(warehouse: Warehouse, history: History, name: str, part: str) -> Part:
    """A part with where it came from. Raises NotFoundError when the shop has no such part."""
    kept = _find(history, name, part)
    rows = warehouse.run("labels", [kept.batch]).to_pylist()
    items = tuple(item_of(row["text"], json.loads(row["labels"]), _origin(row)) for row in rows)
    return Part(part, items, kept.file, kept.format, kept.unreadable, kept.licence, kept.source)


def parts_of(warehouse: Warehouse, history: History, name: str) -> list[Part]:
    """All parts of a set. Raises NotFoundError when the shop has no such set."""
    kept = kept_parts(history, name)
    if not kept:
        _find(history, name, "")
    return [part_of(warehouse, history, name, part) for _, part in kept]


def _find(history: History, name: str, part: str) -> KeptPart:
    found = kept_parts(history)
    if (name, part) in found:
        return found[name, part]
    there = ", ".join(f"{one} {other}" for one, other in found) or "none yet"
    known = any(one == name for one, _ in found)
    wanted = f"no part {part!r} of the set {name!r}" if known else f"no set of labels {name!r}"
    raise NotFoundError(
        f"The shop has {wanted}.", f"It has: {there}. Import one: python -m graphsvc labels import FILE"
    )


def check_part(name: str, part: Part) -> None:
    """Raise LabelError for a bad name or an empty part."""
    for what, value in (("set", name), ("part", part.name)):
        if NAME.fullmatch(value) is None:
            raise LabelError(
                f"{value[:40]!r} cannot be the name of a {what}.", "Use letters, figures, dots and hyphens."
            )
    if not part.items:
        raise LabelError(f"The part {part.name} of {name} is empty.", "Give labelled texts.")


def _facts(name: str, part: Part) -> dict[str, Any]:
    return {
        "name": name, "part": part.name, "file": part.file, "format": part.format, "licence": part.licence,
        "source": part.source, "items": len(part.items), "unreadable": part.unreadable,
    }  # fmt: skip


def _rows(name: str, part: Part) -> Iterator[dict[str, Any]]:
    for number, item in enumerate(part.items):
        said = labels_of_item(item)
        file, line = _file_and_line(item.origin)
        yield {
            "name": name, "part": part.name, "number": number, "kind": MENTION if "mentions" in said else PAIR,
            "text_id": text_id(item.text), "text": item.text, "labels": json.dumps(said, ensure_ascii=False),
            "file": file, "line": line,
        }  # fmt: skip


def _file_and_line(origin: str) -> tuple[str, int | None]:
    file, _, line = origin.rpartition(":")
    return (file, int(line)) if file and line.isdecimal() and line.isascii() and len(line) < 18 else (origin, None)


def _origin(row: Mapping[str, Any]) -> str:
    return str(row["file"]) if row["line"] is None else f"{row['file']}:{row['line']}"


def _marks(part: Part, rows: Sequence[Mapping[str, Any]]) -> str:
    """A digest of everything that a part says."""
    digest = blake2b(digest_size=16)
    for said in _said(part, rows):
        digest.update(json.dumps(said, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def _said(part: Part, rows: Iterable[Mapping[str, Any]]) -> Iterator[object]:
    yield [part.file, part.format, part.licence, part.source, part.unreadable]
    yield from rows
