"""Measurements that take hours, in as many runs as it takes: what is kept is not measured again.

All measurements are made with the first seed before any is made with the second, so that a part of them says
something. Knows names, seeds and results; does not know what is measured.
"""

import argparse
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from unittest.mock import patch

import extractors
import graphsvc.train
from graphsvc.models.code_version import code_version
from perf._kept import Found, Kept, Key, Result

EVERY = 60  # seconds between two words of progress


@dataclass(frozen=True)
class Measurement:
    """`measure` takes a seed. `marks` name what is asked and the data; `absent` says why it cannot be made."""

    name: str
    measure: Callable[[int], Found]
    marks: str = ""
    absent: str = ""


def options(name: str, description: str | None, seeds: int) -> argparse.ArgumentParser:
    """The options that every table of measurements takes."""
    parser = argparse.ArgumentParser(prog=f"python -m perf.{name}", description=description)
    parser.add_argument("--only", action="append", metavar="NAME", help="of these alone; may be given several times")
    parser.add_argument("--seeds", type=int, default=seeds, help=f"seeds 1 to so many; {seeds} without one")
    parser.add_argument("--list", action="store_true", help="say what there is to measure, and what is kept of it")
    parser.add_argument("--report", action="store_true", help="measure nothing, write what is kept")
    parser.add_argument("--any-code", action="store_true", help="take results of older code for measured")
    return parser


def chosen(names: Sequence[str], only: Sequence[str] | None) -> list[str]:
    """The names that are asked for, in the table's order. Exits for one that is not in it."""
    unknown = sorted(set(only or ()) - set(names))
    if unknown:
        raise SystemExit(f"There is no {', '.join(unknown)}. There are {', '.join(names)}.")
    return [name for name in names if not only or name in only]


def load_code() -> None:
    """Load what trains and reads, so that the version that is noted is what runs, whatever is edited meanwhile."""
    code_version()
    for package in (extractors, graphsvc.train):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)


def results(kept: Kept, one: Measurement) -> list[Result]:
    """What is kept of a measurement: of each seed what this code gave, or else another."""
    return kept.of(one.name, one.marks, code_version())


def measure_all(kept: Kept, measurements: Sequence[Measurement], seeds: int, *, any_code: bool = False) -> list[str]:
    """Make each that is missing, and say what came of it. Returns the names of those that failed."""
    failed = []
    for seed in range(1, seeds + 1):
        for one in measurements:
            if one.absent:
                print(f"{one.name}: not run, {one.absent}", flush=True)
            elif not _is_made(kept, one, seed, any_code):
                failed += [] if _make(kept, one, seed) else [one.name]
    return sorted(set(failed))


def _is_made(kept: Kept, one: Measurement, seed: int, any_code: bool) -> bool:
    older = [result.key.seed for result in results(kept, one)] if any_code else []
    made = seed in older or kept.get(Key(one.name, seed, one.marks, code_version())) is not None
    if made:
        print(f"{one.name}, seed {seed}: kept", flush=True)
    return made


def _make(kept: Kept, one: Measurement, seed: int) -> bool:
    key = Key(one.name, seed, one.marks, code_version())
    with kept.held(key) as ours:
        if not ours:
            print(f"{one.name}, seed {seed}: another process is at it", flush=True)
            return True
        print(f"{one.name}, seed {seed}: begins", flush=True)
        began = time.monotonic()
        try:
            kept.put(key, one.measure(seed))
        except Exception:  # the others can still be measured
            traceback.print_exc()
            return False
        print(f"{one.name}, seed {seed}: {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
        return True


class Spoken:
    """Progress as a line a minute."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, step: str, done: int, of: int) -> None:
        if time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            print(f"  {step}: {done:,} of {of:,}", flush=True)


class Precisions:
    """Listens to which number format each training chooses: what the machine says to "auto"."""

    def __init__(self) -> None:
        from graphsvc.train import precision, trainer

        self.said: list[str] = []
        self._choose = precision.is_bf16
        self._patch = patch.object(trainer, "is_bf16", self._listen)

    def __enter__(self) -> list[str]:
        self._patch.start()
        return self.said

    def __exit__(self, *error: object) -> None:
        self._patch.stop()

    def _listen(self, *asked: Any) -> bool:
        found = self._choose(*asked)
        self.said.append("bf16" if found else "fp32")
        return found
