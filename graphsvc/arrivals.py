"""What arrives at a shop while another process writes it: a note for each, which the next writer takes in.

A note is one file in `arrivals/`, written whole or not at all. From then on what it names comes in, once, whatever is
killed: taking in is idempotent, and a note goes when that is done. So anyone may bring something beside a service.
Knows notes and what each kind of them asks for; does not know who waits for it.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from embeddings.arrays import sync_folder
from graphsvc.errors import GateError, GraphsvcError, StorageError
from graphsvc.labels import Part, keep_labels
from graphsvc.labels.own import item_of, labels_of_item
from graphsvc.labels.sets import check_part
from graphsvc.log import WriteLog
from graphsvc.models import Limits, ModelCard, Registry, folders
from graphsvc.shop import Shop, write_durably
from graphsvc.warehouse.tables import Warehouse

MODEL, LABELS = "model", "labels"


@dataclass(slots=True)
class Arrivals:
    """The notes of one shop. Only whoever holds its writer lock takes them in; one thread at a time.

    `failed` says what kept notes from being taken in when that was tried last.
    """

    shop: Shop
    log: WriteLog
    warehouse: Warehouse
    registry: Registry
    failed: Sequence[GraphsvcError] = ()

    def waiting(self) -> list[Path]:
        """The notes that nobody has taken in yet, the oldest first."""
        found = []
        for note in self.shop.arrivals.glob("[!.]*.json"):
            with suppress(FileNotFoundError):  # taken in meanwhile
                found.append((note.stat().st_mtime_ns, note))
        return [note for _, note in sorted(found)]

    def take_in(self) -> None:
        """Take in what waits. What cannot be stays."""
        failed = []
        for note in self.waiting():
            try:
                self.take(note)
            except GraphsvcError as error:
                failed.append(error)
        self.failed = failed

    def take(self, note: Path) -> None:
        """Take in what a note names. Raises StorageError when it is damaged or the disk fails; the note stays then."""
        try:
            said = json.loads(note.read_bytes())
            TAKERS[said["what"]](self, note, said)
            note.unlink()
        except (OSError, ValueError, LookupError, TypeError) as error:  # a note must not keep a shop from being opened
            raise StorageError(
                f"{note} cannot be taken in: {error}.", "Remove it, and bring anew what it names."
            ) from error

    def _take_model(self, note: Path, said: Mapping[str, Any]) -> None:
        card, name, why = ModelCard.of(said["card"]), said["name"], said["why"]
        if card.version not in self.registry.ledger().cards:
            folder = self.shop.home / said["folder"]
            if folders.digest_of(card.kind, folder) != card.version:
                raise StorageError(
                    f"{folder} is not what {why} left there: it was changed or removed.",
                    f"Remove {note} and train anew.",
                )
            self.registry.add(folder, card)
        self.registry.nominate(card.kind, card.version, why, key=f"{name} candidate")
        if said["limits"] is not None:
            limits = Limits(**said["limits"])
            with suppress(GateError):  # whoever waits asks the gate for its reasons
                self.registry.promote(card.kind, card.version, limits, why, key=f"{name} production")

    def _take_labels(self, note: Path, said: Mapping[str, Any]) -> None:
        items = tuple(item_of(*item) for item in said["items"])
        keep_labels(self.log, self.warehouse, said["name"], Part(items=items, **said["part"]))


TAKERS: Mapping[str, Callable[[Arrivals, Path, Mapping[str, Any]], None]] = {
    MODEL: Arrivals._take_model, LABELS: Arrivals._take_labels,
}  # fmt: skip


def bring_model(shop: Shop, name: str, folder: Path, card: ModelCard, limits: Limits | None, why: str) -> Path:
    """Leave a note of a model that stands, with its version in its card, in a folder of the shop; returns the note.

    It becomes candidate, and with `limits` goes into production when it passes a gate of these: once for each `name`,
    however often it is brought under it. Raises StorageError.
    """
    folders.make_durable(folder)
    said = {
        "name": name, "folder": folder.relative_to(shop.home).as_posix(), "card": asdict(card), "why": why,
        "limits": None if limits is None else asdict(limits),
    }  # fmt: skip
    return _leave(shop, MODEL, said)


def bring_labels(shop: Shop, name: str, part: Part) -> Path:
    """Leave a note of a part of a set of labels, whole; returns the note. Raises LabelError, StorageError."""
    check_part(name, part)
    items = [(item.text, labels_of_item(item), item.origin) for item in part.items]
    facts = {key: getattr(part, key) for key in part.__slots__ if key != "items"}
    return _leave(shop, LABELS, {"name": name, "part": facts, "items": items})


def _leave(shop: Shop, what: str, said: Mapping[str, Any]) -> Path:
    note = shop.arrivals / f"{what}-{secrets.token_hex(8)}.json"  # never one that somebody takes in at this moment
    try:
        shop.arrivals.mkdir(exist_ok=True)
        sync_folder(shop.home)
        write_durably(note, json.dumps({"what": what, **said}, ensure_ascii=False).encode())
    except OSError as error:
        raise StorageError(f"{note} cannot be written: {error.strerror}.", "Free space on the disk.") from error
    return note
