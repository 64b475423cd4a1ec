"""Which column of a source is which field: guessed from names and values, shown, saved, edited and used again."""

from graphsvc.mapping.cells import Column
from graphsvc.mapping.fields import Mapping, Shown
from graphsvc.mapping.guess import guess, guess_asset

__all__ = ["Column", "Mapping", "Shown", "guess", "guess_asset"]
