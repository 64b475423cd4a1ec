"""Texts of a test with what should have been found and what was, so that errors can be counted and read.

Knows mentions and relations; does not know how they are shown.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractors.relations import Related
from extractors.types import LabelledPair, LabelledText, Mention

NOTHING = "—"  # the label of what is not there


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing to find: its right label and the one that was said, NOTHING for none, and how sure."""

    wanted: str
    said: str
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Case:
    """A text, the mentions that it has, those that were found, and what is right or wrong of them."""

    text: str
    wanted: Sequence[Mention]
    found: Sequence[Mention]
    answers: Sequence[Answer]
    origin: str = ""

    @property
    def errors(self) -> list[Answer]:
        """What is wrong."""
        return [answer for answer in self.answers if answer.wanted != answer.said]

    @property
    def weight(self) -> tuple[float, int]:
        """How bad it is: the surest error first, then the number of errors."""
        return max((answer.confidence for answer in self.errors), default=0.0), len(self.errors)


def cases_of_texts(test: Sequence[LabelledText], found: Sequence[Sequence[Mention]]) -> list[Case]:
    """The cases of a finder of mentions."""
    return [
        Case(one.text, one.mentions, mentions, list(_answers(one.mentions, mentions)), one.origin)
        for one, mentions in zip(test, found, strict=True)
    ]


def cases_of_pairs(test: Sequence[LabelledPair], found: Sequence[Related]) -> list[Case]:
    """The cases of a model of relations: both mentions are given."""
    return [
        Case(
            one.text, (one.head, one.tail), (),
            [Answer(one.relation or NOTHING, said.relation or NOTHING, said.confidence)], one.origin,
        )
        for one, said in zip(test, found, strict=True)
    ]  # fmt: skip


def confusion(cases: Iterable[Case]) -> Counter[tuple[str, str]]:
    """How often which label was taken for which."""
    return Counter((answer.wanted, answer.said) for case in cases for answer in case.answers)


def worst(cases: Iterable[Case], count: int) -> list[Case]:
    """The cases with the worst errors."""
    wrong = [case for case in cases if case.errors]
    return sorted(wrong, key=lambda case: case.weight, reverse=True)[:count]


def _answers(wanted: Sequence[Mention], found: Sequence[Mention]) -> Iterator[Answer]:
    """Mentions of the same place are one answer, right or wrong; of any other, each is wrong for itself."""
    said: dict[tuple[int, int], list[Mention]] = {}
    for mention in found:
        said.setdefault((mention.start, mention.end), []).append(mention)
    for mention in wanted:
        alike = said.get((mention.start, mention.end), [])
        one = next((other for other in alike if other.label == mention.label), alike[0] if alike else None)
        if one is None:
            yield Answer(mention.label, NOTHING)
        else:
            alike.remove(one)
            yield Answer(mention.label, one.label, one.confidence)
    for rest in said.values():
        for mention in rest:
            yield Answer(NOTHING, mention.label, mention.confidence)
