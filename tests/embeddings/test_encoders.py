import multiprocessing
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from embeddings import e5, minilm, use
from embeddings.encoders import ENCODERS, Encoder, choose_encoder, load_encoder
from embeddings.errors import ConversionFailed, UnknownEncoder
from embeddings.onnx_export import MODEL, TABLES, ensure_onnx
from embeddings.sentence_transformer import load, load_as

ROOT = Path(__file__).parent.parent.parent
MODELS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "graphsvc" / "models"
TEXTS = [
    "cordless drill 18v",
    "red dress",
    "",
    "power drill without a cord",
    "牛奶 250毫升",
    "red dress",
    "\ud800 ☂ \0",
]
TITLES = [
    "Milwaukee M18 18-Volt Lithium-Ion Cordless 1/2 in. Drill Driver Kit", "Stainless steel pan 28 cm, induction",
    "4-Light Brushed Nickel Vanity Light with Frosted Glass Shades", "shower tap", "Women's red linen summer dress",
]  # fmt: skip


@pytest.fixture(params=sorted(ENCODERS))
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return load_encoder(request.param, MODELS)


def test_contract(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[3] > vectors[0] @ vectors[1]
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_a_vector_depends_on_its_text_alone(encoder: Encoder) -> None:
    texts = [*TITLES, *TEXTS, "x" * 5_000, "drill " * 300]
    reports: list[tuple[int, int]] = []
    together = encoder.encode(texts, progress=lambda done, of: reports.append((done, of)))
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(load_encoder(encoder.name, MODELS, threads=3).encode(texts), alone)
    assert reports[-1] == (len(texts), len(texts))


@pytest.mark.parametrize("name", ["minilm", "e5"])
@pytest.mark.parametrize("kind", ["query", "passage"])
def test_int8_is_close_to_the_weights_in_full(name: str, kind: str) -> None:
    folder, card = {
        "minilm": lambda: (minilm.weights(), minilm.CARD),
        "e5": lambda: (e5.weights(MODELS), e5.CARD),
    }[name]()
    full = load_as(str(folder), card)  # the way of bulk encoding, here on torch's CPU device
    quantised = load_encoder(name, MODELS)
    assert (full.name, full.version, full.dimensions) == (quantised.name, quantised.version, quantised.dimensions)
    cosines = (full.encode(TITLES, kind=kind) * quantised.encode(TITLES, kind=kind)).sum(1)
    assert cosines.mean() > 0.99
    assert cosines.min() > 0.98


def test_chinese_meets_english() -> None:
    for name in ("use", "e5"):
        encoder = load_encoder(name, MODELS)
        queries = encoder.encode(["红色连衣裙", "电钻", "洗发水"], kind="query")
        passages = encoder.encode(["red dress for women", "cordless power drill", "hair shampoo 500 ml"])
        assert (queries @ passages.T).argmax(1).tolist() == [0, 1, 2], name


def test_serving_imports_no_torch(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from embeddings.encoders import load_encoder\n"
        f"for name in {sorted(ENCODERS)!r}: load_encoder(name, Path({str(MODELS)!r})).encode(['drill'], kind='query')\n"
        "sys.exit('torch' in sys.modules)"
    )
    for name in ENCODERS:
        load_encoder(name, MODELS)
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0


def test_a_folder_is_an_encoder_whose_version_follows_its_weights(tiny: Path) -> None:
    first = load(str(tiny))
    vectors = first.encode(["a b", "b", "a b"])
    assert vectors.shape == (3, first.dimensions)
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-6)
    assert load(str(tiny)).version == first.version
    write_tiny(tiny, seed=2)
    again = load(str(tiny))
    assert (again.name, again.version == first.version) == (first.name, False)


def test_processes_that_convert_at_once_make_one_sound_model(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        made = pool.starmap(ensure_onnx, [(tiny, folder, "tiny")] * 2)
    assert made[0] == made[1]
    assert [path for path in folder.iterdir() if path.is_dir()] == [made[0].parent]  # the scratch folders are gone
    for damaged in (MODEL, TABLES):
        path = made[0].with_name(damaged)
        sound = path.read_bytes()
        path.write_bytes(sound[:-9] + b"!")
        assert ensure_onnx(tiny, folder, "tiny").with_name(damaged).read_bytes() == sound


def test_who_asks_for_an_open_model_shares_it() -> None:
    one, other = use.load(MODELS, threads=1, bulk=False), use.load(MODELS, threads=2, bulk=True)
    assert one._session is other._session  # type: ignore[attr-defined]


def test_large_tables_are_mapped_and_change_no_vector(tmp_path: Path) -> None:
    whole, made = use._weights(), ensure_onnx(use._weights(), tmp_path, "use")
    assert made.stat().st_size < made.with_name(TABLES).stat().st_size
    texts, parted = ["a red kettle", "红色水壶", ""], use.UseEncoder(made, threads=1)
    np.testing.assert_array_equal(parted.encode(texts), use.UseEncoder(whole, threads=1).encode(texts))
    if Path("/proc/self/maps").exists():
        assert str(made.with_name(TABLES)) in Path("/proc/self/maps").read_text("utf-8")


def test_weights_that_cannot_be_converted_say_why(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConversionFailed, match="make setup"):
        ensure_onnx(tmp_path, tmp_path / "made", "wrong")


def test_unknown_encoder_says_what_there_is() -> None:
    with pytest.raises(UnknownEncoder, match="minilm"):
        load_encoder("./no-such-folder", MODELS)


def test_choice_follows_the_languages() -> None:
    assert choose_encoder(Counter(en=100)) == "minilm"
    assert choose_encoder(Counter(en=50, zh=50)) == "use"
    assert choose_encoder({}) == "minilm"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    write_tiny(folder, seed=1)
    return folder


def write_tiny(folder: Path, seed: int) -> None:
    """A real BERT of 2 layers with random weights."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(exist_ok=True)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"]))
    torch.manual_seed(seed)
    config = BertConfig(vocab_size=8, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    BertModel(config).save_pretrained(folder)
    BertTokenizerFast(vocab=str(vocabulary)).save_pretrained(folder)
