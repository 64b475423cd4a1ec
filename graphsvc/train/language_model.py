"""`train language-model`: an encoder goes on learning the language of a shop's own texts, by filling gaps.

Gururangan et al. 2020, "Don't stop pretraining". No packaged encoder brings its head, so that the head learns first.
Knows texts and folders; does not know what the encoder will be used for.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from graphsvc.errors import InputError
from graphsvc.labels.split import is_test
from graphsvc.train.encoders import Base, load_base
from graphsvc.train.masked import MaskedNetwork, collate
from graphsvc.train.plan import Plan
from graphsvc.train.trainer import Collate, Lessons, fit

Progress = Callable[[str, int, int], None]
GAPS = ("<mask>", "[MASK]")
LONGEST, SHORTEST = 128, 3  # pieces of a row
KEPT_BACK = 5  # percent of the texts, by which it is judged
HEAD = 0.2  # of the epochs: the head alone
JUDGED = 50  # batches


@dataclass(frozen=True, slots=True)
class Learnt:
    """`before` and `after`: perplexity of texts kept back, when the head had learnt and in the end."""

    curve: list[dict[str, float]]
    before: float
    after: float
    texts: int


def train_language_model(
    texts: Sequence[str],
    plan: Plan,
    folder: Path,
    scratch: Path,
    cache: Path,
    progress: Progress = lambda step, done, of: None,
) -> Learnt:
    """Write an encoder's folder that can be given wherever an encoder is. `scratch` keeps checkpoints.

    Raises InputError for too few texts.
    """
    base = load_base(plan.encoder, texts, cache)
    gap = _gap(base)
    kept_back = [is_test(f"kept back {text}", KEPT_BACK) for text in texts]
    learnt, unseen = (
        _rows([text for text, back in zip(texts, kept_back, strict=True) if back == side], base)
        for side in (False, True)
    )
    if not learnt or not unseen:
        raise InputError(f"{len(texts):,} texts are too few to learn a language.", "Give hundreds, or thousands.")
    batches = partial(collate, padding=base.padding, gap=gap, pieces=base.tokenizer.get_vocab_size())
    torch.manual_seed(plan.seed)
    network = MaskedNetwork(base.network)
    plan = plan.settled(sum(len(row["input_ids"]) for row in learnt), base.network.config.num_hidden_layers)
    network.head_alone = True
    first = replace(plan, epochs=max(1.0, HEAD * (plan.epochs or 1.0)), averaging=0.0)
    curve = fit(
        network, learnt, batches, first, scratch / "head", lambda step, of: progress("the head learns first", step, of)
    )
    network.head_alone = False
    before = _perplexity(network, unseen, batches, plan)
    curve += fit(
        network, learnt, batches, plan, scratch / "whole",
        lambda step, of: progress("learning the language", step, of),
    )  # fmt: skip
    _save(base, folder)
    return Learnt(curve, before, _perplexity(network, unseen, batches, plan), len(texts))


def _gap(base: Base) -> int:
    """The piece that stands for a gap; made where the tokenizer has none."""
    for name in GAPS:
        found = base.tokenizer.token_to_id(name)
        if found is not None:
            return int(found)
    base.tokenizer.add_special_tokens([GAPS[0]])
    base.network.resize_token_embeddings(base.tokenizer.get_vocab_size(), mean_resizing=False)
    return int(base.tokenizer.token_to_id(GAPS[0]))


def _rows(texts: Sequence[str], base: Base) -> list[dict[str, Any]]:
    """Texts as rows of pieces, a long one as several."""
    first, last = base.reader.first, base.reader.last
    rows = []
    for encoding in base.tokenizer.encode_batch(list(texts), add_special_tokens=False):
        for at in range(0, len(encoding.ids), LONGEST - 2):
            row = [first, *encoding.ids[at : at + LONGEST - 2], last]
            if len(row) >= SHORTEST:
                rows.append({"input_ids": row})
    return rows


def _perplexity(network: MaskedNetwork, rows: Lessons, batches: Collate, plan: Plan) -> float:
    """How many pieces it hesitates between; the gaps are the same each time."""
    network.eval()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        device = network.bias.device
        parts = [rows[at : at + plan.batch] for at in range(0, len(rows), plan.batch)][:JUDGED]
        losses = [
            float(network(**{name: one.to(device) for name, one in batches(part).items()})["loss"]) for part in parts
        ]
    return round(math.exp(sum(losses) / len(losses)), 3)


def _save(base: Base, folder: Path) -> None:
    """As `load_base` reads it: the tokenizer by its own file, whatever the encoder's kind would have."""
    from transformers import PreTrainedTokenizerFast

    base.network.requires_grad_(True).cpu().save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=base.tokenizer).save_pretrained(folder)  # type: ignore[no-untyped-call]
