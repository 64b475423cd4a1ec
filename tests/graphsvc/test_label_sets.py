import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from extractors.types import LabelledPair, LabelledText, Mention
from graphsvc.doctor import examine
from graphsvc.errors import LabelError, NotFoundError, StorageError
from graphsvc.history import History, read_history
from graphsvc.labels import Part, keep_labels, kept_parts, labels_of, part_of, parts_of
from graphsvc.labels.items import Item
from graphsvc.log import WriteLog
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.warehouse.tables import Warehouse
from tests.graphsvc.desks import Desk
from tests.graphsvc.label_files import texts
from tests.graphsvc.shops import PRODUCTS, write_products

ROOT = Path(__file__).parent.parent.parent
ITEMS: tuple[Item, ...] = (
    LabelledText("🔥红\u3000锅 ", (Mention(1, 2, "COLOR"), Mention(3, 4, "ITEM", 0.5)), "train.txt:1"),
    LabelledPair("Bix pan", Mention(4, 7, "ITEM"), Mention(0, 3, "BRAND"), "made_by", "train.txt:12"),
    LabelledText("nothing", (), "elsewhere"),
    LabelledPair("Bix pan", Mention(0, 3, "BRAND"), Mention(4, 7, "ITEM"), "", ""),
)
TRAIN = Part("train", ITEMS, "train.txt", "own", 2, "measure only", "a shop")


def keep(desk: Desk, part: Part, name: str = "pans") -> int | None:
    return keep_labels(desk.log, desk.warehouse, name, part)


def back(desk: Desk, part: str = "train", name: str = "pans") -> list[Item]:
    return labels_of(desk.warehouse, read_history(desk.log), name, part)


def test_what_is_kept_is_read_back_in_order(desk: Desk) -> None:
    assert keep(desk, TRAIN) == 1
    assert back(desk) == list(ITEMS)
    assert part_of(desk.warehouse, read_history(desk.log), "pans", "train") == TRAIN


def test_a_large_part_keeps_its_order(desk: Desk) -> None:
    items = texts(*(f"text {number}" for number in range(70_000)))
    keep(desk, Part("train", tuple(items)))
    assert back(desk) == items


def test_the_same_again_changes_nothing(desk: Desk) -> None:
    keep(desk, TRAIN)
    assert keep(desk, TRAIN) is None
    assert keep(desk, replace(TRAIN, licence="", source="")) is None  # what is not said stays
    assert desk.log.head() == 1
    assert len(desk.warehouse.batches("labels")) == 1


def test_a_part_that_comes_anew_replaces_the_earlier_one_and_no_other(desk: Desk) -> None:
    keep(desk, TRAIN)
    keep(desk, Part("dev", tuple(texts("dev"))))
    keep(desk, TRAIN, "cups")
    assert keep(desk, replace(TRAIN, items=tuple(texts("new")), licence="")) == 4
    assert back(desk) == texts("new")
    assert back(desk, "dev") == texts("dev")
    assert back(desk, name="cups") == list(ITEMS)
    history = read_history(desk.log)
    kept = kept_parts(history)
    assert list(kept) == [("pans", "train"), ("pans", "dev"), ("cups", "train")]
    assert (kept["pans", "train"].licence, kept["pans", "train"].offset) == ("measure only", 4)
    assert [part.name for part in parts_of(desk.warehouse, history, "pans")] == ["train", "dev"]
    assert keep(desk, TRAIN) == 5  # and back again
    assert back(desk) == list(ITEMS)


def test_another_licence_is_a_change(desk: Desk) -> None:
    keep(desk, TRAIN)
    assert keep(desk, replace(TRAIN, licence="MIT")) == 2


def test_sets_that_are_not_there(desk: Desk) -> None:
    history = read_history(desk.log)
    with pytest.raises(NotFoundError, match="no set of labels 'pans'") as caught:
        parts_of(desk.warehouse, history, "pans")
    assert "none yet" in caught.value.next_step
    keep(desk, TRAIN)
    with pytest.raises(NotFoundError, match="no part 'test' of the set 'pans'") as caught:
        back(desk, "test")
    assert "pans train" in caught.value.next_step


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "me@example.com", "a b", "x" * 101])
def test_names_that_could_be_no_files(name: str, desk: Desk) -> None:
    with pytest.raises(LabelError, match="name of a set"):
        keep(desk, TRAIN, name)
    with pytest.raises(LabelError, match="name of a part"):
        keep(desk, replace(TRAIN, name=name))
    with pytest.raises(LabelError, match="is empty"):
        keep(desk, replace(TRAIN, items=()))
    assert desk.log.head() == 0
    assert not desk.warehouse.batches("labels")


def test_what_the_log_does_not_take_is_dropped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(desk, TRAIN)

    def full(*_: object) -> int:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(WriteLog, "append", full)
    with pytest.raises(StorageError):
        keep(desk, replace(TRAIN, items=tuple(texts("lost"))))
    monkeypatch.undo()
    assert len(desk.warehouse.batches("labels")) == 1
    assert back(desk) == list(ITEMS)


CRASH = """
import os, signal, sys
from pathlib import Path
from graphsvc.labels import Part, keep_labels
from graphsvc.log import WriteLog
from graphsvc.settings import Settings
from graphsvc.service import Service
from extractors.types import LabelledText

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

service = Service(Settings(home=Path(sys.argv[1])))
keep_labels(service.log, service.warehouse, "pans", Part("train", (LabelledText("kept"),)))
if sys.argv[2] == "before":
    WriteLog.append = die
    keep_labels(service.log, service.warehouse, "pans", Part("train", (LabelledText("never acknowledged"),)))
die()
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_writer_loses_nothing_that_was_acknowledged(moment: str, tmp_path: Path) -> None:
    home = tmp_path / "shop"
    done = subprocess.run([sys.executable, "-c", CRASH, str(home), moment], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert len(Warehouse(home / "warehouse").batches("labels")) == (2 if moment == "before" else 1)
    with Service(Settings(home=home)) as service:  # its start sweeps what no entry names
        assert labels_of(service.warehouse, service.history(), "pans", "train") == texts("kept")
        left = service.warehouse.batches("labels")
        assert left == service.history().batches
        assert len(left) == 1


def faults(service: Service) -> int:
    (found,) = (finding for finding in examine(service) if finding.check == "warehouse")
    return found.differences


def test_the_catalogue_does_not_mind(tmp_path: Path) -> None:
    products = write_products(tmp_path / "products.csv", PRODUCTS)
    with Service(Settings(home=tmp_path / "shop", encoder="use")) as service:
        service.ingest(str(products), name="shop")
        model = service.model.catalogue
        offset = keep_labels(service.log, service.warehouse, "pans", TRAIN)
        assert offset == 2
        assert service.model.catalogue is model
        service.open()
        assert (service.catalogue.offset, len(service.catalogue)) == (2, len(PRODUCTS))
        assert [payload["asset"] for payload in service.history().imports] == ["products"]
        assert faults(service) == 0
        (file,) = service.warehouse.files("labels", service.history().batches)
        Path(file).write_bytes(b"broken")
        assert faults(service) == 1
    with Service(Settings(home=tmp_path / "shop", encoder="use"), write=False) as service:
        assert service.history().batches == service.warehouse.batches("labels") | service.warehouse.batches("raw")


def test_history_goes_on_from_before(desk: Desk) -> None:
    keep(desk, TRAIN)
    before = read_history(desk.log)
    keep(desk, replace(TRAIN, licence="MIT"))
    assert read_history(desk.log, before=before) == read_history(desk.log) != History()
    assert len(read_history(desk.log).labels) == 2
