"""Columns of tokens and tags: BIO, IOB1, BIOES, BMES, BILOU; a token a line, a blank line after each text.

Tokens of one character are joined as they are; words with a space between. Knows tags and how tokens make a text.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from extractors.types import LabelledText, Mention
from graphsvc.errors import LabelError
from graphsvc.labels.items import Item, Problem, each, lesson, sound_text
from graphsvc.labels.rows import Line, blocks

TAG = re.compile(r"O|([BIESMLU])-(.+)")
DOCUMENT = "-DOCSTART-"
FIRST, LAST = "BSU", "ESLU"  # parts that begin a mention whatever stands before, and that end one
ATTACHED = ("Mn", "Me", "Cf", "Sk")  # categories of what belongs to the character before


def read(content: str, file: str) -> Iterator[Item | Problem]:
    """Read texts with their mentions."""
    return each(blocks(content), file, _texts)


def write(items: Iterable[Item]) -> Iterator[str]:
    """Write texts one character a line. Raises LabelError for relations and for mentions that overlap."""
    for item in items:
        if not isinstance(item, LabelledText):
            raise LabelError(f"{item.origin}: columns of tags hold no relations.", "Export as own, jsonl, labelstudio.")
        separator = "\t" if any(" " in mention.label for mention in item.mentions) else " "
        tags = _tags(item)
        yield "".join(f"{one}{separator}{tag}\n" for one, tag in zip(item.text, tags, strict=True)) + "\n"


def has_tag(line: str) -> bool:
    """Whether a line ends in a column that is a tag."""
    return line.startswith(DOCUMENT) or TAG.fullmatch(_cut(line)[1]) is not None


def _texts(rows: Sequence[Line], origin: str) -> Iterator[Item]:
    kept = [_row(number, line) for number, line in rows if not line.startswith(DOCUMENT)]
    if kept:
        tokens = [token for token, _ in kept]
        text, starts = _joined(tokens)
        yield lesson(sound_text(text), _mentions(kept, starts), origin)


def _cut(line: str) -> tuple[str, str]:
    """Token and tag. The token may itself be a space or a tab."""
    separator = "\t" if "\t" in line[1:] else " "
    before, _, tag = line.rpartition(separator)
    return before if len(before) == 1 else before.partition(separator)[0], tag


def _row(number: int, line: str) -> tuple[str, str]:
    token, tag = _cut(line)
    if not token:
        raise LabelError(f"Line {number} has one column: {line[:40]!r}.", "Give a token and its tag.")
    if TAG.fullmatch(tag) is None:
        raise LabelError(f"Line {number} has no tag in its last column but {tag[:40]!r}.", "Use O, B-LABEL, I-LABEL.")
    return token, tag


def _joined(tokens: Sequence[str]) -> tuple[str, list[int]]:
    """The text that tokens make, and where each begins. One word among them, and all are words."""
    spaced = any(sum(unicodedata.category(one) not in ATTACHED for one in token) > 1 for token in tokens)
    text, starts = "", []
    for at, token in enumerate(tokens):
        if at and spaced and not _touch(tokens[at - 1], token):
            text += " "
        starts.append(len(text))
        text += token
    return text, starts


def _touch(before: str, token: str) -> bool:
    """Whether two tokens of one character, one of them Chinese or Japanese, stand side by side among words."""
    return len(before) == len(token) == 1 and any(unicodedata.east_asian_width(one) in "WF" for one in before + token)


def _mentions(rows: Sequence[tuple[str, str]], starts: Sequence[int]) -> list[Mention]:
    """Mentions of tags. What continues a mention that is not there begins one, as in IOB1."""
    found: list[Mention] = []
    label = ""
    for (token, tag), start in zip(rows, starts, strict=True):
        part, _, name = tag.partition("-")
        if part != "O":
            begun = start if part in FIRST or name != label else found.pop().start
            found.append(Mention(begun, start + len(token), name))
        label = "" if part in LAST else name
    return found


def _tags(item: LabelledText) -> list[str]:
    if "\n" in item.text or "\r" in item.text:
        raise LabelError(f"{item.origin}: columns of tags hold no line break.", "Export as own, jsonl or labelstudio.")
    tags = ["O"] * len(item.text)
    for mention in item.mentions:
        if any(tag != "O" for tag in tags[mention.start : mention.end]):
            raise LabelError(f"{item.origin}: mentions overlap, and columns of tags cannot.", "Export as own or jsonl.")
        if mention.label != " ".join(mention.label.split()):
            raise LabelError(f"{item.origin}: {mention.label!r} cannot be a tag.", "Export as own or jsonl.")
        tags[mention.start : mention.end] = [f"I-{mention.label}"] * (mention.end - mention.start)
        tags[mention.start] = f"B-{mention.label}"
    return tags
