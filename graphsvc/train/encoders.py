"""The encoders that models are made of: a name, a Hugging Face id or a folder → tokenizer and network.

The vocabulary of multilingual-e5-small is cut to what Chinese and English need: most of its weight are pieces of other
scripts, which every checkpoint would carry. Knows folders; trains nothing.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings import e5, minilm
from extractors.pieces import PieceReader
from extractors.units import HAN
from graphsvc.errors import InputError
from graphsvc.train.layers import layers_of

CHINESE = 0.02  # share of Chinese lessons from which the encoder must know both languages
AUTO = "e5"  # for English, too: unlike MiniLM it knows case, which brands and models are written with
NAMED: dict[str, Callable[[Path], Path]] = {"e5": e5.weights, "minilm": lambda cache: minilm.weights()}
_HAN = re.compile(f"[{HAN}]")


@dataclass(slots=True)
class Base:
    """An encoder to start from: its network in torch, its tokenizer, and how texts are read for it."""

    name: str
    network: Any
    tokenizer: Any
    reader: PieceReader
    padding: int


def has_chinese(texts: Sequence[str]) -> bool:
    """Whether an encoder of these texts must know Chinese."""
    return sum(1 for text in texts if _HAN.search(text)) > CHINESE * len(texts)


def load_base(name: str, texts: Sequence[str], cache: Path, layers: int = 0) -> Base:
    """Load an encoder for lessons of these texts; "auto" is AUTO. `layers`: so many of the lower ones, 0 for all.

    Raises InputError when there is no such model.
    """
    chosen = AUTO if name == "auto" else name
    if chosen in NAMED:
        folder = NAMED[chosen](cache)
        tokenizer = _tokenizer_of(folder)
    else:
        folder = Path(chosen)
        tokenizer = _foreign_tokenizer(chosen)
    network = _network_of(str(folder) if chosen in NAMED else chosen)
    if chosen == "e5":
        tokenizer = _cut(tokenizer, network, texts)
    if layers:
        kept = layers_of(network)[:layers]
        network.encoder.layer, network.config.num_hidden_layers = kept, len(kept)
    special = json.loads(tokenizer.to_str())["post_processor"]
    first, last = _ends(tokenizer, special)
    padding = network.config.pad_token_id or 0
    return Base(chosen, network, tokenizer, PieceReader(tokenizer, first, last), padding)


def _ends(tokenizer: Any, special: Any) -> tuple[int, int]:
    """The pieces that the tokenizer itself puts at both ends of a text."""
    ids = tokenizer.encode("a").ids
    if special is None or len(ids) < 3:
        raise InputError("The encoder's tokenizer marks no ends of a text.", "Use one like BERT's.")
    return ids[0], ids[-1]


def _tokenizer_of(folder: Path) -> Any:
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    return found


def _foreign_tokenizer(name: str) -> Any:
    from transformers import AutoTokenizer

    try:
        found = AutoTokenizer.from_pretrained(name).backend_tokenizer
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            f"The encoder {name!r} cannot be loaded: {str(error).splitlines()[0]}",
            f"Use one of {', '.join(NAMED)}, a Hugging Face id, or a folder with a fast tokenizer.",
        ) from error
    found.no_padding()
    found.no_truncation()
    return found


def _network_of(name: str) -> Any:
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return AutoModel.from_pretrained(name, add_pooling_layer=False)
    except TypeError:  # not every encoder has a pooling layer to leave out
        return AutoModel.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise InputError(
            f"The encoder {name!r} cannot be loaded: {str(error).splitlines()[0]}",
            f"Use one of {', '.join(NAMED)}, a Hugging Face id, or a folder.",
        ) from error


def _is_kept(piece: str) -> bool:
    """Chinese, plain ASCII, and every single character, so that any text can be read.

    The likeliest ASCII pieces are not enough: with 16,000 of the 83,008 a third of English words are read otherwise.
    """
    return len(piece) < 2 or piece.isascii() or _HAN.search(piece) is not None


def _cut(tokenizer: Any, network: Any, texts: Iterable[str]) -> Any:
    """A tokenizer of the kept pieces; the network's table of embeddings shrinks with it."""
    import torch
    from tokenizers import Tokenizer

    whole = json.loads(tokenizer.to_str())
    pieces = whole["model"]["vocab"]
    used = {piece for encoding in tokenizer.encode_batch(list(texts)) for piece in encoding.ids}
    specials = [token["id"] for token in whole["added_tokens"]]
    kept = sorted({*used, *specials, *(at for at, (piece, _) in enumerate(pieces) if _is_kept(piece.strip("▁")))})
    place = {old: new for new, old in enumerate(kept)}
    whole["model"]["vocab"] = [pieces[at] for at in kept]
    whole["model"]["unk_id"] = place[whole["model"]["unk_id"]]
    for token in whole["added_tokens"]:
        token["id"] = place[token["id"]]
    for token in whole["post_processor"]["special_tokens"].values():
        token["ids"] = [place[at] for at in token["ids"]]
    table = network.get_input_embeddings()
    rows = table.weight.detach().numpy()[np.array(kept)]
    smaller = torch.nn.Embedding(len(kept), rows.shape[1], _weight=torch.from_numpy(rows))
    network.set_input_embeddings(smaller)
    network.config.vocab_size = len(kept)
    network.config.pad_token_id = place[network.config.pad_token_id]
    return Tokenizer.from_str(json.dumps(whole))
