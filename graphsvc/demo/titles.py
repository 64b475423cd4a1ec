"""The rule by which the grocer's products, which have no titles, get one that a person can read.

A title is "TYPE, SIZE, private label": the type written out, the size where there is one, and the last words only for
the house's own brand. Fruit and vegetables whose size is that of the crate ("40 LB" of bananas) go without it. A type
that names nothing ("PREMIUM") is told as "CATEGORY: TYPE"; a product without a type takes its category, one without
either its department. Capitals become sentence case; shortened words are written out where `words.yaml` is sure of
them; what the source cut off inside a bracket is dropped. Nothing else is added, so alike products stay alike.

Knows spelling; does not know tables or files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import gcd

import yaml

WORD = re.compile(r"[A-Za-z0-9%$.'’-]*[A-Za-z0-9%$.]")
CUT_OFF = re.compile(r"\s*\([^()]*$")
MULTIPACK = re.compile(r"(\d+)(?:\s*(?:PK|CT))?\s*/\s*(\d*\.?\d+)\s+([A-Z]+)\*?")
CRATE = re.compile(r"(?:RR)?(\d+(?:\.\d+)?)(?:\s+\d/\d|-\d+)?\s+(LB|CT)")
PACKS_LAST = re.compile(r"(\d*\.?\d+)\s+([A-Z]+)\s*/\s*(\d+)\s*PK")


@dataclass(frozen=True, slots=True)
class Words:
    """The committed vocabulary. Phrases stand longest first; vague words name no thing."""

    phrases: Mapping[str, str]
    words: Mapping[str, str]
    departments: Mapping[str, str]
    units: Mapping[str, str]
    vague: frozenset[str]


@cache
def vocabulary() -> Words:
    """Read `words.yaml`."""
    table = yaml.safe_load((files(__package__) / "words.yaml").read_text("utf-8"))
    phrases = sorted(table["phrases"].items(), key=lambda pair: -len(pair[0]))
    written = {word.upper(): word for word in table["written"].split()}
    return Words(
        dict(phrases), {**table["words"], **written}, table["departments"], table["units"],
        frozenset(table["vague"].split()),
    )  # fmt: skip


def title_of(department: str, category: str | None, kind: str | None, size: str | None, *, private: bool) -> str:
    """Compose the title of one product from its raw fields; see the rule above."""
    name = readable(kind or category or "") or department_name(department)
    if kind and category and is_vague(kind):
        name = f"{readable(category)}: {_lower_first(name)}"
    pack = "" if is_crate(department, size) else readable_size(size)
    return ", ".join(part for part in (name, pack, "private label" if private else "") if part)


def category_path(department: str, category: str | None, kind: str | None) -> str:
    """The way from department to type, each written out, joined by " > "; a missing step and a repeated one are left
    out."""  # fmt: skip
    steps = [department_name(department)]
    for step in (category, kind):
        name = readable(step or "")
        if name and name != steps[-1]:
            steps.append(name)
    return " > ".join(step.replace(">", "") for step in steps)


def department_name(department: str) -> str:
    """A department, written out."""
    return vocabulary().departments.get(department) or readable(department)


def is_crate(department: str, size: str | None) -> bool:
    """Whether a size is that of the crate that the shop buys, not of what it sells: produce over 10 lb or 19 ct."""
    found = CRATE.fullmatch(size or "") if department == "PRODUCE" else None
    return found is not None and float(found[1]) > (10 if found[2] == "LB" else 19)


def is_vague(kind: str) -> bool:
    """Whether a type names no thing by itself ("PREMIUM", "SPECIAL EVERYDAY")."""
    return all(word in vocabulary().vague for word in re.findall(r"[A-Z.]+", kind))


@cache
def readable(text: str) -> str:
    """A shouted, shortened text in sentence case: "FRZN CORN ON THE COB" → "Frozen corn on the cob"."""
    parts = {}
    for number, (phrase, written) in enumerate(vocabulary().phrases.items()):
        if phrase in text:
            parts[chr(0xE000 + number)] = written  # a private character keeps its place, and its case, until the end
            text = text.replace(phrase, chr(0xE000 + number))
    text = CUT_OFF.sub("", text)
    text = re.sub(r"\bW/\s*(?=[A-Z])", "with ", re.sub(r"\bW/O\s+", "without ", text))
    text = text.replace("-MAGAZINE", " magazine").replace("&", " & ")
    text = re.sub(r"\s*:\s*", ": ", re.sub(r"(?<=[^\s(])\(", " (", text))
    text = WORD.sub(lambda found: _word(found[0]), text)
    for mark, written in parts.items():
        text = text.replace(mark, written)
    text = " ".join(re.sub(r":(?=\S)", ": ", text).split()).strip(" -:,")
    return text[:1].upper() + text[1:]


def _word(word: str) -> str:
    known = vocabulary().words
    return known.get(word) or "-".join(known.get(part) or part.lower() for part in word.split("-"))


def _lower_first(text: str) -> str:
    first = text.split(" ")[0]
    return (
        text
        if first.upper() in vocabulary().words or first[1:] != first[1:].lower()
        else first.lower() + text[len(first) :]
    )


@cache
def readable_size(size: str | None) -> str:
    """A pack size as people write it: "12 PK/12 OZ" → "12 x 12 oz", "10/6.75 OZ" → "10 x 6.75 oz"; "1/2 GAL" stays a
    fraction."""  # fmt: skip
    plain = " ".join((size or "").split())
    if found := PACKS_LAST.fullmatch(plain):
        plain = f"{found[3]} x {found[1]} {found[2]}"
    elif (found := MULTIPACK.fullmatch(plain)) and not _is_fraction(plain, found):
        plain = f"{found[1]} x {found[2]} {found[3]}"
    return " ".join(vocabulary().units.get(word.rstrip("*"), word.lower()) for word in plain.split(" "))


def _is_fraction(plain: str, found: re.Match[str]) -> bool:
    """Of "a/b" alone, one in lowest terms over 2, 3, 4, 8 or 16 is a part of a unit, anything else so many units."""
    if "PK" in plain or "CT" in plain.split("/")[0] or "." in found[2]:
        return False
    above, below = int(found[1]), int(found[2])
    return below in (2, 3, 4, 8, 16) and above < below and gcd(above, below) == 1
