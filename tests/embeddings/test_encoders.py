import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from embeddings.cache import VectorCache
from embeddings.encoders import ENCODERS, Encoder, choose_encoder, load_encoder
from embeddings.errors import UnknownEncoder
from embeddings.quantised import Int8Vectors

MODELS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "graphsvc" / "models"
TEXTS = ["cordless drill 18v", "red dress", "", "power drill without a cord", "牛奶 250毫升", "red dress"]


@pytest.fixture(params=sorted(ENCODERS))
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return load_encoder(request.param, MODELS)


def test_contract(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(vectors[1], vectors[5], atol=1e-6)
    assert vectors[0] @ vectors[3] > vectors[0] @ vectors[1]
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_int8_is_close_to_the_weights_in_full() -> None:
    from embeddings.minilm import weights
    from embeddings.sentence_transformer import load

    texts = [
        f"{thing} {n} pack, {colour}" for n, colour in enumerate(("red", "blue", "steel")) for thing in ("pan", "tap")
    ]
    full, quantised = load(str(weights())).encode(texts), load_encoder("minilm", MODELS).encode(texts)
    assert (full * quantised).sum(1).min() > 0.97


def test_serving_imports_no_torch() -> None:
    program = (
        "import sys; from pathlib import Path; from embeddings.encoders import load_encoder\n"
        f"for name in {sorted(ENCODERS)!r}: load_encoder(name, Path({str(MODELS)!r})).encode(['drill'], kind='query')\n"
        "sys.exit('torch' in sys.modules)"
    )
    load_encoder("minilm", MODELS)
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_unknown_encoder_says_what_there_is() -> None:
    with pytest.raises(UnknownEncoder, match="minilm"):
        load_encoder("./no-such-folder", MODELS)


def test_choice_follows_the_languages() -> None:
    assert choose_encoder(Counter(en=100)) == "minilm"
    assert choose_encoder(Counter(en=50, zh=50)) == "use"
    assert choose_encoder({}) == "minilm"


class Letters:
    """A small real encoder: counts of letters, so that cache tests load no model."""

    name, version, dimensions = "letters", "1", 26

    def encode(self, texts: list[str], *, kind: str = "passage", progress: object = None) -> np.ndarray:
        counts = np.array([[text.count(chr(97 + n)) for n in range(26)] for text in texts], np.float32).reshape(-1, 26)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)


def test_cache_encodes_each_text_once(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, Letters())
    texts = ["abc", "abd", "abc", "xyz"]
    vectors = cache.vectors(texts)
    np.testing.assert_allclose(vectors, Letters().encode(texts), atol=1e-3)
    assert cache.encoded == 3
    again = VectorCache(tmp_path, Letters())
    np.testing.assert_array_equal(again.vectors(texts), vectors)
    assert again.encoded == 0
    again.vectors(["new", "abc"])
    assert again.encoded == 1


def test_cache_survives_cuts_and_flips(tmp_path: Path) -> None:
    texts = [f"{chr(97 + n)}{chr(98 + n)}" for n in range(20)]
    expected = VectorCache(tmp_path, Letters()).vectors(texts)
    (vectors_file,) = tmp_path.glob("*.vectors")
    whole = vectors_file.read_bytes()
    vectors_file.write_bytes(whole[: len(whole) // 2 + 3])
    cache = VectorCache(tmp_path, Letters())
    np.testing.assert_array_equal(cache.vectors(texts), expected)
    assert cache.encoded == 10
    flipped = bytearray(vectors_file.read_bytes())
    flipped[5 * 52 + 1] ^= 0xFF
    vectors_file.write_bytes(flipped)
    cache = VectorCache(tmp_path, Letters())
    np.testing.assert_array_equal(cache.vectors(texts), expected)
    assert cache.encoded == 15


def test_int8_scan_is_close_and_equal_to_numpy() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(500, 64)).astype(np.float32) + 0.5
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = Int8Vectors.from_arrays(Int8Vectors.build(vectors).arrays())
    for query in vectors[:5]:
        found = index.scan(query)
        np.testing.assert_allclose(found, vectors @ query, atol=0.01)
        scale = np.float32(np.abs(query).max() / 127)
        codes = np.rint(query / scale).astype(np.int32)
        twin = (index.codes.astype(np.int32) @ codes).astype(np.float32) * index.scales * scale
        np.testing.assert_allclose(found, twin + np.float32(query @ index.mean), atol=1e-6)
    part = Int8Vectors.build(vectors[:7], mean=index.mean)
    np.testing.assert_array_equal(part.scan(vectors[0]), index.scan(vectors[0])[:7])
