"""The forms in which one name is written, from the strictest to the loosest: two names that share one are one thing.

Knows spellings of names; does not know nodes.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files

import yaml

from embeddings.spelling import is_one_slip
from embeddings.words import fold, is_chinese, sound, tokens
from graphsvc.ontology import attribute_name, slug
from graphsvc.warehouse.standardise import fold as fold_spelling
from graphsvc.warehouse.standardise import other_words, vocabulary

COMPANY = re.compile(r"(股份|有限|责任|公司|集团|旗舰店|官方|品牌)+")
SOUNDING = 4  # letters of a name that may be told by its sound
SHORTEST = 7  # letters of a word in which one slip is believed
MARKS = re.compile(r"(?<=\w)[+#%]+|(?<!\w)[-−±<>≤≥](?=\s?\d)")  # signs that tell names apart: C++, -20 °C
NUMBER = re.compile(r"\d+(?:[.,/]\d+)*")


def written(name: str) -> str:
    """A name without spaces, hyphens, case and plurals; numbers that stand side by side stay apart ("RJ-45", "1.5")."""
    return _joined([_singular(word) for word in _words(name)]) + "".join(sorted(MARKS.findall(name)))


def trade(name: str) -> str:
    """A maker's name without what companies are called besides ("Sonnet Technologies Inc", "小米有限公司")."""
    words = [word for word in _words(COMPANY.sub("", name)) if word not in _listed()["legal"]]
    while len(words) > 1 and words[-1] in _listed()["trade"]:
        words.pop()
    found = _joined(words)
    return found if len(found) > 1 else ""


def scripts(name: str) -> frozenset[str]:
    """The maker's names that one in two scripts holds ("奥芮伦 Aurelune"), or its own; of a short part nothing."""
    words = [word for word in _words(COMPANY.sub(" ", name)) if not word.isdigit()]
    latin = trade(" ".join(word for word in words if not is_chinese(word)))
    han = "".join(word for word in words if is_chinese(word))
    return frozenset(part for part, least in ((latin, 3), (han, 2)) if len(part) >= least)


def sounds(name: str) -> frozenset[str]:
    """A maker's name in Latin letters: as it is written, or as its Chinese part sounds ("灶小二", "Zaoxiaoer")."""
    found = {sound(part) if is_chinese(part) else part for part in scripts(name)}
    return frozenset(part for part in found if len(part) >= SOUNDING and part.isalpha())


def standard(attribute: str, name: str) -> str:
    """The slug of the shop's own word for a value, "" where it has none; `attribute` may be a longer name of one
    ("product-colour")."""
    known = vocabulary()
    kinds = [kind for kind in (attribute, *re.split(r"[-_]", attribute)) if attribute_name(kind) in known]
    word = known[attribute_name(kinds[0])].get(fold_spelling(name)) if kinds else None
    return slug(word) if word else ""


def spellings(attribute: str, name: str) -> tuple[str, ...]:
    """A name, and what the other language calls it as a value of an attribute."""
    return (name, *other_words(attribute, name))


def is_slip(first: str, second: str) -> bool:
    """Whether two names differ by one slip in one long word, or by the order of their words. Numbers never differ."""
    one, other = _words(first), _words(second)
    if len(one) != len(other) or NUMBER.findall(fold(first)) != NUMBER.findall(fold(second)):
        return False
    if one != other and sorted(one) == sorted(other):
        return _says_the_same_in_any_order(one)
    apart = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(apart) == 1 and _is_typed_for(*apart[0])


def says(longer: str, shorter: str) -> bool:
    """Whether a name begins with the words of another."""
    words, first = _words(longer), _words(shorter)
    return bool(first) and len(words) > len(first) and words[: len(first)] == first


def _says_the_same_in_any_order(words: Sequence[str]) -> bool:
    """Not where a word tells what belongs to what, stands twice, or is one letter of a model's number ("500D")."""
    if _listed()["directed"].intersection(words) or len(set(words)) < len(words):
        return False
    return all(len(word) > 1 or word.isdigit() for word in words)


def _is_typed_for(first: str, second: str) -> bool:
    short = min(len(first), len(second))
    if short < SHORTEST or not (first.isalpha() and second.isalpha()) or is_chinese(first):
        return False
    return first[0] == second[0] and is_one_slip(first, second)


@cache
def _listed() -> Mapping[str, frozenset[str]]:
    table = yaml.safe_load((files(__package__) / "words.yaml").read_text("utf-8"))
    return {name: frozenset(words) for name, words in table.items()}


@lru_cache(200_000)
def _words(name: str) -> Sequence[str]:
    return tuple(tokens(name))


def _singular(word: str) -> str:
    """An English word without its plural's ending: no more, for stems make one of "general" and "generic"."""
    if len(word) < 4 or not word.isascii() or word.endswith(("ss", "us", "is")):
        return word
    for ending, instead in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending):
            return word.removesuffix(ending) + instead
    return word


def _joined(words: Sequence[str]) -> str:
    found = ""
    for word in words:
        found += f"|{word}" if found and found[-1].isdigit() and word[0].isdigit() else word
    return found
