"""`serve` on existing data until /readyz says so, with the demo's shop loaded. Budget: 6 s.

Beside it what Python itself takes to start and import nothing, for this machine's measure.
"""

import subprocess
import sys
import time

from perf._demo import loaded, serving
from perf._verdicts import said

BUDGET_S = 6.0


def main() -> int:
    home = loaded()
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    empty = time.monotonic() - began
    times = []
    for _ in range(3):
        began = time.monotonic()
        with serving(home):
            times.append(time.monotonic() - began)
    median = sorted(times)[1]
    held = median <= BUDGET_S
    print(f"three starts: {', '.join(f'{t:.2f} s' for t in times)}; an empty Python {empty:.2f} s")
    print(f"ready after {median:.2f} s, budget {BUDGET_S} s: {said(held)}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
