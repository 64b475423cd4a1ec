"""Checkpoints that can be trusted: a folder counts once it is sealed, with the digest of every file in it.

A killed process leaves a folder without a seal, a full or failing disk one whose files are not what the seal says; both
are passed over and removed. Knows folders; does not know what the files mean.
"""

import json
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any, Protocol

from transformers import TrainerCallback

SEAL = "seal.json"
_NAME = re.compile(r"checkpoint-(\d+)")
_UNSEALED = re.compile(rf"{re.escape(SEAL)}.*|rng_state_\d+\.pth")  # the latter come from other processes, at any time


class Part(Protocol):
    """What has a state that transformers does not keep by itself."""

    def save(self, folder: Path) -> None:
        """Write the state into a checkpoint."""
        ...

    def load(self, folder: Path) -> None:
        """Read it from there."""
        ...


class Checkpoints(TrainerCallback):
    """Asks for a checkpoint every so many steps or minutes and seals each that is written.

    `run` names what is trained, on what and how: see `run_of`. `facts` are sealed with it.
    """

    def __init__(self, run: str, steps: int, minutes: float, parts: Sequence[Part], facts: Mapping[str, Any]) -> None:
        self._run, self._steps, self._minutes = run, steps, minutes
        self._parts, self._facts = parts, facts
        self._last = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **options: Any) -> None:
        """Ask for one when it is time."""
        if self._steps:
            control.should_save |= state.global_step % self._steps == 0
        else:
            control.should_save |= time.monotonic() - self._last >= 60 * self._minutes

    def on_save(self, args: Any, state: Any, control: Any, **options: Any) -> None:
        """Add what transformers does not know of, and seal the folder; of several processes only the first."""
        self._last = time.monotonic()
        if not state.is_world_process_zero:
            return
        folder = Path(args.output_dir, f"checkpoint-{state.global_step}")
        for part in self._parts:
            part.save(folder)
        seal(folder, self._run, self._facts)


def run_of(*facts: Any) -> str:
    """A name for a training, from all that makes it what it is; a checkpoint of another name is not resumed."""
    return blake2b("\x1f".join(map(repr, facts)).encode(), digest_size=12).hexdigest()


def seal(folder: Path, run: str, facts: Mapping[str, Any]) -> None:
    """Declare a checkpoint complete."""
    made = {"run": run, "facts": dict(facts), "files": _digests(folder)}
    scratch = folder / f"{SEAL}.part"
    scratch.write_text(json.dumps(made), "utf-8")
    scratch.replace(folder / SEAL)


def newest(folder: Path, run: str) -> Path | None:
    """The newest whole checkpoint of a run; what is newer, and so broken or of another run, is removed."""
    found = [(int(match[1]), path) for path in folder.glob("*") if (match := _NAME.fullmatch(path.name))]
    for _, path in sorted(found, reverse=True):
        if _is_whole(path, run):
            return path
        shutil.rmtree(path, ignore_errors=True)  # of several processes each does so
    return None


def facts_of(checkpoint: Path) -> dict[str, Any]:
    """What was sealed with a whole checkpoint."""
    return dict(json.loads((checkpoint / SEAL).read_text("utf-8"))["facts"])


def _is_whole(path: Path, run: str) -> bool:
    try:
        made = json.loads((path / SEAL).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool(made["run"] == run and made["files"] == _digests(path))


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if not _UNSEALED.fullmatch(path.name))
    return {path.name: _digest(path) for path in files}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "blake2b").hexdigest()[:32]
