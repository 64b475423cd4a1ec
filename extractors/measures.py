"""Measured values in running text, English and Chinese: "64 OZ", "2x330ml", "500克", "3/4 in.", "2斤".

Knows units and how numbers are written; does not know what is being measured beyond its dimension. Canonical units:
kg, l, m, W, V, mAh, GB, pieces. Factors: NIST Handbook 44, appendix C (US customary), and GB 3100 (市制: 斤 = 500 g).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractors.types import Claim, Document, Span


@dataclass(frozen=True, slots=True)
class Measure:
    """A value in its canonical unit, its dimension, and where it stands in the text."""

    dimension: str
    number: float
    unit: str
    start: int
    end: int


# dimension → (canonical unit, {written unit: factor})
UNITS: dict[str, tuple[str, dict[str, float]]] = {
    "weight": (
        "kg",
        {"kg": 1, "kgs": 1, "g": 1e-3, "gm": 1e-3, "gr": 1e-3, "gram": 1e-3, "grams": 1e-3, "mg": 1e-6,
         "lb": 0.45359237, "lbs": 0.45359237, "pound": 0.45359237, "pounds": 0.45359237, "oz": 0.028349523125,
         "ounce": 0.028349523125, "ounces": 0.028349523125, "公斤": 1, "千克": 1, "克": 1e-3, "毫克": 1e-6, "斤": 0.5},
    ),
    "volume": (
        "l",
        {"l": 1, "lt": 1, "ltr": 1, "liter": 1, "litre": 1, "liters": 1, "litres": 1, "ml": 1e-3, "cl": 1e-2,
         "fl oz": 0.0295735295625, "fl. oz": 0.0295735295625, "gal": 3.785411784, "gallon": 3.785411784,
         "qt": 0.946352946, "quart": 0.946352946, "pt": 0.473176473, "pint": 0.473176473, "升": 1, "毫升": 1e-3},
    ),
    "length": (
        "m",
        {"m": 1, "cm": 1e-2, "mm": 1e-3, "in": 0.0254, "inch": 0.0254, "inches": 0.0254, '"': 0.0254, "ft": 0.3048,
         "foot": 0.3048, "feet": 0.3048, "yd": 0.9144, "米": 1, "厘米": 1e-2, "公分": 1e-2, "毫米": 1e-3, "寸": 0.0254,
         "英寸": 0.0254},
    ),
    "power": ("W", {"w": 1, "watt": 1, "watts": 1, "kw": 1e3, "瓦": 1, "千瓦": 1e3}),
    "voltage": ("V", {"v": 1, "volt": 1, "volts": 1, "伏": 1}),
    "charge": ("mAh", {"mah": 1, "ah": 1e3, "毫安": 1, "毫安时": 1}),
    "storage": ("GB", {"gb": 1, "tb": 1024, "mb": 1 / 1024}),
    "count": (
        "pieces",
        {"ct": 1, "count": 1, "pc": 1, "pcs": 1, "piece": 1, "pieces": 1, "pk": 1, "pack": 1, "packs": 1, "片": 1,
         "个": 1, "只": 1, "件": 1, "包": 1, "袋": 1, "瓶": 1, "支": 1, "粒": 1, "盒": 1, "抽": 1, "卷": 1},
    ),
}  # fmt: skip
WRITTEN = {
    written: (dimension, unit, factor)
    for dimension, (unit, table) in UNITS.items()
    for written, factor in table.items()
}
_NUMBER = r"\d+\s+\d+/\d+|\d+/\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+"
_UNIT = "|".join(re.escape(unit) for unit in sorted(WRITTEN, key=len, reverse=True))
# A unit in letters must not run on into another word ("5 grams" yes, "5 goats" no); Chinese units may.
PATTERN = re.compile(
    rf"(?<![\w.,/])(?:(?P<packs>\d{{1,3}})\s*[x×*]\s*)?(?P<number>{_NUMBER})[\s-]*(?P<unit>{_UNIT})(?![a-z])",
    re.IGNORECASE,
)


def find_measures(text: str) -> Iterator[Measure]:
    """Yield every measured value in `text`. "2x330ml" is a count of 2 and a volume of 0.33 l."""
    for match in PATTERN.finditer(text):
        dimension, unit, factor = WRITTEN[match["unit"].casefold()]
        number = _value(match["number"])
        if number is None or (dimension == "weight" and match["unit"].lower() == "g" and _is_network(text, match)):
            continue
        yield Measure(dimension, round(number * factor, 9), unit, match.start("number"), match.end())
        if match["packs"]:
            yield Measure("count", float(match["packs"]), "pieces", match.start("packs"), match.end("packs"))


def read_measure(text: str) -> Measure | None:
    """Return the measure that `text` is, when it is one and nothing else."""
    found = list(find_measures(text))
    whole = text.strip().rstrip(".")
    return found[0] if len(found) == 1 and found[0].end - found[0].start >= len(whole) else None


def _value(written: str) -> float | None:
    """Read "1 1/2", "3/4", "1,200.5". None for a division by nought."""
    total = 0.0
    for part in written.replace(",", "").split():
        above, _, below = part.partition("/")
        if below and float(below) == 0:
            return None
        total += float(above) / float(below) if below else float(above)
    return total


def _is_network(text: str, match: re.Match[str]) -> bool:
    """ "5G phone", "4G" are networks and no weights."""
    return match["number"] in {"2", "3", "4", "5", "6"} and match["unit"] == "G"


class Measures:
    """Claims from the measured values in titles and texts: has_attribute, qualified by the dimension."""

    name = "measures"
    version = "1"
    confidence = 0.9  # a title's number with a unit is nearly always the product's own; a description's less so

    @classmethod
    def learn(cls, documents: Sequence[Document]) -> "Measures":
        """Nothing is learnt: units are the same everywhere."""
        return cls()

    def extract(self, documents: Sequence[Document]) -> list[list[Claim]]:
        """Return the measures of each title. A description's measures may be another thing's, so it is not read."""
        return [[self._claim(document, found) for found in find_measures(document.title)] for document in documents]

    def _claim(self, document: Document, found: Measure) -> Claim:
        return Claim(
            subject=document.id,
            predicate="has_attribute",
            object=f"{found.number:g} {found.unit}",
            confidence=self.confidence,
            extractor=self.name,
            version=self.version,
            qualifier=found.dimension,
            number=found.number,
            unit=found.unit,
            evidence=Span("title", found.start, found.end, found.dimension),
            quote=document.title[found.start : found.end],
        )
