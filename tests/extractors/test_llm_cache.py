"""Paid answers in their file: threads, other runs, a kill, a file that is none."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from extractors.errors import AnswerCacheFailed
from extractors.llm_cache import AnswerCache
from extractors.llm_client import Answer

KEPT = Answer('{"facts": []}', "stop", 10, None)
ROOT = Path(__file__).parents[2]
KEEPER = """
import sys, time
from pathlib import Path
from extractors.llm_cache import AnswerCache
from extractors.llm_client import Answer
AnswerCache(Path(sys.argv[1])).answer(b"q", lambda: Answer("kept", "stop"))
sys.stdout.write("kept\\n")
sys.stdout.flush()
time.sleep(60)
"""


def nobody() -> Answer:
    raise AssertionError("it was kept")


def test_threads_never_ask_the_same_at_once_and_wait_for_no_other(tmp_path: Path) -> None:
    asked: list[bytes] = []
    together = threading.Barrier(3, timeout=10)  # breaks unless three different questions are on their way at once

    def ask(question: bytes) -> tuple[Answer | None, bool]:
        def answer() -> Answer:
            asked.append(question)
            together.wait()
            time.sleep(0.05)
            return KEPT

        return cache.answer(question, answer)

    with AnswerCache(tmp_path / "new" / "answers.db") as cache, ThreadPoolExecutor(9) as pool:
        answers = list(pool.map(ask, [b"a", b"b", b"c"] * 3))
    assert sorted(asked) == [b"a", b"b", b"c"]
    assert [answer for answer, _ in answers] == [KEPT] * 9
    assert sum(kept for _, kept in answers) == 6


def test_what_gave_no_answer_is_asked_again(tmp_path: Path) -> None:
    with AnswerCache(tmp_path / "answers.db") as cache:
        assert cache.answer(b"q", lambda: None) == (None, False)
        with pytest.raises(AssertionError):
            cache.answer(b"q", nobody)
        assert cache.answer(b"q", lambda: KEPT) == (KEPT, False)
        assert cache.answer(b"q", nobody) == (KEPT, True)


def test_a_kill_loses_nothing_and_a_second_process_may_read(tmp_path: Path) -> None:
    path = tmp_path / "answers.db"
    with subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == "kept\n"
        with AnswerCache(path) as cache:
            assert cache.answer(b"q", nobody) == (Answer("kept", "stop"), True)
        os.kill(keeper.pid, signal.SIGKILL)
    with AnswerCache(path) as cache:
        assert cache.answer(b"q", nobody)[1]


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "answers.db"
    path.write_bytes(b"no database, but long enough to be looked at" * 100)
    with pytest.raises(AnswerCacheFailed, match="answers.db"):
        AnswerCache(path)
    with pytest.raises(AnswerCacheFailed):
        AnswerCache(path / "below" / "answers.db")
