"""64 producers of durable events against one: what sharing an fsync gives. Bound: 3 times the throughput."""

import sys
import tempfile
import threading
import time
from pathlib import Path

from graphsvc.log import Change, WriteLog
from perf._verdicts import said

BOUND = 3.0
SECONDS = 4.0
ROUNDS = 3
EVENT = {"events": [{"product_id": "grocer:1082185", "kind": "view", "session": "s", "time": 1_700_000_000_000_000}]}


def throughput(producers: int) -> float:
    """Durable entries a second, each producer waiting for its own before it sends the next."""
    with tempfile.TemporaryDirectory() as folder, WriteLog(Path(folder) / "log.db") as log:
        end = time.monotonic() + SECONDS
        counts = [0] * producers

        def produce(at: int) -> None:
            while time.monotonic() < end:
                log.append(Change("events", EVENT, "perf"))
                counts[at] += 1

        threads = [threading.Thread(target=produce, args=(at,)) for at in range(producers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / SECONDS


def main() -> int:
    throughput(1)  # the first run pays for creating files
    pairs = [(throughput(1), throughput(64)) for _ in range(ROUNDS)]  # interleaved: the disk has moods
    one, many = (sorted(values)[ROUNDS // 2] for values in zip(*pairs, strict=True))
    print(f"one producer {one:,.0f} durable events a second, 64 producers {many:,.0f} (medians of {ROUNDS})")
    held = many >= BOUND * one
    print(f"64 / one = {many / one:.2f}, bound {BOUND}: {said(held)}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
