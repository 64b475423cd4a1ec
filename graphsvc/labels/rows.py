"""Rows of files, numbered as an editor or a program counts them: lines, blocks of lines, JSON values.

Knows lines and JSON; does not know what a row says.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from graphsvc.errors import LabelError

SPACE = re.compile(r"[ \t\r\n]*")
Line = tuple[int, str]


def lines(content: str) -> Iterator[Line]:
    """Lines that are not blank, without what ends them. Other white space than blanks and tabs is content."""
    for number, line in enumerate(content.split("\n"), 1):
        if kept := line.rstrip(" \t\r"):
            yield number, kept


def blocks(content: str) -> Iterator[tuple[int, list[Line]]]:
    """Runs of lines that blank lines part, each with the number of its first."""
    block: list[Line] = []
    for number, line in lines(content):
        if block and number != block[-1][0] + 1:
            yield block[0][0], block
            block = []
        block.append((number, line))
    if block:
        yield block[0][0], block


def json_rows(content: str) -> Iterator[tuple[int, Any]]:
    """JSON values, one a line or over several lines, by their line; or the elements of one array, by their count.

    A value that is broken is a LabelError in its place.
    """
    if content.lstrip().startswith("["):
        value, _ = _decoded(content, SPACE.match(content).end(), whole=True)  # type: ignore[union-attr]
        yield from [(1, value)] if isinstance(value, LabelError) else enumerate(value, 1)
        return
    at, number = 0, 1
    while True:
        start = SPACE.match(content, at).end()  # type: ignore[union-attr]
        number += content.count("\n", at, start)
        if start == len(content):
            return
        value, at = _decoded(content, start)
        yield number, value
        number += content.count("\n", start, at)


def json_object(value: object) -> dict[str, Any]:
    """A value as an object. Raises LabelError for another."""
    if not isinstance(value, dict):
        raise LabelError("A JSON object should stand here.", "See the format's description for what it holds.")
    return value


def json_list(value: object) -> list[Any]:
    """A value as a list. Raises LabelError for another."""
    if not isinstance(value, list):
        raise LabelError("A JSON list should stand here.", "See the format's description for what it holds.")
    return value


def _decoded(content: str, start: int, whole: bool = False) -> tuple[Any, int]:
    """The value at a place and where it ends; where it is broken, the next object that begins a line is next."""
    try:
        value, end = DECODER.raw_decode(content, start)
        if whole and content[end:].strip():
            raise LabelError("Something follows the JSON array.", "Give one array, or one object a line.")
        return value, end
    except LabelError as error:
        failure = error
    except RecursionError:
        failure = LabelError("The JSON is nested too deep.", "Correct it.")
    except json.JSONDecodeError as error:
        failure = LabelError(f"This is no JSON, in line {error.lineno}: {error.msg}.", "Correct it.")
    except ValueError as error:  # a number of thousands of digits
        failure = LabelError(f"This JSON cannot be read: {error}.", "Correct it.")
    following = content.find("\n{", start + 1)
    return failure, len(content) if following < 0 else following


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise LabelError("A key stands twice in one JSON object, and only one could be kept.", "Join the two.")
    return found


DECODER = json.JSONDecoder(object_pairs_hook=_once)
