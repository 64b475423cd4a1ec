"""Whether a value that stands in a text is the product's own: "black print cartridge" is no black product.

Two logistic regressions over what stands around: whether a field, where there is one, agrees with such a place; and
whether products of this kind have the attribute at all. Learnt from the values that fields hold. Knows words and kinds;
the value itself is never asked, so that a new one is judged as a known one is.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractors.phrases import BREAK, Phrase
from extractors.shop_names import MAKER_FIELDS
from extractors.types import Document
from extractors.words import words_of

MOST = 20_000  # places that are learnt from
AROUND, KIND = 0.3, 0.1  # how much is learnt from what stands around a place, from words that tell a kind
RARE = 3  # times that something must stand around to count
OWN = 0.5  # of the share among products that hold it: a kind that has the attribute more seldom does not have it


@dataclass(frozen=True, slots=True)
class Place:
    """A phrase in the words of a document."""

    words: Sequence[str]
    at: int
    phrase: Phrase


class Weights:
    """A logistic regression that was learnt: what stands around → weight."""

    def __init__(self, bias: float, weights: Mapping[str, float]) -> None:
        self.bias, self.weights = bias, dict(weights)

    @classmethod
    def learn(cls, rows: Sequence[Sequence[str]], right: Sequence[bool], strength: float = AROUND) -> "Weights":
        """Learn from what stood around and whether it was right; where all were alike, or no two, only how often."""
        share = (sum(right) + 1) / (len(right) + 2)
        usual = cls(math.log(share / (1 - share)), {})
        if len(set(right)) < 2:
            return usual
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.linear_model import LogisticRegression

        table = DictVectorizer()
        matrix = table.fit_transform([dict.fromkeys(row, 1.0) for row in rows])
        often = matrix.getnnz(0) >= RARE
        if not often.any():
            return usual
        model = LogisticRegression(C=strength, max_iter=300).fit(matrix[:, often], right)
        names = [name for name, kept in zip(table.get_feature_names_out(), often, strict=True) if kept]
        return cls(
            float(model.intercept_[0]), {n: round(float(w), 3) for n, w in zip(names, model.coef_[0], strict=True)}
        )

    def share(self, row: Iterable[str]) -> float:
        """How often it is right where this stands around."""
        total = self.bias + sum(self.weights.get(name, 0.0) for name in set(row))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, slots=True)
class Occurrences:
    """What one attribute's places are like. `usual` is the mean share that `has` gives products that hold the field.

    Fields are filled by chance: how often they are where the attribute surely applies says what a share means (Elkan
    and Noto 2008). The share of all products would not: of an attribute that few have, any kind seems to have it.
    """

    agrees: Weights
    has: Weights
    usual: float

    @classmethod
    def learn(
        cls,
        documents: Sequence[Document],
        places: Iterable[tuple[Place, bool]],
        held: Sequence[bool],
        values: Collection[str],
    ) -> "Occurrences":
        """Learn from places of known values with whether the field agrees, and from which documents hold the field."""
        tried = [(list(around(place)), right) for place, right in places][:MOST]
        step = max(1, len(documents) // MOST)
        kinds = [list(kind_of(document, values)) for document in documents[::step]]
        has = Weights.learn(kinds, held[::step], KIND)
        shares = [has.share(kind) for kind, holds in zip(kinds, held[::step], strict=True) if holds]
        agrees = Weights.learn([row for row, _ in tried], [right for _, right in tried])
        return cls(agrees, has, sum(shares) / max(1, len(shares)))

    def are_had(self, document: Document, values: Collection[str]) -> bool:
        """Whether a product of this kind has the attribute."""
        return self.has.share(kind_of(document, values)) >= OWN * self.usual

    def confidence(self, place: Place) -> float:
        """How often such a place tells the product's own value, where it has the attribute."""
        return self.agrees.share([*around(place)])

    def kept(self) -> list[Any]:
        """What was learnt, as JSON; `recall` is the inverse."""
        return [self.agrees.bias, self.agrees.weights, self.has.bias, self.has.weights, self.usual]

    @classmethod
    def recall(cls, kept: Sequence[Any]) -> "Occurrences":
        """See `kept`."""
        bias, weights, has_bias, has_weights, usual = kept
        return cls(Weights(bias, weights), Weights(has_bias, has_weights), usual)


def around(place: Place) -> Iterator[str]:
    """What stands around a place: the words beside it, where it is, the last word of the title."""
    words, at, end = place.words, place.at, place.at + len(place.phrase)
    title = words.index(BREAK) if BREAK in words else len(words)
    yield f"<{words[at - 1] if at else BREAK}"
    yield f">{words[end] if end < len(words) else BREAK}"
    yield f"in={'title' if at < title else 'text'}"
    yield f"first={at == 0}"
    yield f"head={words[title - 1] if title else BREAK}"
    for word in words[max(0, at - 3) : at]:
        yield f"<<{word}"
    for word in words[end : end + 3]:
        yield f">>{word}"


def kind_of(document: Document, values: Collection[str]) -> Iterator[str]:
    """What kind of product it is: its category's steps and the words of its title, but no values, makers or numbers.

    A maker fills its fields or leaves them empty whatever it makes; what a product can have, its kind says.
    """
    makers = makers_of(document)
    for depth in range(1, len(document.category) + 1):
        yield f"category={' > '.join(document.category[:depth])}"
    for word in words_of(document.title):
        if word.text.isalpha() and word.text not in values and word.text not in makers:
            yield f"has={word.text}"


def makers_of(document: Document) -> set[str]:
    """The words of who made a product."""
    return {word.text for name in MAKER_FIELDS for value in document.fields.get(name, ()) for word in words_of(value)}
