"""Which node of the graph a name means: by its spelling, the shop's vocabulary, its decisions, and the surroundings.

The rule. Forms are asked in the order of `RULES`, each with how sure it makes a link; the first that some node shares
decides. One node is a link. Of several the one whose products stand with the given neighbours is, if it is so for that
one alone; else, for forms that only fold spelling, the commonest. A name that shares no form is new, and its nearest
nodes are named: by shared trigrams, by a name that begins with another, and by meaning above a floor that random pairs
of the field's own names do not reach; none of the three makes a link. Knows nodes and names; does not know who asks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from embeddings.words import tokens, trigrams
from graphsvc.entities.decided import Decided
from graphsvc.entities.forms import is_slip, says, scripts, sounds, spellings, standard, trade, written
from graphsvc.entities.links import Link, LinkCandidate
from graphsvc.ontology import NODE_ID, PREDICATES, attribute_name, slug
from graphsvc.search.nodes import ATTRIBUTE, KINDS, Nodes

RULES = {
    "exact": 1.0, "accepted": 1.0, "vocabulary": 0.98, "written": 0.96, "maker": 0.93, "script": 0.93, "sound": 0.9,
    "slip": 0.9,
}  # fmt: skip
FORMS: Mapping[str, Callable[[str], str]] = {"exact": slug, "written": written, "maker": trade}
PARTS: Mapping[str, Callable[[str], frozenset[str]]] = {"script": scripts, "sound": sounds}  # several of one name
FOLDED = ("vocabulary", "written")  # of several nodes that share such a form any is right
MAKERS = ("brand", "manufacturer")
SHOWN = 3  # candidates of a name that is new
NEAR = 8  # nodes by trigrams that are looked at
ALIKE, BEGINS = 0.35, 0.7  # the least share of trigrams to be named; how near a name is that begins with another
MOST_MEANT = 200  # nodes of a field that are compared by meaning
RANDOM, ABOVE = 2_000, 99.5  # pairs of names from which the floor is taken, and its percentile
Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]
Around = Callable[[Sequence[int], frozenset[str]], Sequence[float]]  # share of each node's products with a neighbour
Titled = Callable[[str], tuple[str, str] | None]  # id and title of the one product whose title says a name


@dataclass(frozen=True, slots=True)
class Asked:
    """A name, what it is said to be, and nodes that stand beside it."""

    name: str
    predicate: str = "has_attribute"
    qualifier: str = ""
    neighbours: frozenset[str] = frozenset()

    @property
    def field(self) -> str:
        """The field of nodes among which it is looked for."""
        return KINDS.get(self.predicate) or f"{ATTRIBUTE}{attribute_name(self.qualifier)}"


class Linker:
    """The nodes of one snapshot, ready to be asked. `counts` are the products of each node."""

    def __init__(
        self, nodes: Nodes, counts: NDArray[np.int64], decided: Decided | None = None, *, encode: Encode | None = None,
        around: Around | None = None, titled: Titled | None = None,
    ) -> None:  # fmt: skip
        self._nodes, self._counts, self._decided = nodes, counts, decided or Decided()
        self._encode, self._around, self._titled = encode, around, titled
        self._fields: dict[str, FieldNames] = {}

    def link_all(self, asked: Iterable[Asked]) -> list[Link]:
        """The link of each; equal ones are worked out once."""
        known: dict[Asked, Link] = {}
        return [known.get(one) or known.setdefault(one, self.link(one)) for one in asked]

    def link(self, asked: Asked) -> Link:
        """The node that a name means, or a new one with its nearest."""
        own = NODE_ID[asked.predicate](asked.qualifier, asked.name)
        merged = self._decided.aliases.get(own)
        if merged is not None:
            return self._linked(self._nodes.ids.find(merged), "accepted", merged)
        names = self._names(asked.field)
        for how, numbers in names.sharing(asked.name, own):
            number = self._chosen(numbers, how, asked)
            if number is None:
                return Link(own, asked.name, 0.0, "new", False, self._named(numbers, how))
            return self._linked(number, how)
        product = self._titled(asked.name) if self._titled and PREDICATES[asked.predicate].range == "Value" else None
        if product is not None:
            return Link(product[0], product[1], RULES["maker"], "title", True)
        return Link(own, asked.name, 0.0, "new", False, self.nearest(asked))

    def nearest(self, asked: Asked, most: int = SHOWN) -> tuple[LinkCandidate, ...]:
        """The nodes nearest to a name that none shares a form with."""
        names = self._names(asked.field)
        found = names.alike(asked.name)
        if self._encode is not None:
            for number, cosine in names.meant(asked.name, self._encode):
                found.setdefault(number, (cosine, "meaning"))
        best = sorted(found.items(), key=lambda pair: (-pair[1][0], -int(self._counts[pair[0]])))[:most]
        return tuple(
            LinkCandidate(self._nodes.ids[number], self._nodes.names[number], round(float(near), 3), how)
            for number, (near, how) in best
        )

    def _names(self, name: str) -> "FieldNames":
        if name not in self._fields:
            numbers = [n for n in self._nodes.of_field(name).tolist() if self._is_live(n)]
            self._fields[name] = FieldNames(name, numbers, [self._nodes.names[n] for n in numbers], self._nodes)
        return self._fields[name]

    def _is_live(self, number: int) -> bool:
        node = self._nodes.ids[number]
        return bool(self._counts[number]) and node not in self._decided.refused and node not in self._decided.aliases

    def _chosen(self, numbers: Sequence[int], how: str, asked: Asked) -> int | None:
        if len(numbers) == 1:
            return numbers[0]
        if self._around is not None and asked.neighbours:
            shares = np.array(self._around(numbers, asked.neighbours))
            if (shares > 0).sum() == 1:
                return numbers[int(shares.argmax())]
        return max(numbers, key=lambda number: int(self._counts[number])) if how in FOLDED else None

    def _linked(self, number: int, how: str, node: str = "") -> Link:
        name = self._nodes.names[number] if number >= 0 else node
        return Link(self._nodes.ids[number] if number >= 0 else node, name, RULES[how], how, True)

    def _named(self, numbers: Sequence[int], how: str) -> tuple[LinkCandidate, ...]:
        share = round(RULES[how] / len(numbers), 3)
        found = sorted(numbers, key=lambda number: -int(self._counts[number]))[:SHOWN]
        return tuple(LinkCandidate(self._nodes.ids[n], self._nodes.names[n], share, how) for n in found)


class FieldNames:
    """The names of one field's nodes by their forms, made once; trigrams and vectors when a name is new."""

    def __init__(self, name: str, numbers: Sequence[int], names: Sequence[str], nodes: Nodes) -> None:
        self._field, self._numbers, self._names, self._nodes = name, numbers, names, nodes
        self._own = {nodes.ids[number]: number for number in numbers}

    def sharing(self, name: str, own: str) -> Iterable[tuple[str, list[int]]]:
        """The nodes that share a form with a name, form after form; `own` is the node of exactly this name."""
        if own in self._own:
            yield "exact", [self._own[own]]
        for how, forms in self._forms.items():
            found = dict.fromkeys(number for form in self._forms_of(how, name) for number in forms.get(form, ()))
            if found:
                yield how, list(found)
        slips = [] if self._field in MAKERS else [n for n in self._by_trigrams(name) if is_slip(name, self._name(n))]
        if slips:
            yield "slip", slips

    def alike(self, name: str) -> dict[int, tuple[float, str]]:
        """Nodes whose names look like one, with how near they are."""
        found = {n: (share, "spelling") for n, share in self._by_trigrams(name).items() if share >= ALIKE}
        for number in self._by_trigrams(name):
            other = self._name(number)
            if says(name, other) or says(other, name):
                found[number] = (BEGINS, "begins")
        return found

    def meant(self, name: str, encode: Encode) -> list[tuple[int, float]]:
        """Nodes nearest in meaning to a name, above the floor; none in a field of more than MOST_MEANT."""
        if not self._numbers or len(self._numbers) > MOST_MEANT:
            return []
        if self._vectors is None:
            self._vectors = encode(self._names)
            self._floor = _floor(self._vectors)
        cosines = self._vectors @ encode([name])[0]
        best = np.argsort(-cosines)[:SHOWN]
        return [(self._numbers[int(at)], float(cosines[at])) for at in best if cosines[at] >= self._floor]

    _vectors: Vectors | None = None
    _floor = 1.0

    def _name(self, number: int) -> str:
        return self._nodes.names[number]

    @cached_property
    def _forms(self) -> dict[str, dict[str, list[int]]]:
        """By form the nodes that have it; those that are written alike stand together."""
        hows = ["exact", "vocabulary", "written"]
        hows += ["maker", "script", "sound"] if self._field in MAKERS else []
        attribute = self._field.removeprefix(ATTRIBUTE)
        found: dict[str, dict[str, list[int]]] = {how: {} for how in hows}
        for number, name in zip(self._numbers, self._names, strict=True):
            for how in hows:
                for form in frozenset().union(
                    *(self._forms_of(how, spelling) for spelling in spellings(attribute, name))
                ):
                    found[how].setdefault(form, []).append(number)
        return found

    def _forms_of(self, how: str, name: str) -> frozenset[str]:
        if how in PARTS:
            return PARTS[how](name)
        attribute = self._field.removeprefix(ATTRIBUTE)
        return frozenset((standard(attribute, name) if how == "vocabulary" else FORMS[how](name),)) - {""}

    def _by_trigrams(self, name: str) -> dict[int, float]:
        """The nodes that share most trigrams with a name, with the share (Dice)."""
        grams = set(trigrams(tokens(name)))
        held = [self._grams[gram] for gram in grams if gram in self._grams]
        if not held:
            return {}
        shared = np.bincount(np.concatenate(held), minlength=len(self._numbers))
        share = 2 * shared / (self._sizes + len(grams))
        best = np.argpartition(-share, min(NEAR, len(share) - 1))[:NEAR]
        return {self._numbers[int(at)]: float(share[at]) for at in best if shared[at]}

    @cached_property
    def _grams(self) -> dict[str, NDArray[np.int32]]:
        rows: dict[str, list[int]] = {}
        for at, name in enumerate(self._names):
            for gram in set(trigrams(tokens(name))):
                rows.setdefault(gram, []).append(at)
        return {gram: np.array(found, np.int32) for gram, found in rows.items()}

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        return np.array([len(set(trigrams(tokens(name)))) for name in self._names], np.int64)


def _floor(vectors: Vectors) -> float:
    """The cosine that few random pairs of a field's own names reach."""
    if len(vectors) < 2:
        return 1.0
    first, second = np.random.default_rng(0).integers(0, len(vectors), (2, RANDOM))
    apart = first != second
    return float(np.percentile(np.sum(vectors[first[apart]] * vectors[second[apart]], axis=1), ABOVE))
