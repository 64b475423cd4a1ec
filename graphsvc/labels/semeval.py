"""SemEval-2010 task 8: blocks of a numbered sentence in quotes with <e1> and <e2>, a relation, and a comment.

The pair's head is e1 and its tail e2; the relation keeps its own direction: "Component-Whole(e2,e1)".
"""

import re
from collections.abc import Iterator, Sequence

from extractors.types import LabelledPair
from graphsvc.errors import LabelError
from graphsvc.labels.items import ENTITY, Item, Problem, each, sound_mention
from graphsvc.labels.rows import Line, blocks

TAGS = re.compile(r"<(/?)(e[12])>")
SENTENCE = re.compile(r'\d+\t"?(.*?)"?')
RELATION = re.compile(r"[\w-]+\(e[12],e[12]\)")
NONE = "Other"


def read(content: str, file: str) -> Iterator[Item | Problem]:
    """Read pairs."""
    return each(blocks(content), file, _pair)


def _pair(rows: Sequence[Line], origin: str) -> Iterator[Item]:
    found = SENTENCE.fullmatch(rows[0][1])
    if found is None:
        raise LabelError("The block does not begin with a number and a sentence.", 'Write: 1, a tab, "the sentence".')
    relation = rows[1][1].strip() if len(rows) > 1 else ""
    if relation != NONE and RELATION.fullmatch(relation) is None:
        raise LabelError(f"“{relation[:40]}” is no relation.", "Write Other, or one such as Cause-Effect(e1,e2).")
    text, places = _untagged(found[1])
    head, tail = (sound_mention(text, places.get(name), places.get("/" + name), ENTITY) for name in ("e1", "e2"))
    yield LabelledPair(text, head, tail, "" if relation == NONE else relation, origin)


def _untagged(sentence: str) -> tuple[str, dict[str, int]]:
    """A sentence without its tags, and where each of them stood."""
    text, places, done = "", {}, 0
    for tag in TAGS.finditer(sentence):
        text += sentence[done : tag.start()]
        done = tag.end()
        if tag[1] + tag[2] in places:
            raise LabelError(f"{tag[0]} stands twice.", "Mark one e1 and one e2.")
        places[tag[1] + tag[2]] = len(text)
    if len(places) != 4:
        raise LabelError("The sentence lacks a tag.", "Mark one <e1>...</e1> and one <e2>...</e2>.")
    return text + sentence[done:], places
