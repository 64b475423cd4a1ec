import os
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from graphsvc import VERSION
from graphsvc.doctor import examine
from graphsvc.errors import GateError, InputError, NotFoundError, RefusedError, StorageError
from graphsvc.log import WriteLog
from graphsvc.models import Limits, Registry, folders
from graphsvc.models.code_version import ROOT, code_version
from graphsvc.service import Service
from graphsvc.settings import Settings
from tests.graphsvc.desks import Desk
from tests.graphsvc.model_files import TEST_DATA, card, scores, write_model
from tests.graphsvc.shops import PRODUCTS, write_products

Add = Callable[..., str]


@pytest.fixture
def registry(desk: Desk) -> Registry:
    return Registry(desk.shop, desk.log)


@pytest.fixture
def add(registry: Registry, tmp_path: Path) -> Add:
    """Keeps a model with this content."""

    def keep(words: str, f1: float = 0.8, kind: str = "mentions") -> str:
        return registry.add(write_model(tmp_path / "trained" / words, words), card(f1, kind))

    return keep


def kept(desk: Desk) -> set[str]:
    return {path.name for path in desk.shop.models.glob("*/*")}


def test_what_is_kept_is_the_same_files(registry: Registry, add: Add, desk: Desk, tmp_path: Path) -> None:
    version = add("one")
    assert (len(version), desk.log.head()) == (12, 1)
    found = registry.path("mentions", version)
    assert found == desk.shop.models / "mentions" / version
    source = tmp_path / "trained" / "one"
    for path in source.rglob("*"):
        assert path.is_dir() or (found / path.relative_to(source)).read_bytes() == path.read_bytes()
    said = registry.card("mentions", version)
    assert said == replace(
        card(), version=version, size=said.size, created=said.created, code=code_version()
    )  # a card comes back from the log as it went in
    assert said.size == 300 + 256 + 2
    assert said.created.endswith("+00:00")
    assert kept(desk) == {version}


def test_the_same_content_is_the_same_version_and_no_new_entry(registry: Registry, add: Add, desk: Desk) -> None:
    version = add("one")
    assert add("one", 0.5) == version
    assert desk.log.head() == 1
    assert registry.card("mentions", version).figure("unseen", "f1") == 0.8
    assert add("one", kind="relations") != version
    assert add("two") != version
    assert [one.kind for one in registry.versions()] == ["mentions", "relations", "mentions"]
    assert len(registry.versions("mentions")) == 2


def test_a_name_or_a_byte_makes_another_version(tmp_path: Path) -> None:
    folder = write_model(tmp_path, "one")
    found = {folders.digest_of("mentions", folder)}
    (folder / "tagger.json").rename(folder / "other.json")
    found.add(folders.digest_of("mentions", folder))
    (folder / "other.json").write_text("{ }", "utf-8")
    found.add(folders.digest_of("mentions", folder))
    assert len(found) == 3


def test_what_cannot_be_kept(registry: Registry, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(InputError, match="holds no files"):
            registry.add(folder, card())
    for kind in ("", "../up", "Mentions", "a/b", "."):
        with pytest.raises(InputError, match="cannot be a kind"):
            registry.add(write_model(tmp_path / "one", "one"), card(kind=kind))
    assert desk.log.head() == 0
    assert not kept(desk)


def test_what_no_entry_names_is_swept(
    registry: Registry, add: Add, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = add("one")

    def full(*_: object) -> int:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(WriteLog, "append", full)
    with pytest.raises(StorageError):
        add("lost")
    monkeypatch.undo()
    left = kept(desk) - {version}
    (desk.shop.models / "mentions" / ".partial-0").mkdir()
    assert registry.sweep() == left | {".partial-0"}
    assert kept(desk) == {version}
    registry.path("mentions", version)


def test_a_disk_that_fails_leaves_nothing(
    registry: Registry, add: Add, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StorageError, match="No space left"):
        add("one")
    monkeypatch.undo()
    assert desk.log.head() == 0
    assert not kept(desk)
    assert registry.path("mentions", add("one"))


def test_a_folder_that_changes_while_it_is_copied(
    registry: Registry, add: Add, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = folders._copy

    def late(folder: Path, partial: Path) -> None:
        (folder / "tagger.json").write_text("late", "utf-8")
        copy(folder, partial)

    monkeypatch.setattr(folders, "_copy", late)
    with pytest.raises(InputError, match="changes while it is copied"):
        add("one")
    assert not kept(desk)


@pytest.mark.parametrize("harm", ["cut", "flip", "gone", "more", "lost"])
def test_a_damaged_model_is_noticed_and_mended_by_its_content(
    harm: str, registry: Registry, add: Add, desk: Desk
) -> None:
    version = add("one")
    file = registry.path("mentions", version) / "model.onnx"
    content = file.read_bytes()
    if harm == "lost":
        file.parent.rename(file.parent.with_name("elsewhere"))
    elif harm == "gone":
        file.unlink()
    else:
        file.write_bytes({"cut": content[:-1], "flip": b"x" + content[1:], "more": content + b"\0"}[harm])
    again = Registry(desk.shop, desk.log)
    with pytest.raises(StorageError, match="is damaged"):
        again.path("mentions", version)
    with pytest.raises(StorageError, match="is damaged"):
        again.promote("mentions", version)
    assert registry.damaged() == [f"mentions {version} is {'missing' if harm == 'lost' else 'damaged'}"]
    assert add("one") == version
    assert registry.damaged() == []
    assert (again.path("mentions", version) / "model.onnx").read_bytes() == content
    assert desk.log.head() == 1


def test_promotion_and_rolling_back(registry: Registry, add: Add, desk: Desk) -> None:
    one, two, three = add("one", 0.7), add("two", 0.8), add("three", 0.9)
    assert registry.alias("mentions", "production") is None
    with pytest.raises(NotFoundError, match="is production"):
        registry.path("mentions", "production")
    registry.nominate("mentions", one)
    assert registry.path("mentions", "candidate").name == one
    offsets = [registry.promote("mentions", version) for version in (one, two, three)]
    assert registry.alias("mentions", "candidate") is None
    assert registry.promote("mentions", three) == offsets[-1] == desk.log.head()  # it is there already
    assert registry.nominate("mentions", three) == offsets[-1]
    assert registry.path("mentions", "production").name == three

    assert registry.roll_back("mentions", "brands are missed") == two
    assert registry.roll_back("mentions") == one
    with pytest.raises(RefusedError, match="was in production before"):
        registry.roll_back("mentions")
    assert registry.alias("mentions", "production") == one
    registry.promote("mentions", three)
    assert registry.roll_back("mentions") == one
    again = Registry(desk.shop, desk.log)
    assert again.ledger() == registry.ledger()  # read in one piece as it was read in many
    assert [(naming.version, naming.back) for naming in again.ledger().namings[1:]] == [
        (one, False), (two, False), (three, False), (two, True), (one, True), (three, False), (one, True),
    ]  # fmt: skip
    assert again.ledger().namings[4].why == "brands are missed"
    assert registry.alias("relations", "production") is None
    with pytest.raises(NotFoundError, match="no alias"):
        registry.alias("mentions", "latest")


def test_nothing_is_promoted_past_the_gate(registry: Registry, add: Add, desk: Desk) -> None:
    good, worse = add("good", 0.8), add("worse", 0.79)
    registry.promote("mentions", good)
    with pytest.raises(GateError, match=r"F1 on unseen texts is 0\.79") as caught:
        registry.promote("mentions", worse)
    assert caught.value.code == "GATE"
    assert (registry.alias("mentions", "production"), desk.log.head()) == (good, 3)
    offset = registry.promote("mentions", worse, Limits(worse=0.02), "half the size", "ann")
    (entry,) = desk.log.read(offset - 1, offset)
    said = entry.json()
    assert (entry.actor, said["why"], said["gate"]["limits"]["worse"]) == ("ann", "half the size", 0.02)
    assert said["scores"]["unseen"]["f1"] == 0.79
    assert all(check["passed"] for check in said["gate"]["checks"])


def test_new_test_data_needs_both_models_scored_on_it(registry: Registry, add: Add, desk: Desk) -> None:
    old, new = add("old", 0.8), add("new", 0.8)
    registry.promote("mentions", old)
    registry.score("mentions", new, scores(0.6), "e" * 32)
    with pytest.raises(GateError, match="score both on the same set"):
        registry.promote("mentions", new)
    offset = registry.score("mentions", old, scores(0.59), "e" * 32)
    assert offset == desk.log.head()
    assert registry.score("mentions", old, scores(0.59), "e" * 32) is None
    registry.promote("mentions", new)
    assert registry.card("mentions", old).test != TEST_DATA
    assert registry.alias("mentions", "production") == new


def test_what_an_alias_names_is_not_removed(registry: Registry, add: Add, desk: Desk) -> None:
    one, two, three = add("one"), add("two"), add("three")
    for version in (one, two, one):
        registry.promote("mentions", version)
    registry.nominate("mentions", three)
    for version, alias in ((one, "production"), (three, "candidate")):
        with pytest.raises(RefusedError, match=f"is {alias}"):
            registry.remove("mentions", version)
    registry.remove("mentions", two)
    assert kept(desk) == {one, three}
    with pytest.raises(NotFoundError, match="no model"):
        registry.path("mentions", two)
    with pytest.raises(RefusedError, match="was in production before"):
        registry.roll_back("mentions")  # two is gone, and before it stood the same as now
    assert add("two") == two  # and it may come back
    assert registry.path("mentions", two).exists()
    assert registry.ledger() == Registry(desk.shop, desk.log).ledger()


def test_versions_that_are_not_there(registry: Registry, add: Add) -> None:
    version = add("one")
    with pytest.raises(NotFoundError, match="no model '\\.\\./\\.\\./etc'"):
        registry.path("mentions", "../../etc")
    with pytest.raises(NotFoundError, match="a model of mentions, not of relations"):
        registry.promote("relations", version)


def test_a_second_process_reads_and_does_not_write(add: Add, registry: Registry, desk: Desk, tmp_path: Path) -> None:
    version = add("one")
    with Service(Settings(home=desk.shop.home), write=False) as service:
        assert service.registry.path("mentions", version).exists()
        assert service.registry.alias("mentions", "production") is None
        registry.promote("mentions", version)
        assert service.registry.alias("mentions", "production") == version  # read anew
        with pytest.raises(StorageError, match="not open for writing"):
            service.registry.add(write_model(tmp_path / "two", "two"), card())
        (desk.shop.models / "mentions" / ".partial-0").mkdir()  # the writer is at work
    assert kept(desk) == {version, ".partial-0"}


def test_the_catalogue_and_the_doctor(tmp_path: Path) -> None:
    products = write_products(tmp_path / "products.csv", PRODUCTS)
    with Service(Settings(home=tmp_path / "shop", encoder="use")) as service:
        service.ingest(str(products), name="shop")
        version = service.registry.add(write_model(tmp_path / "one", "one"), card())
        service.open()
        assert (service.catalogue.offset, len(service.catalogue)) == (2, len(PRODUCTS))
        assert [one.differences for one in examine(service)] == [0, 0, 0, 0, 0]
        (service.registry.path("mentions", version) / "tagger.json").write_text("broken", "utf-8")
        (wrong,) = (one for one in examine(service) if one.differences)
        assert (wrong.check, f"mentions {version} is damaged" in wrong.result) == ("models", True)


def test_the_code_version_follows_the_sources(tmp_path: Path) -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == VERSION
    assert code_version() == code_version(ROOT)
    assert code_version().startswith(f"{VERSION}+")
    found = set()
    for name, words in (("extractors/a.py", "1"), ("extractors/a.py", "2"), ("graphsvc/train/b.py", "3")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(words, "utf-8")
        found.add(code_version.__wrapped__(tmp_path))
    (tmp_path / "graphsvc" / "elsewhere.py").write_text("4", "utf-8")
    found.add(code_version.__wrapped__(tmp_path))
    assert len(found) == 3


def test_a_card_for_people() -> None:
    rows = dict(card().rows())
    assert rows["data taobao train"] == "6,000 items, digest abc, measure only, Alibaba"
    assert rows["unseen"] == "f1 0.8, texts 500"
    assert rows["per_label BRAND"] == "f1 0.9, wanted 7"
    assert rows["parameter epochs"] == "3"


def test_what_is_withdrawn_leaves_nothing_in_production(registry: Registry, add: Add) -> None:
    with pytest.raises(RefusedError, match="No model of mentions is in production"):
        registry.withdraw("mentions")
    for words in ("first", "second"):
        registry.promote("mentions", add(words))
    version = registry.alias("mentions", "production")
    assert registry.withdraw("mentions", "it is damaged") == version
    assert registry.alias("mentions", "production") is None
    assert registry.ledger().namings[-1].why == "it is damaged"
    with pytest.raises(RefusedError):
        registry.roll_back("mentions")
    assert version is not None
    registry.promote("mentions", version)
    assert registry.alias("mentions", "production") == version
    registry.withdraw("mentions")
    registry.remove("mentions", version)
