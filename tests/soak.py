"""`python -m tests.soak`: the long fault runs, and their result in perf/SOAK.md: how many of each, what went wrong.

A run's number is the seed of its moment, so that one can be repeated: `pytest "tests/test_faults.py::NAME[NUMBER]"`.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "perf" / "SOAK.md"


class Run(NamedTuple):
    """One fault: its number, how long it took with its check, and what went wrong."""

    number: str
    seconds: float
    failure: str


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.xml"
        command = [sys.executable, "-m", "pytest", "-n", "2", "-m", "soak", "--junitxml", str(path)]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        runs = read_runs(path.read_text("utf-8"))
    RESULT.write_text(report(runs), "utf-8")
    return code


def read_runs(junit: str) -> dict[str, list[Run]]:
    """The runs by the name of their test, from pytest's JUnit file. The file is our own."""
    runs = defaultdict(list)
    for case in ElementTree.fromstring(junit).iter("testcase"):
        name, _, number = case.attrib["name"].partition("[")
        wrong = [child.attrib.get("message", "") for child in case if child.tag in ("failure", "error")]
        runs[name].append(Run(number.rstrip("]"), float(case.attrib["time"]), "; ".join(wrong)))
    return dict(runs)


def report(runs: Mapping[str, Sequence[Run]]) -> str:
    """A table of the faults, and below it every run that went wrong."""
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    lines = [
        "# Faults", "",
        f"Written by `make soak` on {when}: {os.cpu_count()} cores, {platform.machine()},"
        f" Python {platform.python_version()}, two runs at a time.", "",
        "| fault | runs | went wrong | median seconds |", "|---|---|---|---|",
    ]  # fmt: skip
    for name, found in sorted(runs.items()):
        wrong = sum(bool(run.failure) for run in found)
        lines.append(f"| {spoken(name)} | {len(found)} | {wrong} | {median(run.seconds for run in found):.0f} |")
    lines += [""]
    lines += [
        f"- {name}[{run.number}]: {' '.join(run.failure.split())[:300]}"
        for name, found in sorted(runs.items())
        for run in found
        if run.failure
    ]
    return "\n".join(lines).rstrip() + "\n"


def spoken(name: str) -> str:
    """What a test's name says."""
    return name.removeprefix("test_").replace("_", " ")


if __name__ == "__main__":
    sys.exit(main())
