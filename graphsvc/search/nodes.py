"""The graph nodes around the products of a catalogue, numbered: their fields, names and the tree of categories.

A field is "brand", "category", "manufacturer" or an attribute; it is what a filter names and a facet counts. Knows
nodes; does not know which product has which.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.bm25 import term_key
from extractors.category import SEPARATOR
from graphsvc.ontology import attribute_name, category_id, slug
from graphsvc.search.names import Names, under

KINDS = {"has_brand": "brand", "in_category": "category", "made_by": "manufacturer"}
ATTRIBUTE = "@"  # before the name of a field that is an attribute, so that one called "brand" is not the brand
BRAND, CATEGORY = "brand", "category"
NONE = -1


@dataclass(frozen=True, slots=True)
class Node:
    """One node as facts speak of it. `parent` is the id of the category above, empty elsewhere."""

    id: str
    field: str
    name: str
    parent: str = ""


class Nodes:
    """All nodes of a catalogue, numbered; immutable, and more can be laid over."""

    def __init__(
        self, ids: Names, names: Names, slugs: "Slugs", fields: Sequence[str], field_of: NDArray[np.int32],
        parent: NDArray[np.int32], labels: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.ids, self.names, self.fields, self.labels = ids, names, list(fields), dict(labels)
        self.field_of, self.parent = field_of, parent
        self.field_numbers = {name: at for at, name in enumerate(self.fields)}
        self._slugs = slugs

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def empty(cls) -> "Nodes":
        """No nodes at all."""
        nothing = np.empty(0, np.int32)
        return cls(Names.build([]), Names.build([]), Slugs.build([]), [], nothing, nothing.copy(), {})

    def with_more(self, nodes: Iterable[Node], labels: Mapping[str, str]) -> "Nodes":
        """These nodes and those of `nodes` that are new. `labels` are attributes' names as people write them."""
        distinct = {node.id: node for node in nodes}
        fresh = [node for node in distinct.values() if node.id not in self.ids]
        if not fresh and labels.keys() <= self.labels.keys():
            return self
        fields = list(dict.fromkeys((*self.fields, *(node.field for node in fresh))))
        numbers = {name: at for at, name in enumerate(fields)}
        ids = self.ids.with_more(node.id for node in fresh)
        parents = [ids.find(node.parent) if node.parent else NONE for node in fresh]
        names = [node.name for node in fresh]
        return Nodes(
            ids,
            self.names.with_more(names),
            self._slugs.with_more(names, len(self)),
            fields,
            np.concatenate([self.field_of, np.array([numbers[node.field] for node in fresh], np.int32)]),
            np.concatenate([self.parent, np.array(parents, np.int32)]),
            {**labels, **self.labels},
        )

    def packed(self) -> "Nodes":
        """The same with everything in arrays, to be stored."""
        names = list(self.names)
        return Nodes(
            Names.build(list(self.ids)), Names.build(names), Slugs.build(names), self.fields, self.field_of,
            self.parent, self.labels,
        )  # fmt: skip

    def arrays(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """The arrays and the JSON-able rest to store, of packed nodes."""
        arrays: dict[str, NDArray[Any]] = {"field_of": self.field_of, "parent": self.parent}
        for name, held in (("ids", self.ids.arrays()), ("names", self.names.arrays()), ("slugs", self._slugs.arrays())):
            arrays |= {f"{name}.{key}": array for key, array in held.items()}
        return arrays, {"fields": self.fields, "labels": self.labels}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], rest: Mapping[str, Any]) -> "Nodes":
        """The inverse of `arrays`."""
        ids, names, slugs = (under(arrays, name) for name in ("ids", "names", "slugs"))
        return cls(
            Names(ids), Names(names), Slugs(slugs["keys"], slugs["order"], {}), rest["fields"], arrays["field_of"],
            arrays["parent"], rest["labels"],
        )  # fmt: skip

    def field(self, name: str) -> str | None:
        """The field that a filter or facet calls so: one of its own, or an attribute under any name of it; or None."""
        own = f"{ATTRIBUTE}{attribute_name(name)}"
        return own if own in self.field_numbers else name if name in self.field_numbers else None

    def attributes(self) -> list[str]:
        """The names of all attributes."""
        return sorted(name[1:] for name in self.fields if name.startswith(ATTRIBUTE))

    def label(self, field_name: str) -> str:
        """How people write a field's name."""
        plain = field_name.removeprefix(ATTRIBUTE)
        return self.labels.get(plain, plain.replace("-", " ").replace("_", " ")).capitalize()

    def of_field(self, name: str) -> NDArray[np.int64]:
        """The numbers of a field's nodes."""
        return np.flatnonzero(self.field_of == self.field_numbers.get(name, NONE - 1))

    def find(self, field_name: str, value: str) -> list[int]:
        """The nodes of a field that a value means: by id, by name, of a category also by its path; none if unknown."""
        number = self.ids.find(value)
        if number >= 0:
            return [number] if self._is_of(number, field_name) else []
        if field_name == CATEGORY and SEPARATOR.strip() in value:
            path = [part.strip() for part in value.split(SEPARATOR.strip())]
            number = self.ids.find(category_id(path))
            return [number] if number >= 0 else []
        return [number for number in self._named(slug(value)) if self._is_of(number, field_name)]

    def path(self, number: int) -> tuple[str, ...]:
        """The names of a category from the root."""
        path: list[str] = []
        while number >= 0 and len(path) < 64:
            path.append(self.names[number])
            number = int(self.parent[number])
        return tuple(reversed(path))

    def children(self, number: int) -> NDArray[np.int64]:
        """The categories right below one, or the roots for −1."""
        return np.flatnonzero((self.parent == number) & (self.field_of == self.field_numbers.get(CATEGORY, NONE - 1)))

    def _is_of(self, number: int, field_name: str) -> bool:
        return self.fields[int(self.field_of[number])] == field_name

    def _named(self, folded: str) -> list[int]:
        return [number for number in self._slugs.find(folded) if slug(self.names[number]) == folded]


class Slugs:
    """Nodes by the 64 bits of their folded names, of which many nodes may have the same."""

    def __init__(self, keys: NDArray[np.uint64], order: NDArray[np.int32], more: Mapping[str, list[int]]) -> None:
        self._keys, self._order, self._more = keys, order, more

    @classmethod
    def build(cls, names: Sequence[str]) -> "Slugs":
        """Number names in their order."""
        keys = np.fromiter((term_key(slug(name)) for name in names), np.uint64, len(names))
        order = np.argsort(keys, kind="stable").astype(np.int32)
        return cls(keys[order], order, {})

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store."""
        return {"keys": self._keys, "order": self._order}

    def with_more(self, names: Sequence[str], first: int) -> "Slugs":
        """These and more, numbered from `first`."""
        more = dict(self._more)
        for number, name in enumerate(names, start=first):
            folded = slug(name)
            more[folded] = [*more.get(folded, ()), number]
        return Slugs(self._keys, self._order, more)

    def find(self, folded: str) -> list[int]:
        """The numbers that may have this folded name."""
        key = np.uint64(term_key(folded))
        first, last = np.searchsorted(self._keys, key, "left"), np.searchsorted(self._keys, key, "right")
        return [*self._order[first:last].tolist(), *self._more.get(folded, ())]


def nodes_of(fact: Mapping[str, Any]) -> Iterator[Node]:
    """The node of a fact (a row of FACTS), and for a category those above it, the root first."""
    kind = KINDS.get(fact["predicate"])
    if kind == CATEGORY:
        path = str(fact["name"]).split(SEPARATOR)
        above = ""
        for depth in range(1, len(path) + 1):
            here = fact["node_id"] if depth == len(path) else category_id(path[:depth])
            yield Node(here, CATEGORY, path[depth - 1], above)
            above = here
    elif kind is not None:
        yield Node(fact["node_id"], kind, str(fact["name"]))
    elif fact["attribute"]:
        yield Node(fact["node_id"], f"{ATTRIBUTE}{fact['attribute']}", str(fact["name"]))
