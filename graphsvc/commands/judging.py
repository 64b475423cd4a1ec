"""`evaluate mentions|relations|attributes|gain`: models trained by the product's own defaults, judged by labels.

Reads what is given and shows what was found; how it is judged stands in `graphsvc.evaluate`.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from extractors.types import Claim, Document, LabelledPair, LabelledText
from graphsvc.commands.labels import say_leaks
from graphsvc.commands.scores import show_scores
from graphsvc.commands.terminal import dump, errors, out, progress
from graphsvc.errors import InputError
from graphsvc.labels import READERS, leak, read_labels
from graphsvc.labels.lessons import Kind, few, lessons_of, own_split
from graphsvc.labels.split import text_id
from graphsvc.language_model import extractor_faults
from graphsvc.read_model import model_cache
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.train.material import documents_of
from graphsvc.train.plan import Plan, plan_of

Train = Annotated[Path, typer.Option(help="labelled data to learn from, gzipped or not")]
Test = Annotated[Path | None, typer.Option(help="labelled data to be judged by")]
Split = Annotated[bool, typer.Option("--split", help="without a test: keep 20 % of the texts for it, by their SHA-1")]
Format = Annotated[str | None, typer.Option(help=f"{', '.join(READERS)}; guessed from the content without one")]
Lessons = Annotated[
    int,
    typer.Option("--labels", "--lessons", min=0, help="learn from only so many texts, drawn by seed; 0: all",
                 show_default=False),
]  # fmt: skip
Extractor = Annotated[str, typer.Option(help="tagger, or crf: its cheap tier alone")]
Seeds = Annotated[int, typer.Option(min=1, help="train so many times; figures are means")]
Encoder = Annotated[str, typer.Option(help="auto, e5, minilm, a Hugging Face id or a folder")]
Epochs = Annotated[
    float | None, typer.Option(help="times that the lessons are read; else as many as half an hour allows")
]
Json = Annotated[bool, typer.Option("--json", help="one JSON object on the last line")]
AROUND = 40  # characters shown on either side of a value


def mentions(
    train: Train, test: Test = None, split: Split = False, format: Format = None, lessons: Lessons = 0,
    extractor: Extractor = "tagger", seeds: Seeds = 1, encoder: Encoder = "auto", epochs: Epochs = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Train a finder of mentions and judge it on other texts: strict F1, of all and of unseen texts, by label.

    Examples:

      python -m graphsvc evaluate mentions --train train.txt --test dev.txt --seeds 3 --json

      python -m graphsvc evaluate mentions --train train.txt --labels 300
    """
    _judge_texts("mentions", train, test, split, format, lessons, extractor, seeds, (encoder, epochs), json)


def attributes(
    train: Train, test: Test = None, split: Split = False, format: Format = None, lessons: Lessons = 0,
    extractor: Extractor = "tagger", seeds: Seeds = 1, encoder: Encoder = "auto", epochs: Epochs = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Train a finder of attribute values and judge it on other products. A category, where labels name one, is read.

    Example:  python -m graphsvc evaluate attributes --train train.jsonl --test test.jsonl --format oamine --json
    """
    _judge_texts("attributes", train, test, split, format, lessons, extractor, seeds, (encoder, epochs), json)


def relations(
    train: Train, test: Test = None, split: Split = False, format: Format = None,
    end_to_end: Annotated[
        bool, typer.Option("--end-to-end", help="also find the mentions, and judge head, tail and relation together")
    ] = False,
    seeds: Seeds = 1, encoder: Encoder = "auto", epochs: Epochs = None, json: Json = False,
) -> None:  # fmt: skip
    """Train a model of relations and judge it on other pairs, by SemEval's measure where relations name a direction.

    Example:  python -m graphsvc evaluate relations --train train.txt --test valid.txt --end-to-end --json
    """
    with errors(), extractor_faults(), progress() as report:
        from graphsvc.evaluate.relations import evaluate_relations
        from graphsvc.evaluate.triples import is_directed

        learnt, judged = _given(LabelledPair, train, test, format, split)
        found = evaluate_relations(
            learnt, judged, model_cache(), directed=is_directed(learnt), end_to_end=end_to_end, seeds=seeds,
            plan=_plan("relations", encoder, epochs), progress=report,
        )  # fmt: skip
    _show(found, json)


def gain(
    context: typer.Context,
    catalogue: Annotated[Path, typer.Option(help="products: any file that `ingest` takes")],
    attribute: Annotated[str | None, typer.Option(help="of this attribute alone")] = None,
    seeds: Seeds = 1,
    shown: Annotated[int, typer.Option("--show", min=0, help="show so many products with what they gained")] = 0,
    json: Json = False,
) -> None:
    """Import a catalogue into a throw-away shop, hide values of its fields, and find them again without a label.

    Example:  python -m graphsvc evaluate gain --catalogue catalogue.csv.gz --show 20 --json
    """
    with errors(), tempfile.TemporaryDirectory(prefix="graphsvc-") as folder, progress() as report:
        from graphsvc.evaluate.gain import evaluate_gain
        from graphsvc.learning import canonical_phrase, learn_values

        settings: Settings = context.obj.model_copy(update={"home": Path(folder) / "shop", "learn": False})
        with Service(settings, purpose="an evaluation") as service:
            service.ingest(str(catalogue), asset="products", name="judged", build=False, progress=report)
            documents = _documents(service, attribute)
        gained: list[tuple[Document, Claim]] = []
        learn = partial(learn_values, settings.encoder, model_cache(), settings.threads)
        found = evaluate_gain(
            documents, learn, canonical_phrase, seeds=seeds, progress=report,
            gain=lambda document, claim: gained.append((document, claim)),
        )  # fmt: skip
    _show_gained(gained, shown)
    _show(found, json)


def _judge_texts(
    task: str, train: Path, test: Path | None, split: bool, format: str | None, lessons: int, extractor: str,
    seeds: int, options: tuple[str, float | None], json: bool,
) -> None:  # fmt: skip
    with errors(), extractor_faults(), progress() as report:
        from graphsvc.evaluate.mentions import evaluate_mentions

        learnt, judged = _given(LabelledText, train, test, format, split, lessons)
        found = evaluate_mentions(
            learnt, judged, model_cache(), extractor=extractor, seeds=seeds, lessons=lessons,
            plan=_plan(task, *options), task=task, progress=report,
        )  # fmt: skip
    _show(found, json)


def _given(
    kind: type[Kind], train: Path, test: Path | None, format: str | None, split: bool, lessons: int = 0
) -> tuple[Sequence[Kind], Sequence[Kind]]:
    """What is learnt from and what is judged by; the latter may only be empty where few lessons leave others."""
    learnt = lessons_of(read_labels(train, format).items, kind, train.name)
    if test is None:
        if not split and not lessons:
            raise InputError("There is no test.", "Name one with --test, or take a part of the training: --split.")
        return own_split(learnt) if split else (learnt, [])
    judged = lessons_of(read_labels(test, format).items, kind, test.name)
    seen = few(learnt, lessons, 1)[0] if lessons else learnt
    say_leaks([leak(train.name, seen, test.name, judged)])
    return learnt, judged


def _plan(task: str, encoder: str, epochs: float | None) -> Plan:
    return plan_of({"encoder": encoder, "epochs": epochs}, task=task)


def _documents(service: Service, attribute: str | None) -> list[Document]:
    """The products, of whose attributes only one is kept where one is named."""
    found = documents_of(service.warehouse, service.history())
    if attribute is None:
        return found
    if not any(attribute in document.fields for document in found):
        names = sorted({name for document in found for name in document.fields})
        raise InputError(f"No product has the attribute {attribute!r}.", f"There are {', '.join(names)}.")
    kept = ("brand", "manufacturer", attribute)
    return [replace(one, fields={name: values for name, values in one.fields.items() if name in kept}) for one in found]


def _show(found: Mapping[str, Any], json: bool) -> None:
    show_scores(found)
    out.print(f"{found['train']:,} learnt from, {found['test']:,} judged by, {found['seeds']} times", markup=False)
    if json:
        dump(found)


def _show_gained(gained: Sequence[tuple[Document, Claim]], count: int) -> None:
    """Some products that gained a value, drawn by a digest, with where their texts say it."""
    for document, claim in sorted(gained, key=lambda one: text_id(one[0].id))[:count]:
        out.print(f"{document.id}  {document.title}", markup=False)
        out.print(
            f"    {claim.qualifier}: {claim.object} ({claim.confidence:.2f})  {_context(document, claim)}", markup=False
        )


def _context(document: Document, claim: Claim) -> str:
    """The quoted words between « and », with what stands around them."""
    assert claim.evidence is not None
    text = document.title if claim.evidence.field == "title" else document.text
    start, end = claim.evidence.start, claim.evidence.end
    return f"{text[max(0, start - AROUND) : start]}«{text[start:end]}»{text[end : end + AROUND]}"
