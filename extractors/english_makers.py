"""What an English text says a product is made of, who made it and to which collection it belongs.

Knows the words around "made of", "by" and "collection"; `english_relations` finds those.
"""

import re
from collections.abc import Iterator, Mapping

from extractors.english_tails import WORD_BEFORE, head_before, is_measure, is_model, read_tail
from extractors.relation_words import Found, found, relation_words
from extractors.shop_names import Names, singular

Place = tuple[int, int]
_NAME = re.compile(r"([A-Z0-9][\w'&.-]*(?: [\w'&.-]+){0,4}?) (?:collection|series|family|line|range)\b", re.IGNORECASE)
_MAKER = re.compile(r"\s+((?:the )?[A-Z][\w'&.-]*(?: (?:&|of|and|[A-Z][\w'&.-]*)){0,3})\s*(?=$|[-–,;|(/.]\s|[.)]?$)")


def read_collection(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    """ "part of the Hampton collection"."""
    name = _NAME.match(text, match.end() + 1)
    if name:
        yield found("part_of", None, (name.start(), name.end()), 0.9)


def read_line(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    """ "BRAND Name Collection" at the beginning of a text: the brand must be known."""
    before = text[: match.start()].rstrip()
    words = before.split(" ")
    if len(words) > 7 or not before or re.search(r"[,;:(/|]|\b(?:for|with|by|fits)\b", before, re.IGNORECASE):
        return
    for count in range(min(4, len(words) - 1), 0, -1):
        if _folded(words[:count]) in names.brands:
            count = max([count, *(at + 1 for at in range(count, len(words) - 1) if is_model(words[at].casefold()))])
            while words[count].isdigit() and len(words[count]) > 4 or words[count].casefold() in _lists()["trailing"]:
                count += 1
                if count == len(words):
                    return
            name = words[count:]
            if len(name) <= 3 and _is_line(name):
                yield found("part_of", None, (len(" ".join(words[:count])) + 1, match.end()), 0.85)
            return


def read_material(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    """ "made of solid oak", "100 % cotton": what ends in a known material, and is not said of a part."""
    lists = _lists()
    start = match.end()
    verb = re.compile(r"\s+(?:is|are)\s+$").search(text, max(0, start - 30), match.start())
    head = head_before(text, verb.start() if verb else match.start())
    if head and singular(text[slice(*head)].casefold()) in lists["parts"]:
        return
    tail = read_tail(text, start)
    if tail is None:
        return
    share = "%" in match.group()
    places = [at + 1 for at, word in enumerate(tail.words) if word.text in lists["materials"]] or [0]
    last = places[0] if share else places[-1]
    after = tail.words[last].text if last < len(tail.words) else ""
    if not 0 < last <= 4 or after in lists["inside"] or any(is_measure(w.text) for w in tail.words[:last]):
        return
    if share and last > 3:
        return
    yield found("made_from", head, (tail.words[0].start, tail.words[last - 1].end), 0.9)


def read_maker(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    """A maker at the end of a text, or after "made by"."""
    line = _line_by(text, match, names)
    if line:
        yield found("made_by", None, line, 0.85)
        return
    before = WORD_BEFORE.search(text, max(0, match.start() - 30), match.start())
    alone = " " not in match.group()
    word = before[1].casefold() if before else ""
    maker = _MAKER.match(text, match.end())
    if not maker or (alone and (not word or word.endswith("ed") or word in _lists()["not_makers"])):
        return
    if alone and text[maker.end() :].strip(" .)"):
        return
    if alone and re.search(r"\bfor\b", text[: match.start()], re.IGNORECASE) or not _is_maker(maker[1], names):
        return
    yield found("made_by", head_before(text, match.start()), maker.span(1), 0.85)


def _line_by(text: str, match: re.Match[str], names: Names) -> Place | None:
    """The maker after a line's name at the beginning: "Keyspan by Tripp Lite USB adapter". A brand must be known."""
    line = text[: match.start()].split()
    if not 0 < len(line) <= 4 or not re.fullmatch(r"[\w'&. -]+", text[: match.start()]):
        return None
    words = list(re.compile(r"[\w'&.-]+").finditer(text, match.end()))[:3]
    for count in range(len(words), 0, -1):
        maker = [word.group() for word in words[:count]]
        if (
            {_folded(maker), _folded([*line, "by", *maker])} & names.brands
            and maker[0][0].isupper()
            and _is_maker(" ".join(maker), names)
        ):
            return words[0].start(), words[count - 1].end()
    return None


def _is_maker(name: str, names: Names) -> bool:
    """Whether no word of a name is a colour, a person, a kind of product or a model."""
    words = name.casefold().split()
    no = _lists()["trailing"] | _lists()["persons"] | _lists()["stops"] | {"size", "the", "you", "usb", "hand"}
    kinds = _lists()["kinds"] | names.kinds
    return not any(word in no or singular(word) in kinds or is_model(word) for word in words)


def _is_line(words: list[str]) -> bool:
    """Whether words can be the name of a collection: capitalised, and not only colours."""
    lists = _lists()
    if not words or any(is_measure(word) and not (word.isdigit() and len(word) > 2) for word in words) or "&" in words:
        return False
    if not all(word[0].isupper() or word[0].isdigit() for word in words if word):
        return False
    told = [word.casefold() for word in words]
    return all(words) and not all(word in lists["trailing"] for word in told) and not set(told) & lists["stops"]


def _folded(words: list[str]) -> str:
    return " ".join(word.strip(".,;:!?()[]\"'™®©").casefold() for word in words)


def _lists() -> Mapping[str, frozenset[str]]:
    return relation_words("english")
