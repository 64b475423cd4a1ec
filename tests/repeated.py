"""Runs of a test that draws its moments: a few with every test, more in `make soak`. A run's number is its seed."""

from typing import Any

import pytest


def runs(always: int, soaked: int) -> list[Any]:
    """So many numbers for every test, and so many more for the soak."""
    return [*range(always), *(pytest.param(run, marks=pytest.mark.soak) for run in range(always, always + soaked))]
