"""A server imports no pandas; who wants pandas afterwards, as sentence-transformers may, still gets it."""

import subprocess
import sys

PROGRAM = """
import importlib.util, sys
from graphsvc.commands.without_pandas import import_arrow_and_driver
import_arrow_and_driver()
import neo4j, pyarrow, duckdb
pyarrow.table({"a": ["x"], "b": [1.0]}).to_pylist()
assert "pandas" not in sys.modules
from graphsvc.demo import grocer
assert grocer.load()["products"].num_rows == 92_331
assert "pandas" not in sys.modules
assert importlib.util.find_spec("pandas") is not None
"""


def test_a_server_has_no_pandas_and_hides_it_from_nobody() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
