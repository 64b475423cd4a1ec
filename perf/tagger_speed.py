"""A tagger on int8 against torch fp32: 1.7 times as fast for .005 of F1, its student of half depth 3.2 for .015.

Both serve as `Tagger.emissions`, title by title, and so does the network in torch with fp32 in the same place of the
same tagger: reading and the cheap tier are the same. Each title is asked of all in turn, on one thread, in CPU time.
F1 is of the titles of dev that are unseen. Taggers are trained by `python -m perf.tagger_speed --train` (an hour or
more, once) and kept beside other results.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from extractors.pieces import NO_COVER, PieceText
from extractors.tagger import Tagger
from extractors.types import Floats, LabelledText, Mention
from graphsvc.evaluate.mentions import score
from graphsvc.labels import read_labels
from graphsvc.labels.lessons import few, lessons_of
from graphsvc.models.code_version import code_version
from graphsvc.read_model import model_cache
from graphsvc.train import mentions
from graphsvc.train.batches import mask, pad
from graphsvc.train.export import export
from graphsvc.train.material import digest_of
from graphsvc.train.plan import Plan
from perf._kept import marks_of, models_folder
from perf._runs import Spoken, load_code
from perf._search import folder_of
from perf._verdicts import said

DATA = "mentions"
WARM = 20  # titles
BATCH, BATCHED = 32, 320  # titles
NETWORK = "network.pt"
PLANS = {"tagger": Plan(), "student": Plan(student=True)}
BOUNDS = {"tagger": (1.7, 0.005), "student": (3.2, 0.015)}  # times as fast, loss of F1
Texts = Sequence[LabelledText]


class TorchTagger(Tagger):
    """The same tagger with its network as it was trained, in torch."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._network: Any = torch.load(folder / NETWORK, weights_only=False).float().eval()

    def _run(self, read: PieceText) -> Floats:
        ids = torch.tensor([read.ids])
        with torch.inference_mode():
            found: Floats = self._network.emissions(
                ids, torch.tensor([read.covers]), torch.ones_like(ids), torch.tensor([read.heads])
            )[0].numpy()
        return found

    def batched(self, texts: Sequence[str]) -> float:
        """CPU ms a text of the network alone, many texts of alike length at once: what torch is at its best."""
        rows = sorted((self._reader.read(text) for text in texts), key=lambda read: len(read.ids))
        began = time.process_time()
        for at in range(0, len(rows), BATCH):
            part = rows[at : at + BATCH]
            ids = [read.ids for read in part]
            covers, heads = pad([read.covers for read in part], NO_COVER), pad([read.heads for read in part], 0)
            with torch.inference_mode():
                self._network.emissions(pad(ids, 0), covers, mask(ids).long(), heads)
        return 1e3 * (time.process_time() - began) / len(rows)


class Timed:
    """A tagger whose network is timed apart."""

    def __init__(self, tagger: Tagger) -> None:
        self.tagger, self.seconds, self.network_seconds = tagger, 0.0, 0.0
        self.found: list[list[Mention]] = []
        self._run = tagger._run
        patch.object(tagger, "_run", self._timed).start()

    def ask(self, text: str) -> None:
        began = time.process_time()
        emissions = self.tagger.emissions(text)
        self.seconds += time.process_time() - began
        self.found.append(self.tagger.decode(text, emissions, self.tagger.card.temperature))

    def forget(self) -> None:
        """What was asked to warm up counts nothing."""
        self.seconds, self.network_seconds, self.found = 0.0, 0.0, []

    def _timed(self, read: PieceText) -> Floats:
        began = time.process_time()
        found = self._run(read)
        self.network_seconds += time.process_time() - began
        return found


def main() -> int:
    asked = _options()
    folder = folder_of(DATA) / "taobao"
    if not folder.is_dir():
        print("taobao: not run, the data set is absent (set GRAPHSVC_DATA)")
        return 0
    lessons, test = (_texts(folder / name) for name in ("train.txt", "dev.txt"))
    learnt = few(lessons, asked.titles, 1)[0] if asked.titles else lessons
    home, marks = models_folder("taggers"), marks_of(digest_of(learnt), asked.epochs)
    if asked.train:
        load_code()
        for name, plan in PLANS.items():
            train(plan, learnt, asked.epochs, home / f"{name}.{marks}.{code_version()}")
    folders = {name: kept(home, f"{name}.{marks}.") for name in PLANS}
    if None in folders.values():
        print("taggers: not run, none are trained (python -m perf.tagger_speed --train)")
        return 0
    return judge({name: one for name, one in folders.items() if one is not None}, learnt, test)


def train(plan: Plan, learnt: Texts, epochs: float | None, folder: Path) -> None:
    """Train into a folder that is there when it is whole, the network in torch beside the model that serves.

    A training that was killed goes on from its last checkpoint.
    """
    if folder.is_dir():
        print(f"{folder.name}: kept", flush=True)
        return
    part = folder.with_name(f"{folder.name}.part")
    began = time.process_time()

    def keep_and_export(network: Any, *rest: Any, **options: Any) -> None:
        torch.save(network, part / NETWORK)  # before the export changes how it attends
        export(network, *rest, **options)

    with patch.object(mentions, "export", keep_and_export):
        mentions.train_mentions(learnt, replace(plan, epochs=epochs), part, model_cache(), Spoken())
    part.rename(folder)
    print(f"{folder.name}: trained in {(time.process_time() - began) / 60:.1f} CPU minutes", flush=True)


def kept(home: Path, name: str) -> Path | None:
    """The folder of this code, else the one that was trained last; None where there is none."""
    found = [path for path in home.glob(f"{name}*") if path.suffix != ".part"]
    own = [path for path in found if path.name == f"{name}{code_version()}"]
    return max(own or found, key=lambda path: path.stat().st_mtime, default=None)


def judge(folders: Mapping[str, Path], learnt: Texts, test: Texts) -> int:
    """Ask every title of all in turn, and say the ratios. Returns the exit status."""
    torch.set_num_threads(1)
    network = TorchTagger(folders["tagger"])
    plain = Timed(network)
    small = {name: Timed(Tagger(folder)) for name, folder in folders.items()}
    every = [plain, *small.values()]
    for one in test[:WARM]:
        _ask(every, one.text)
    for timed in every:
        timed.forget()
    for at, one in enumerate(test):
        _ask(every[at % len(every) :] + every[: at % len(every)], one.text)
    wanted = f1(learnt, test, plain)
    print(
        f"{len(learnt):,} titles learnt from, {len(test):,} asked; {', '.join(path.name for path in folders.values())}"
    )
    print(f"torch fp32: {_ms(plain, test)}, F1 on unseen {wanted:.4f}")
    best = network.batched([one.text for one in test[:BATCHED]])
    print(f"torch fp32, {BATCH} titles of alike length at once: {best:.2f} CPU ms a title, the network alone")
    held = [_judge(name, timed, plain, f1(learnt, test, timed) - wanted, test) for name, timed in small.items()]
    return 0 if all(held) else 1


def _judge(name: str, timed: Timed, plain: Timed, gained: float, test: Texts) -> bool:
    fast, loss = BOUNDS[name]
    ratio, alone = plain.seconds / timed.seconds, plain.network_seconds / timed.network_seconds
    print(f"{name} int8: {_ms(timed, test)}; its network alone {alone:.2f} times as fast")
    for text, good in (
        (f"torch fp32 / {name} int8, CPU a title = {ratio:.2f}, bound {fast}", ratio >= fast),
        (f"{name} int8 loses {-gained:.4f} of F1 on unseen, bound {loss}", -gained <= loss),
    ):
        print(f"{text}: {said(good)}")
    return ratio >= fast and -gained <= loss


def f1(learnt: Texts, test: Texts, timed: Timed) -> float:
    return float(score(learnt, test, timed.found)["unseen"]["f1"])


def _ask(every: Sequence[Timed], text: str) -> None:
    for timed in every:
        timed.ask(text)


def _ms(timed: Timed, test: Texts) -> str:
    whole, alone = (1e3 * seconds / len(test) for seconds in (timed.seconds, timed.network_seconds))
    return f"{whole:.2f} CPU ms a title, of these {alone:.2f} the network"


def _texts(path: Path) -> Texts:
    return lessons_of(read_labels(path, None).items, LabelledText, path.name)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m perf.tagger_speed", description=__doc__)
    parser.add_argument("--train", action="store_true", help="train what is not kept; else only measure")
    parser.add_argument("--titles", type=int, default=0, help="learn from only so many; 0: all")
    parser.add_argument("--epochs", type=float, help="times that they are read; else as many as half an hour allows")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
