"""`python -m perf [NAME...]`: run every measurement, or those named, and write perf/RESULTS.md.

Each script prints its ratio, its bound, and whether it holds, with the denominator beside it. Data that is absent is
"not run". Exit status 1 when a bound does not hold.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
LIMIT = 600  # seconds a script may take


@dataclass(frozen=True)
class Outcome:
    name: str
    promise: str
    verdict: str
    seconds: float
    output: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m perf", description=__doc__)
    parser.add_argument("names", nargs="*", help="scripts to run; all without one")
    names = parser.parse_args().names or sorted(path.stem for path in HERE.glob("[a-z]*.py"))
    outcomes = []
    for name in names:
        print(f"== {name}", flush=True)
        outcomes.append(run(name))
        print(outcomes[-1].output, flush=True)
    if len(outcomes) > 1:
        (HERE / "RESULTS.md").write_text(report(outcomes), "utf-8")
    failed = [outcome.name for outcome in outcomes if outcome.verdict in ("DOES NOT HOLD", "failed")]
    print(f"{len(outcomes)} measured; " + (f"not held: {', '.join(failed)}" if failed else "every bound holds"))
    return 1 if failed else 0


def run(name: str) -> Outcome:
    began = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    promise = (HERE / f"{name}.py").read_text("utf-8").split('"""')[1].split("\n")[0]
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(HERE / f"{name}.py")],
            capture_output=True, text=True, env=environment, cwd=HERE.parent, timeout=LIMIT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Outcome(name, promise, "failed", LIMIT, f"took more than {LIMIT} s")
    output, outcome = done.stdout.strip(), verdict(done.returncode, done.stdout)
    if outcome == "failed":  # what it had printed until then says nothing of why
        output = f"{output}\n{done.stderr.strip()[-2000:]}".strip()
    return Outcome(name, promise, outcome, time.monotonic() - began, output)


def verdict(code: int, output: str) -> str:
    if "DOES NOT HOLD" in output:
        return "DOES NOT HOLD"
    if code:
        return "failed"
    return "not run" if "not run" in output else "holds"


def report(outcomes: list[Outcome]) -> str:
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    lines = [
        "# Results", "",
        f"Written by `make perf` on {when}: {os.cpu_count()} cores, {platform.machine()},"
        f" Python {platform.python_version()}.",
        "Ratios are taken in one run; compare absolute times only with each other.", "",
        "| script | promise | outcome | seconds |", "|---|---|---|---|",
    ]  # fmt: skip
    lines += [f"| `{o.name}` | {o.promise} | {o.verdict} | {o.seconds:.0f} |" for o in outcomes]
    for outcome in outcomes:
        lines += ["", f"## {outcome.name}", "", "```", outcome.output, "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
