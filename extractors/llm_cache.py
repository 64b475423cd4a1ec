"""Answers that were paid for, by the hash of the whole question, so that nothing is asked twice, in any run.

A question holds the model, the words of the prompt, the schema, the bounds and the text: another one of any is another
question. An answer is durable before it is used. Knows a SQLite file; does not know what questions mean.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from weakref import WeakValueDictionary

from extractors.errors import AnswerCacheFailed
from extractors.llm_client import Answer

PATIENCE_S = 30.0  # for another process that writes
SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    question BLOB PRIMARY KEY, content TEXT NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER, completion_tokens INTEGER
) WITHOUT ROWID
"""
FIND = "SELECT content, finish_reason, prompt_tokens, completion_tokens FROM answers WHERE question = ?"
KEEP = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)"


class AnswerCache:
    """One file, for all models. Threads share it and never ask the same at once; processes share the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._asking: WeakValueDictionary[bytes, threading.Lock] = WeakValueDictionary()
        with self._failing():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False)
            try:
                for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", SCHEMA):
                    self._file.execute(statement)
            except sqlite3.Error:
                self._file.close()
                raise

    def answer(self, question: bytes, ask: Callable[[], Answer | None]) -> tuple[Answer | None, bool]:
        """Return the kept answer, or what `ask` gives, which is kept; and whether it had been kept."""
        key = blake2b(question, digest_size=20).digest()
        with self._lock:
            asking = self._asking.setdefault(key, threading.Lock())
        with asking:
            kept = self._find(key)
            if kept is not None:
                return kept, True
            answer = ask()
            if answer is not None:
                self._keep(key, answer)
            return answer, False

    def close(self) -> None:
        """Close the file."""
        with self._failing():
            self._file.close()

    def __enter__(self) -> "AnswerCache":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _find(self, key: bytes) -> Answer | None:
        with self._failing():
            row = self._file.execute(FIND, (key,)).fetchone()
        return None if row is None else Answer(*row)

    def _keep(self, key: bytes, answer: Answer) -> None:
        content = answer.content.encode("utf-8", "replace").decode()
        row = (key, content, answer.finish_reason, answer.prompt_tokens, answer.completion_tokens)
        with self._failing():
            self._file.execute(KEEP, row)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """One use of the file at a time, its errors said as ours."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                raise AnswerCacheFailed(
                    f"The answers of the language model in {self._path} cannot be used: {error}.",
                    "Free space on the disk; or remove the file, and every question is asked and paid anew.",
                ) from error
