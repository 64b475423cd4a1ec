"""What tests of imports share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.graphsvc.desks import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path / "shop")
    yield found
    found.close()
