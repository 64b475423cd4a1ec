"""The category of a product from the columns it may stand in: a path in one cell, or a column a level.

Steps of a path that are of no tree (a colour after the type) become attributes. Knows values and what separates them.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from graphsvc.mapping.cells import Column
from graphsvc.mapping.evidence import Values, heard
from graphsvc.mapping.naming import is_ignored, level_of, likeness, words
from graphsvc.mapping.paths import separator_of, tree_depth, width_of
from graphsvc.warehouse.fields import ATTRIBUTE_PREFIX
from graphsvc.warehouse.standardise import vocabulary

LEVELS = 0.9  # how sure columns are that are named as levels
FOUND = 0.6  # how sure a path is in a column of another name
JUDGED = 2_000  # values
Found = dict[str, tuple[Column, float]]


class Chosen(Protocol):
    """The column chosen for the category by its name."""

    @property
    def column(self) -> str: ...  # noqa: D102
    @property
    def confidence(self) -> float: ...  # noqa: D102


def category_fields(values: Mapping[str, Values], used: set[str], chosen: Chosen | None) -> Found:
    """The field `category` and the attributes that its columns hold beside it, each with how sure that is."""
    named = [name for name in values if name not in used and _is_category(name, values[name])]
    if chosen is not None and chosen.column not in named:
        named.append(chosen.column)
    named.sort(key=lambda name: -likeness("products", "category", name))
    for name in named:
        separator = separator_of(values[name].given[:JUDGED])
        if separator is not None and values[name].filled > 0.3:
            sure = max(LEVELS, chosen.confidence if chosen and chosen.column == name else 0.0)
            return {"category": (_whole(name, separator), round(sure, 2))}
    levels = sorted((level, name) for name in named if (level := level_of(name)) is not None and values[name].given)
    if len({level for level, _ in levels}) > 1:
        return {"category": (Column(tuple(name for _, name in levels)), LEVELS)}
    if chosen is not None:
        return {"category": (Column((chosen.column,)), round(chosen.confidence, 2))}
    return _hidden(values, used)


def _is_category(name: str, values: Values) -> bool:
    return bool(values.given) and (level_of(name) is not None or likeness("products", "category", name) > 0.7)


def _hidden(values: Mapping[str, Values], used: set[str]) -> Found:
    """A path in a column that no name tells: all values as long, and at least two steps of one tree."""
    for name, found in values.items():
        if name in used or is_ignored(name):
            continue
        given = found.given[:JUDGED]
        separator = separator_of(given) if given and found.length < 200 else None
        if separator and width_of(given, separator) >= 2 and tree_depth(given, separator) >= 2:
            return _parts(name, given, separator)
    return {}


def _whole(name: str, separator: str) -> Column:
    return Column((name,), separator=None if separator == ">" else separator)


def _parts(name: str, given: Sequence[str], separator: str) -> Found:
    """The steps of one tree as the category, each of the others as an attribute."""
    width, depth = width_of(given, separator), tree_depth(given, separator)
    if depth >= width:
        return {"category": (_whole(name, separator), FOUND)}
    found: Found = {"category": (Column((name,), separator=separator, parts=tuple(range(1, depth + 1))), FOUND)}
    for part in range(depth + 1, width + 1):
        steps = Values([path[part - 1].strip() for path in (value.split(separator) for value in given)
                        if len(path) >= part])  # fmt: skip
        field = ATTRIBUTE_PREFIX + (_name(steps) or f"{name} {part}")
        found.setdefault(field, (Column((name,), separator=separator, parts=(part,)), FOUND))
    return found


def _name(steps: Values) -> str | None:
    """The attribute whose words these are."""
    known = {name: set(table) for name, table in vocabulary().items()}
    known |= {name: set(table) for name, table in words()["values"].items()}
    return next((name for name, table in known.items() if heard(steps, table)), None)
