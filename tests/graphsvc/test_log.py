import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from graphsvc.errors import InputError, StorageError
from graphsvc.log import PAYLOAD_LIMIT, Change, WriteLog
from graphsvc.log_readers import SPARES


def test_offsets_are_dense_and_ordered(tmp_path: Path) -> None:
    with WriteLog(tmp_path / "log.db") as log:
        assert [log.append(Change("events", {"n": n})) for n in range(5)] == [1, 2, 3, 4, 5]
        assert [entry.json()["n"] for entry in log.read(after=2)] == [2, 3, 4]
        assert log.verify() == 5


def test_same_key_twice_is_one_entry(tmp_path: Path) -> None:
    with WriteLog(tmp_path / "log.db") as log:
        first = log.append(Change("events", {"n": 1}, key="a"))
        assert log.append(Change("events", {"n": 2}, key="a")) == first
        assert log.append_many([Change("events", {}, key="b"), Change("events", {}, key="b")]) == [2, 2]
        assert log.head() == 2
        assert log.under("a") == next(log.read())
        assert log.under("b").offset == first + 1
        assert log.under("c") is None


@pytest.mark.parametrize("name", ["a#b.db", "a?mode=rw.db", "a%41b.db", "岚 山.db"])
def test_any_name_that_a_disk_takes_will_do(tmp_path: Path, name: str) -> None:
    with WriteLog(tmp_path / name) as log:
        log.append(Change("events", {}))
        assert log.head() == 1
    assert [path.name for path in tmp_path.glob("*.db")] == [name]


def test_threads_that_come_and_go_leave_no_open_files(tmp_path: Path) -> None:
    with WriteLog(tmp_path / "log.db") as log:
        log.append(Change("events", {}))
        for _ in range(4):
            threads = [threading.Thread(target=log.head) for _ in range(32)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        opened = [os.path.realpath(path) for path in Path("/proc/self/fd").iterdir()]
        assert opened.count(str((tmp_path / "log.db").resolve())) <= 1 + SPARES


def test_reads_by_kind(tmp_path: Path) -> None:
    with WriteLog(tmp_path / "log.db") as log:
        log.append_many([Change(kind, {}) for kind in ("batch", "events", "batch")])
        assert [entry.offset for entry in log.read(kinds=["batch"])] == [1, 3]


def test_a_change_too_large_fails_alone(tmp_path: Path) -> None:
    with WriteLog(tmp_path / "log.db") as log:
        with pytest.raises(InputError, match="too large"):
            log.append(Change("events", {"x": "y" * PAYLOAD_LIMIT}))
        assert log.append(Change("events", {})) == 1


def test_a_changed_entry_is_found(tmp_path: Path) -> None:
    with WriteLog(tmp_path / "log.db") as log:
        log.append_many([Change("events", {"n": n}) for n in range(3)])
    with sqlite3.connect(tmp_path / "log.db") as raw:
        raw.execute("UPDATE entries SET payload = ? WHERE offset = 2", (b'{"n":9}',))
    raw.close()
    with WriteLog(tmp_path / "log.db", read_only=True) as log, pytest.raises(StorageError, match="Entry 2"):
        log.verify()


def test_a_damaged_file_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(StorageError) as caught:
        WriteLog(tmp_path / "log.db")
    assert caught.value.next_step


def test_time_never_runs_backwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with WriteLog(tmp_path / "log.db") as log:
        log.append(Change("events", {}))
        monkeypatch.setattr(time, "time_ns", lambda: 1_000)
        log.append(Change("events", {}))
        first, second = log.read()
        assert second.time >= first.time > 1


def test_many_producers_share_fsyncs_and_lose_nothing(tmp_path: Path) -> None:
    offsets: list[int] = []
    with WriteLog(tmp_path / "log.db") as log:

        def produce(name: int) -> None:
            offsets.extend(log.append(Change("events", {"producer": name, "n": n})) for n in range(20))

        threads = [threading.Thread(target=produce, args=(name,)) for name in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(offsets) == list(range(1, 321))
        assert log.verify() == 320


def test_closed_log_refuses(tmp_path: Path) -> None:
    log = WriteLog(tmp_path / "log.db")
    log.close()
    with pytest.raises(StorageError):
        log.append(Change("events", {}))


PRODUCER = """
import sys
from pathlib import Path
from graphsvc.log import Change, WriteLog
log = WriteLog(Path(sys.argv[1]))
for n in range(100_000):
    offset = log.append(Change("events", {"n": n}, key=str(n)))
    sys.stdout.write(f"{offset} {n}\\n")
    sys.stdout.flush()
"""


def test_sigkill_loses_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    producer = subprocess.Popen([sys.executable, "-c", PRODUCER, str(path)], stdout=subprocess.PIPE, text=True)
    assert producer.stdout is not None
    acknowledged = [producer.stdout.readline() for _ in range(50)]
    os.kill(producer.pid, signal.SIGKILL)
    acknowledged += producer.stdout.read().splitlines(keepends=True)
    producer.wait()
    producer.stdout.close()
    with WriteLog(path) as log:
        written = {entry.offset: entry.json()["n"] for entry in log.read()}
        assert log.verify() == len(written)
        whole = [line for line in acknowledged if line.endswith("\n")]
        assert len(whole) >= 50
        for line in whole:
            offset, n = map(int, line.split())
            assert written[offset] == n
        assert log.append(Change("events", {}, key="0")) == 1
