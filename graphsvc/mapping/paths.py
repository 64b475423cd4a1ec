"""Category paths in cells: what separates their steps, and which steps are of one tree.

A step belongs to the tree when it settles the one above it, nearly always: "Kurtas" is always "Topwear", but "Red" is
anything. Knows values; does not know names of columns.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

STRONG = (">", "›", "»", "→", "::", "|")  # hardly part of a name
WEAK = ("/", " - ", "\\")
SHARE = {**dict.fromkeys(STRONG, 0.3), **dict.fromkeys(WEAK, 0.6)}  # of the values that must hold it
SETTLED = 0.8  # share of rows whose step stands under its usual parent
REPEATED = 0.5  # a step with more different values than this share of rows is no category
FEW = 20  # different values that say nothing yet


def separator_of(values: Sequence[str]) -> str | None:
    """What separates the steps of paths in these values; None when they are no paths."""
    for mark in (*STRONG, *WEAK):
        held = sum(1 for value in values if mark in value)
        if values and held >= SHARE[mark] * len(values) and (mark in STRONG or tree_depth(values, mark) >= 2):
            return mark
    return None


def width_of(values: Sequence[str], separator: str) -> int:
    """The number of steps when nearly all values have as many; else 0."""
    counts = Counter(value.count(separator) + 1 for value in values)
    width, rows = counts.most_common(1)[0] if counts else (0, 0)
    return width if rows >= 0.95 * len(values) else 0


def tree_depth(values: Sequence[str], separator: str) -> int:
    """How many steps from the root are of one tree."""
    paths = [[step.strip() for step in value.split(separator)] for value in values]
    depth = 1
    while any(len(path) > depth for path in paths):
        under = [(path[depth], path[depth - 1]) for path in paths if len(path) > depth]
        if not _settles(under, len(values)):
            break
        depth += 1
    return depth


def _settles(pairs: Sequence[tuple[str, str]], rows: int) -> bool:
    parents: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for child, parent in pairs:
        parents[child][parent] += 1
    usual = sum(counts.most_common(1)[0][1] for counts in parents.values())
    repeated = len(parents) <= max(REPEATED * rows, FEW)
    return repeated and usual >= SETTLED * len(pairs)
