"""Values of Neo4j as plain ones: what a table, a CSV or a JSON can hold. Knows the driver's types by their looks."""

from collections.abc import Mapping
from typing import Any

HIDDEN = frozenset({"embedding"})  # hundreds of numbers that nobody reads in a node


def plain(value: Any) -> Any:
    """Nodes and relationships become dicts of their properties with `_labels` or `_type`, times ISO texts."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "iso_format"):
        return value.iso_format()
    if hasattr(value, "labels"):
        return {"_labels": sorted(value.labels), **_properties(value)}
    if hasattr(value, "nodes") and hasattr(value, "relationships"):
        return _path(value)
    if hasattr(value, "type") and hasattr(value, "nodes"):
        return {"_type": value.type, **_properties(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value)


def _properties(entity: Any) -> dict[str, Any]:
    return {name: plain(value) for name, value in sorted(entity.items()) if name not in HIDDEN}


def _path(path: Any) -> list[Any]:
    """A path as its nodes and relationships in turn."""
    steps: list[Any] = [plain(path.nodes[0])]
    for relationship, node in zip(path.relationships, path.nodes[1:], strict=True):
        steps += [plain(relationship), plain(node)]
    return steps
