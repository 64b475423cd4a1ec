"""`python -m tests.soak`: the long fault runs, and their result in perf/SOAK.md: how many of each, what went wrong.

They go in portions, each with its own JUnit file, so that runs which were broken off go on where they were. A run's
number is the seed of its moments: `pytest "FILE::NAME[NUMBER]"` repeats it.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "perf" / "SOAK.md"
PORTIONS = ROOT / "perf" / ".cache" / "soak"
PYTEST = (sys.executable, "-m", "pytest")
PORTION = 10  # runs of each fault
FILES = (
    "tests/test_faults.py", "tests/graphsvc/test_train_checkpoints.py", "tests/graphsvc/test_model_crash.py",
    "tests/graphsvc/test_rereading_crash.py", "tests/graphsvc/test_arrivals.py",
)  # fmt: skip


class Run(NamedTuple):
    """One fault: its number, how long it took with its check, and what went wrong."""

    number: int
    seconds: float
    failure: str


def main() -> int:
    PORTIONS.mkdir(parents=True, exist_ok=True)
    portions = collect()
    for place, names in enumerate(portions):
        path = PORTIONS / f"{place:03}.xml"
        if not path.exists():
            print(f"portion {place + 1} of {len(portions)}", flush=True)
            part = path.with_suffix(".part")
            subprocess.run([*PYTEST, "-q", "-n", "2", "--junitxml", str(part), *names], cwd=ROOT, check=False)
            part.rename(path)
        RESULT.write_text(report(read_runs(PORTIONS)), "utf-8")
    wrong = [run for runs in read_runs(PORTIONS).values() for run in runs if run.failure]
    shutil.rmtree(PORTIONS)
    print(RESULT.read_text("utf-8"))
    return 1 if wrong else 0


def collect() -> list[list[str]]:
    """The names of the runs in portions: the same few numbers of every fault."""
    command = [*PYTEST, "--collect-only", "-q", "-m", "soak", *FILES]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    portions = defaultdict(list)
    for name, number in re.findall(r"^(\S+\[(\d+)\])$", listed, re.MULTILINE):
        portions[int(number) // PORTION].append(name)
    return [portions[key] for key in sorted(portions)]


def read_runs(folder: Path) -> dict[str, list[Run]]:
    """The runs by the name of their fault, from pytest's own JUnit files."""
    runs = defaultdict(list)
    for path in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(path).iter("testcase"):
            name, _, number = case.attrib["name"].rstrip("]").partition("[")
            wrong = [child.attrib.get("message", "") for child in case if child.tag in ("failure", "error")]
            runs[name].append(Run(int(number), float(case.attrib["time"]), "; ".join(wrong)))
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
