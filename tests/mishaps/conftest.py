"""A shop that is harmed, and what it answers when it is not."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from graphsvc.service import Service
from tests.serving import answers, make_shop, settings


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with products and orders, never changed: tests copy it."""
    return make_shop(tmp_path_factory.mktemp("mishaps"))


@pytest.fixture
def home(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop."""
    return Path(shutil.copytree(shop, tmp_path / "shop"))


@pytest.fixture(scope="package")
def expected(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What the shop answers when nothing went wrong."""
    with Service(settings(Path(shutil.copytree(shop, tmp_path_factory.mktemp("sound") / "shop")))) as service:
        return answers(service.open())
