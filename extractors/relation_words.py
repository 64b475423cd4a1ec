"""What a relation found in a text is, and the words of `patterns.yaml` that tell relations."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from extractors.types import Mention

QUALIFIERS: Mapping[str, str] = {
    "compatible_with": "compatible-with",
    "accessory_of": "accessory-of",
    "replaces": "replaces",
    "part_of": "part-of",
    "made_from": "material",
    "suits": "suits",
    "made_by": "",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One relation in one text: from the words that name the product itself, if there are any, to `tail`."""

    relation: str
    head: Mention | None
    tail: Mention
    confidence: float

    def overlaps(self, other: "Found") -> bool:
        """Whether both say the same relation of places that share a character."""
        same = self.relation == other.relation
        return same and self.tail.start < other.tail.end and other.tail.start < self.tail.end


def found(relation: str, head: tuple[int, int] | None, tail: tuple[int, int], confidence: float) -> Found:
    """A relation between two places of a text, labelled."""
    product = Mention(*head, "product") if head else None
    return Found(relation, product, Mention(*tail, QUALIFIERS[relation] or relation, confidence), confidence)


@cache
def relation_words(language: str) -> Mapping[str, frozenset[str]]:
    """The lists of words of "english" or "chinese", or with "fields" the fields of each relation."""
    return {name: frozenset(_listed(words)) for name, words in _table()[language].items()}


@cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = yaml.safe_load((files(__package__) / "patterns.yaml").read_text("utf-8"))
    return table


def _listed(words: Any) -> list[str]:
    return [str(word).casefold() for word in (words.split() if isinstance(words, str) else words)]
