"""Keeps pandas out of a command: pyarrow and neo4j load it where it is there, for types that nothing here hands them.

A service is smaller by it. Knows which imports look for pandas; not who else may want it, so that it hides pandas for
the length of those imports alone.
"""

import sys
from importlib.abc import MetaPathFinder


class _Hidden(MetaPathFinder):
    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Say of pandas that it is not there, and nothing of anything else."""
        if name == "pandas":
            raise ModuleNotFoundError("pandas is hidden while a command imports its libraries", name=name)


def import_arrow_and_driver() -> None:
    """Import pyarrow and neo4j, both of which look for pandas once and then remember that they found none."""
    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    try:
        import neo4j  # noqa: F401
        import pyarrow

        pyarrow.array(["looks"])  # looks for pandas at the first array, not at the import
    finally:
        sys.meta_path.remove(hidden)
