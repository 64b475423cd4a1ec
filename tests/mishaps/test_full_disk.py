"""The disk is full, or read-only."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graphsvc.doctor import examine
from graphsvc.log import WriteLog
from graphsvc.service import Service
from tests.graphsvc.shops import write_products
from tests.mishaps.harm import MORE, disk, run
from tests.serving import ROOT, answers, settings

APPEND = """
import json, resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from graphsvc.errors import StorageError
from graphsvc.service import open_service
from graphsvc.settings import Settings
from graphsvc.types import Event
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
home = Path(sys.argv[1])
event = Event("shop:1", "view", datetime.now(UTC), session="s" * 400)
acknowledged = {}
with open_service(Settings(home=home, encoder="use")) as service:
    acknowledged["first"] = service.track([event], "first")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((home / "log.db-wal").stat().st_size + 30_000, unlimited[1]))
    said = []
    for n in range(30):
        try:
            acknowledged[str(n)] = service.track([event], str(n))
        except StorageError as error:
            said.append(str(error))
    try:
        service.upsert_products([{"id": "shop:9", "title": "Can", "description": "word " * 3_900}], "big")
    except StorageError as error:
        said.append(str(error))
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    acknowledged["last"] = service.track([event], "last")
sys.stdout.write(json.dumps([acknowledged, said]))
"""


def test_a_full_disk_refuses_events_and_takes_them_again_later(home: Path) -> None:
    """The system lets this process write no file any further: what it then says is what a full disk says."""
    done = subprocess.run(
        [sys.executable, "-c", APPEND, str(home)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    acknowledged, said = json.loads(done.stdout)
    assert said
    assert all("nothing was written" in words and "try again" in words for words in said)
    with WriteLog(home / "log.db") as log:
        assert [entry.offset for entry in log.read() if entry.key and entry.kind == "events"] == sorted(
            acknowledged.values()
        )
    assert run(home, "doctor")[0] == 0


def fill(folder: Path, free: int) -> Path:
    """Leave so many bytes free."""
    there = os.statvfs(folder)
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(there.f_bavail * there.f_frsize - free))
    return ballast


@pytest.mark.skipif(not shutil.which("mount"), reason="no disk of a test's own can be mounted here")
@pytest.mark.parametrize("free", [0, 4, 124, 160, 900])
def test_a_full_disk_breaks_an_import_off_and_the_next_try_succeeds(shop: Path, tmp_path: Path, free: int) -> None:
    """From no byte at all to a place where the rows are written and the snapshot is not; `free` in kB."""
    more = write_products(tmp_path / "more.csv", MORE)
    command = ("ingest", str(more), "--as", "products", "--no-graph", "--json")
    with disk(tmp_path / "disk") as folder:
        home = Path(shutil.copytree(shop, folder / "shop"))
        ballast = fill(folder, free * 1024)
        code, said = run(home, *command)
        assert code == 1, said
        assert "disk" in said
        assert "ree space" in said
        ballast.unlink()
        with WriteLog(home / "log.db", read_only=True) as log:
            entries = log.head()
        assert entries == 2 or "The import is safe, as entry 3" in said
        code, said = run(home, *command)
        assert code == 0, said
        assert re.search(r'"read": 300, "accepted": (300|0), "unchanged": (0|300), "quarantined": 0', said)
        with Service(settings(home)) as service:
            assert len(service.open().catalogue) == 306
            assert service.log.verify() == 3
            assert not [finding for finding in examine(service) if finding.differences]


def test_a_read_only_folder_is_said_by_what_writes(shop: Path, tmp_path: Path, expected: list[Any]) -> None:
    with disk(tmp_path / "disk") as folder:
        home = Path(shutil.copytree(shop, folder / "shop"))
        more = write_products(tmp_path / "more.csv", MORE[:3])
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        for command in (["ingest", str(more), "--no-graph"], ["doctor"], ["rebuild"], ["serve", "--port", "0"]):
            code, said = run(home, *command)
            assert code == 1
            assert "cannot be" in said
            assert "writable" in said or "Free space" in said, said
        code, said = run(tmp_path / "disk" / "new", "ingest", str(more))
        assert code == 1
        assert "cannot be used: Read-only file system" in said
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        with Service(settings(home)) as service:
            assert answers(service.open()) == expected
