"""Cypher that stands in files: its header read, its parameters checked.

    // purpose: what it answers, one line
    // params: product text, limit integer = 20
    // returns: name, count

`queries/` holds what analysts may run by name, `projection/` what keeps a graph in step. A text in `projection/` may
have `__NAME__` where Cypher takes no parameter, for labels and types: `names` in its header lists them, and only plain
identifiers are put there. Knows files and parameters; does not know what is at the other end.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from cypher.errors import StatementError, UnknownQuery

ROOT = Path(__file__).parent
HEADER = re.compile(r"^// (purpose|params|returns|names): ?(.*)$")
PARAM = re.compile(r"(\w+) (text|integer|number|boolean|list|any)(?: = (.+))?")
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
KINDS: Mapping[str, tuple[type, ...]] = {
    "text": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "list": (list, tuple),
    "any": (object,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """A text with its parameters, ready to run."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Param:
    """A declared parameter: `kind` is text, integer, number, boolean, list or any; without default it must be given."""

    name: str
    kind: str
    default: Any = None
    required: bool = True

    def parse(self, text: str) -> Any:
        """Read a value that was typed, as on a command line."""
        try:
            return _PARSE[self.kind](text)
        except ValueError as error:
            raise StatementError(f"{self.name} must be {_A[self.kind]}, not {text!r}.", "Correct it.") from error

    def check(self, value: Any) -> Any:
        """Return the value when it is of the kind that was declared."""
        wrong_bool = isinstance(value, bool) and self.kind in ("integer", "number")
        if value is not None and (not isinstance(value, KINDS[self.kind]) or wrong_bool):
            raise StatementError(f"{self.name} must be {_A[self.kind]}, not {value!r}.", "Correct it.")
        return value


@dataclass(frozen=True, slots=True)
class Query:
    """A named text. `returns` names its columns."""

    name: str
    purpose: str
    params: tuple[Param, ...]
    returns: tuple[str, ...]
    text: str
    names: tuple[str, ...] = ()

    def bind(self, **values: Any) -> Statement:
        """Give the parameters. Raises StatementError for one that is missing, unknown or of another kind."""
        unknown = sorted(set(values) - {param.name for param in self.params})
        if unknown:
            raise StatementError(f"{self.name} has no parameter {unknown[0]!r}.", self._takes())
        missing = [param.name for param in self.params if param.required and param.name not in values]
        if missing:
            raise StatementError(f"{self.name} needs the parameter {missing[0]!r}.", self._takes())
        given = {param.name: param.check(values.get(param.name, param.default)) for param in self.params}
        return Statement(self.text, given)

    def parse(self, typed: Mapping[str, str]) -> dict[str, Any]:
        """Read parameters that were typed as text."""
        kinds = {param.name: param for param in self.params}
        return {name: kinds[name].parse(text) if name in kinds else text for name, text in typed.items()}

    def naming(self, **names: str) -> "Query":
        """Fill in labels and types, which must be plain identifiers from a closed list of the caller's."""
        text = self.text
        for name in self.names:
            value = names[name.lower()]
            if not IDENTIFIER.fullmatch(value):
                raise StatementError(f"{value!r} cannot be a label or type.", "Use letters, digits and underscores.")
            text = text.replace(f"__{name}__", value)
        return replace(self, text=text, names=())

    def _takes(self) -> str:
        return f"It takes: {', '.join(f'{param.name} ({param.kind})' for param in self.params) or 'none'}."


@cache
def named_queries() -> Mapping[str, Query]:
    """What analysts may run by name."""
    return {path.stem: read_query(path) for path in sorted((ROOT / "queries").glob("*.cypher"))}


def named(name: str) -> Query:
    """Return the named query. Raises UnknownQuery with the names there are."""
    try:
        return named_queries()[name]
    except KeyError:
        raise UnknownQuery(f"No query is named {name!r}.", f"There are: {', '.join(named_queries())}.") from None


@cache
def step(name: str) -> Query:
    """Return a statement of those that keep a graph in step."""
    return read_query(ROOT / "projection" / f"{name}.cypher")


def read_query(path: Path) -> Query:
    """Read one file. Raises StatementError when its header is not complete."""
    text = path.read_text("utf-8")
    header = {}
    for line in text.splitlines():
        found = HEADER.match(line)
        if not found:
            break
        header[found[1]] = found[2].strip()
    if not {"purpose", "params", "returns"} <= set(header):
        raise StatementError(f"{path.name} lacks a line of its header.", "Begin it with purpose, params and returns.")
    params = tuple(_param(part, path) for part in _parts(header["params"]))
    return Query(
        path.stem, header["purpose"], params, tuple(_parts(header["returns"])), text,
        tuple(_parts(header.get("names", ""))),
    )  # fmt: skip


def _parts(text: str) -> Sequence[str]:
    return [] if text in ("", "none") else [part.strip() for part in text.split(",")]


def _param(text: str, path: Path) -> Param:
    found = PARAM.fullmatch(text)
    if not found:
        raise StatementError(f"{path.name} declares {text!r}.", "Write: name kind, or: name kind = default.")
    name, kind, default = found.groups()
    if default is None:
        return Param(name, kind)
    return Param(name, kind, None if default == "null" else _PARSE[kind](default), required=False)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_PARSE: Mapping[str, Any] = {
    "text": str, "integer": int, "number": float, "boolean": _boolean, "list": lambda text: text.split("|"), "any": str,
}  # fmt: skip
_A = {
    "text": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "list": "a list (typed: values joined by |)", "any": "a value",
}  # fmt: skip
