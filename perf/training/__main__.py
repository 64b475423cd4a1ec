"""`python -m perf.training`: what trainings reach, over seeds, against their bounds; writes perf/TRAINING.md.

It takes hours and may be killed at any time: a finished seed is kept and not measured again. Data that is absent is
"not run". Exit status 1 when a bound does not hold or a training failed.
"""

import sys
from pathlib import Path

from perf._kept import Kept, results_folder
from perf._runs import chosen, load_code, measure_all, options, results
from perf.training.figures import FIGURES, SEEDS, measurement
from perf.training.report import line, report, verdict

TARGET = Path(__file__).parent.parent / "TRAINING.md"


def main() -> int:
    asked = options("training", __doc__, SEEDS).parse_args()
    names = chosen([figure.name for figure in FIGURES], asked.only)
    kept, measurements = Kept(results_folder("training")), {one.name: measurement(one) for one in FIGURES}
    failed: list[str] = []
    if not asked.list and not asked.report:
        load_code()
        failed = measure_all(kept, [measurements[name] for name in names], asked.seeds, any_code=asked.any_code)
    rows = [(figure, results(kept, measurements[figure.name])) for figure in FIGURES]
    for figure, found in rows:
        if figure.name in names:
            print(f"{line(figure, found)}\n  {figure.command}" if asked.list else line(figure, found))
    if not asked.list:
        TARGET.write_text(report(rows), "utf-8")
    missed = [figure.name for figure, found in rows if figure.name in names and "NOT HOLD" in verdict(figure, found)]
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
