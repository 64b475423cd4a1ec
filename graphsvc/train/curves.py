"""Curves as SVG, drawn by hand so that a report needs nothing from outside. Knows points; does not know trainings."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BELOW = 640, 220, 60, 30
Points = Sequence[tuple[float, float]]


def points_of(curve: Sequence[Mapping[str, float]], name: str) -> Sequence[Points]:
    """The lines of a figure over steps: a new one begins where steps begin anew, as they do for each network."""
    lines: list[list[tuple[float, float]]] = []
    for row in curve:
        if name in row:
            if not lines or row["step"] <= lines[-1][-1][0]:
                lines.append([])
            lines[-1].append((row["step"], row[name]))
    return lines


def draw(title: str, lines: Sequence[Points]) -> str:
    """One chart of lines, with the least and the most on each axis."""
    every = [point for line in lines for point in line]
    low_x, high_x = min(x for x, _ in every), max(x for x, _ in every)
    low_y, high_y = min(y for _, y in every), max(y for _, y in every)

    def place(point: tuple[float, float]) -> str:
        x = LEFT + (point[0] - low_x) / ((high_x - low_x) or 1) * (WIDTH - LEFT - 10)
        y = HEIGHT - BELOW - (point[1] - low_y) / ((high_y - low_y) or 1) * (HEIGHT - BELOW - 30)
        return f"{x:.1f},{y:.1f}"

    bottom = HEIGHT - BELOW
    parts = [
        f'<text x="{LEFT}" y="16" class="title">{escape(title)}</text>',
        f'<polyline class="axis" points="{LEFT},24 {LEFT},{bottom} {WIDTH - 10},{bottom}"/>',
        *(_label(LEFT - 6, y, f"{value:.4g}", "end") for y, value in ((34, high_y), (bottom, low_y))),
        *(_label(x, HEIGHT - 10, f"{value:g}", anchor)
          for x, value, anchor in ((LEFT, low_x, "start"), (WIDTH - 10, high_x, "end"))),
        *(_line([place(point) for point in line], at) for at, line in enumerate(lines)),
    ]  # fmt: skip
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'


def _line(places: Sequence[str], at: int) -> str:
    """A line; of one point alone a dot."""
    if len(places) == 1:
        x, y = places[0].split(",")
        return f'<circle class="line line-{at % 4}" cx="{x}" cy="{y}" r="3"/>'
    return f'<polyline class="line line-{at % 4}" points="{" ".join(places)}"/>'
