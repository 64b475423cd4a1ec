"""More lessons from those there are: a table of ways, each of which makes one lesson out of one.

A text is taken apart into what is mentioned and what stands between; only the parts change, so that offsets are right
by construction. Knows texts and mentions; does not know what learns from them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random

from extractors.types import LabelledText, Mention
from extractors.units import is_han
from graphsvc.errors import InputError
from graphsvc.train.homophones import homophones

Translate = Callable[[Sequence[str]], Sequence[str]]
Part = tuple[str, str]  # a stretch of a text and its label, "" between mentions
CHANCE = 0.3  # that a mention is replaced by another, or a word by a synonym
NOISE = 0.1  # that a word has a slip
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(slots=True)
class Material:
    """What new lessons are made of. `surfaces`: how each label is written; `translate`: there and back again."""

    random: Random
    surfaces: Mapping[str, Sequence[str]] = field(default_factory=dict)
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    translate: Translate | None = None


Augment = Callable[[LabelledText, Material], LabelledText | None]


def augmented(
    lessons: Sequence[LabelledText],
    names: Sequence[str],
    seed: int = 1,
    synonyms: Mapping[str, Sequence[str]] | None = None,
    translate: Translate | None = None,
) -> list[LabelledText]:
    """The lessons, and of each one more by each way that changes it. Raises InputError for an unknown way."""
    unknown = set(names) - AUGMENTS.keys()
    if unknown:
        raise InputError(f"Unknown augmentation {', '.join(sorted(unknown))}.", f"Use some of {', '.join(AUGMENTS)}.")
    if "synonyms" in names and not synonyms:
        raise InputError("No synonyms are given.", "Load products first, or leave synonyms out.")
    if "translation" in names and translate is None:
        raise InputError("No translation model is given.", "Name two, or leave translation out.")
    material = Material(Random(seed), _surfaces(lessons), synonyms or {}, translate)
    made = (AUGMENTS[name](lesson, material) for name in names for lesson in lessons if _is_plain(lesson))
    return [*lessons, *(one for one in made if one is not None)]


def replace_mentions(lesson: LabelledText, material: Material) -> LabelledText | None:
    """Some mentions become others of their label, in the same script (Dai and Adel 2020)."""

    def another(text: str, label: str) -> str:
        alike = material.surfaces.get(label, ())
        others = [one for one in alike if one != text and _is_chinese(one) == _is_chinese(text)]
        return material.random.choice(others) if others and material.random.random() < CHANCE else text

    return _changed(lesson, [(another(text, label) if label else text, label) for text, label in _parts(lesson)])


def use_synonyms(lesson: LabelledText, material: Material) -> LabelledText | None:
    """Some words and phrases become others that mean the same; matched as they are written, the longest first."""
    pattern = _any_of(tuple(material.synonyms))

    def another(match: re.Match[str]) -> str:
        return material.random.choice(material.synonyms[match[0]]) if material.random.random() < CHANCE else match[0]

    return _changed(lesson, [(pattern.sub(another, text), label) for text, label in _parts(lesson)])


def add_noise(lesson: LabelledText, material: Material) -> LabelledText | None:
    """Slips of the keyboard: letters swapped, dropped or doubled; of Chinese, a character of the same sound."""

    def slip(match: re.Match[str]) -> str:
        word = match[0]
        if material.random.random() >= NOISE:
            return word
        at = material.random.randrange(1, len(word) - 1)
        before, here, after = word[:at], word[at], word[at + 1 :]
        slips = (before + after[0] + here + after[1:], before + after, before + here + here + after)
        return material.random.choice(slips)

    def same_sound(unit: str) -> str:
        alike = homophones(unit) if is_han(unit) and material.random.random() < NOISE else ""
        return material.random.choice(alike) if alike else unit

    parts = [("".join(map(same_sound, _WORD.sub(slip, text))), label) for text, label in _parts(lesson)]
    return _changed(lesson, parts)


def translate_back(lesson: LabelledText, material: Material) -> LabelledText | None:
    """Into another language and back (Sennrich et al. 2016); kept when every mention is found again, word by word."""
    assert material.translate is not None
    text = material.translate([lesson.text])[0]
    mentions: list[Mention] = []
    for mention in lesson.mentions:
        surface = lesson.text[mention.start : mention.end]
        places = [match.start() for match in re.finditer(re.escape(surface), text)]
        if len(places) != 1:
            return None
        mentions.append(replace(mention, start=places[0], end=places[0] + len(surface)))
    mentions.sort(key=lambda mention: mention.start)
    made = replace(lesson, text=text, mentions=tuple(mentions))
    return made if text != lesson.text and _is_plain(made) else None


AUGMENTS: Mapping[str, Augment] = {
    "mentions": replace_mentions,
    "synonyms": use_synonyms,
    "noise": add_noise,
    "translation": translate_back,
}


def _parts(lesson: LabelledText) -> Iterator[Part]:
    end = 0
    for mention in sorted(lesson.mentions, key=lambda one: one.start):
        yield lesson.text[end : mention.start], ""
        yield lesson.text[mention.start : mention.end], mention.label
        end = mention.end
    yield lesson.text[end:], ""


def _changed(lesson: LabelledText, parts: Sequence[Part]) -> LabelledText | None:
    text, mentions = "", []
    for written, label in parts:
        if label:
            mentions.append(Mention(len(text), len(text) + len(written), label))
        text += written
    return replace(lesson, text=text, mentions=tuple(mentions)) if text != lesson.text else None


def _is_plain(lesson: LabelledText) -> bool:
    """Whether mentions stand apart, so that the text can be taken apart."""
    order = sorted(lesson.mentions, key=lambda one: one.start)
    return all(before.end <= after.start for before, after in zip(order, order[1:], strict=False))


def _surfaces(lessons: Sequence[LabelledText]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for lesson in lessons:
        for mention in lesson.mentions:
            found.setdefault(mention.label, {})[lesson.text[mention.start : mention.end]] = None
    return {label: list(surfaces) for label, surfaces in found.items()}


def _is_chinese(text: str) -> bool:
    return any(map(is_han, text))


@cache
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    whole = r"(?<![^\W_]){}(?![^\W_])"  # a word of letters is not looked for inside another
    longest_first = sorted(words, key=len, reverse=True)
    parts = (whole.format(re.escape(one)) if one.isascii() else re.escape(one) for one in longest_first)
    return re.compile("|".join(parts))
