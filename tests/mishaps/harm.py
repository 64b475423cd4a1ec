"""What is done to a shop here, and how it is asked."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphsvc.__main__ import app
from graphsvc.types import Event

MORE = [[str(n), f"Copper tray {n}", "Sorrel", "Home > Trays", str(n), "copper", f"tray {n * 7919} " * 30] for n in range(100, 400)]  # fmt: skip  # noqa: E501


def run(home: Path, *arguments: str) -> tuple[int, str]:
    """A command in this process: its exit code and all it said on one line. Anything but a sentence of ours fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHSVC_ENCODER", os.environ.get("GRAPHSVC_ENCODER", "use"))
        patch.delenv("GRAPHSVC_HOME", raising=False)
        done = CliRunner().invoke(app, ["--data", str(home), *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    return done.exit_code, re.sub(r"[\s│┃]+", " ", done.output)


def event(product: str = "shop:1") -> Event:
    return Event(product, "view", datetime.now(UTC), session="s1")


def flip(path: Path, at: float = 0.5) -> None:
    """Turn one byte around."""
    raw = bytearray(path.read_bytes())
    raw[int(at * (len(raw) - 1))] ^= 0xFF
    path.write_bytes(raw)


def cut(path: Path, by: int = 0) -> None:
    """Cut a file in half, or some bytes off its end."""
    size = path.stat().st_size
    os.truncate(path, size - by if by else size // 2)


@contextmanager
def disk(folder: Path, size: str = "8m") -> Iterator[Path]:
    """A disk of its own in a folder."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no disk of a test's own can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
