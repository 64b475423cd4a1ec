"""`python -m perf.methods`: every way to train a tagger on 300 titles, into docs/guides/methods.md.

It takes many hours and may be killed at any time: a finished seed is kept and not measured again. Names are those of
the ways with the number of titles, such as lora-300. Exit status 1 when a training failed.
"""

import sys
from pathlib import Path

from perf._kept import Kept, results_folder
from perf._runs import chosen, load_code, measure_all, options, results
from perf.methods.course import measurements
from perf.methods.report import put, table
from perf.methods.table import SEEDS

TARGET = Path(__file__).parent.parent.parent / "docs" / "guides" / "methods.md"


def main() -> int:
    asked = options("methods", __doc__, SEEDS).parse_args()
    every, kept = measurements(), Kept(results_folder("methods"))
    names = chosen([one.name for one in every], asked.only)
    failed: list[str] = []
    if asked.list:
        for one in every:
            print(f"{one.name}: {len(results(kept, one))} of {asked.seeds} seeds kept")
        return 0
    if not asked.report:
        load_code()
        failed = measure_all(kept, [one for one in every if one.name in names], asked.seeds, any_code=asked.any_code)
    made = table({one.name: results(kept, one) for one in every})
    TARGET.write_text(put(TARGET.read_text("utf-8"), made), "utf-8")
    print(made)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
