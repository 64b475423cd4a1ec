"""Label Studio's JSON export: tasks with a text, and annotations of regions of type "labels" and relations between.

Its offsets count UTF-16 units, as JavaScript does. Each annotation is a lesson of its own: where two people labelled
one text differently, both stand side by side. Other kinds of results, such as choices, are no labels of ours.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from extractors.types import Mention
from graphsvc.errors import LabelError
from graphsvc.labels.items import Item, Problem, each, sound_mention, sound_text
from graphsvc.labels.rows import json_list, json_object, json_rows
from graphsvc.labels.sheets import Sheet, items_of, sheets_of

NONE = "none"  # the label of a relation that says that there is none
PAIRS = "pairs"
CONTROL = {"from_name": "label", "to_name": "text"}  # names of the tags in the labelling interface
Result = Mapping[str, Any]


def read(content: str, file: str) -> Iterator[Item | Problem]:
    """Read texts with their mentions, and pairs where relations stand between regions."""
    return each(json_rows(content), file, _items)


def write(items: Iterable[Item]) -> Iterator[str]:
    """Write one JSON array with a task for each text. Origins and confidences are left out."""
    before = "[\n"
    for sheet in sheets_of(items):
        yield before + json.dumps(_task(sheet), ensure_ascii=False)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def _items(value: object, origin: str) -> Iterator[Item]:
    task = json_object(value)
    data = json_object(task.get("data"))
    text = sound_text(_text(data))
    done = [json_object(one) for one in json_list(task.get("annotations"))]
    kept = [one for one in done if not one.get("was_cancelled")]
    if not kept:
        raise LabelError("The task has no annotation.", "Label it, or export only what is labelled.")
    for annotation in kept:
        results = [json_object(result) for result in json_list(annotation.get("result"))]
        yield from items_of(_sheet(text, results, data.get("kind") != PAIRS), origin)


def _text(data: Result) -> object:
    """The task's text: the one called so, or the only one there is."""
    texts = [value for value in data.values() if isinstance(value, str)]
    return data.get("text", texts[0] if len(texts) == 1 else None)


def _sheet(text: str, results: Sequence[Result], whole: bool) -> Sheet:
    units = {unit: at for at, unit in enumerate(_units(text))}
    mentions: list[Mention] = []
    regions: dict[object, int] = {}
    for result in results:
        if result.get("type") == "labels":
            regions[str(result.get("id"))] = len(mentions)
            mentions += _mentions(text, units, json_object(result.get("value")))
    links = [link for result in results if result.get("type") == "relation" for link in _links(result, regions)]
    return Sheet(text, mentions, links, whole)


def _units(text: str) -> list[int]:
    """Where each character begins, and the last ends, in UTF-16 units."""
    return list(accumulate((2 if one > "\uffff" else 1 for one in text), initial=0))


def _mentions(text: str, units: Mapping[int, int], value: Result) -> Iterator[Mention]:
    ends = value.get("start"), value.get("end")
    start, end = (units.get(unit) if type(unit) is int else None for unit in ends)
    if start is None or end is None:
        raise LabelError(f"A region from {ends[0]} to {ends[1]} does not lie within the text.", "Label it anew.")
    said = value.get("text")
    if isinstance(said, str) and _bare(said) != _bare(text[start:end]):
        raise LabelError(
            f"The region “{said}” should stand at {ends[0]} to {ends[1]}, where “{text[start:end]}” is.",
            "Offsets count UTF-16 units; correct them, or label it anew.",
        )
    labels = json_list(value.get("labels"))
    if not labels:
        raise LabelError(f"The region “{text[start:end]}” has no label.", "Give it one, or take it out.")
    for label in labels:
        yield sound_mention(text, start, end, label)


def _bare(text: str) -> str:
    """A text without white space, which Label Studio folds, or writes as \\n, in what it quotes."""
    return "".join(text.replace("\\n", " ").split())


def _links(result: Result, regions: Mapping[object, int]) -> Iterator[tuple[int, int, str]]:
    ends = [regions.get(str(result.get(key))) for key in ("from_id", "to_id")]
    labels = json_list(result.get("labels") or [])
    if ends[0] is None or ends[1] is None or not labels:
        raise LabelError("A relation lacks an end or a name.", "Name it and join two regions, or take it out.")
    direction = result.get("direction") or "right"
    for label in labels:
        name = "" if label == NONE else label
        if direction != "left":
            yield ends[0], ends[1], name
        if direction != "right":
            yield ends[1], ends[0], name


def _task(sheet: Sheet) -> dict[str, Any]:
    units = _units(sheet.text)
    results: list[dict[str, Any]] = [
        {"id": f"r{at}", **CONTROL, "type": "labels", "value": _value(sheet.text, units, mention)}
        for at, mention in enumerate(sheet.mentions)
    ]
    results += [
        {"from_id": f"r{head}", "to_id": f"r{tail}", "type": "relation", "direction": "right", "labels": [name or NONE]}
        for head, tail, name in sheet.links
    ]
    data = {"text": sheet.text} if sheet.whole else {"text": sheet.text, "kind": PAIRS}
    return {"data": data, "annotations": [{"result": results}]}


def _value(text: str, units: Sequence[int], mention: Mention) -> dict[str, Any]:
    return {
        "start": units[mention.start],
        "end": units[mention.end],
        "text": text[mention.start : mention.end],
        "labels": [mention.label],
    }
