from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.arrays import read_arrays, write_arrays
from embeddings.errors import DamagedFile
from embeddings.strings import Strings, pack_strings

ARRAYS = {
    "a": np.arange(12, dtype=np.float32).reshape(3, 4),
    "empty": np.zeros((0, 7), np.int64),
    "b": np.array([True, False]),
    "scalar": np.array(3, np.int32),
}


def test_round_trip(tmp_path: Path) -> None:
    write_arrays(tmp_path / "x", ARRAYS, {"offset": 7})
    arrays, meta = read_arrays(tmp_path / "x")
    assert meta == {"offset": 7}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape
    assert not arrays["a"].flags.writeable


def test_every_flipped_byte_and_every_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_arrays(path, {"a": ARRAYS["a"]}, {"offset": 7})
    sound = path.read_bytes()
    padding = 0
    for at in range(len(sound)):
        broken = bytearray(sound)
        broken[at] ^= 0x55
        path.write_bytes(broken)
        try:
            arrays, _ = read_arrays(path)
        except DamagedFile:
            continue
        np.testing.assert_array_equal(arrays["a"], ARRAYS["a"])  # only the padding may change unnoticed
        padding += 1
    assert padding < 64
    for length in range(0, len(sound), 7):
        path.write_bytes(sound[:length])
        with pytest.raises(DamagedFile):
            read_arrays(path)


def test_missing_file_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile):
        read_arrays(tmp_path / "nothing")


@given(st.lists(st.text(st.characters(codec=None))))
def test_strings_round_trip(strings: list[str]) -> None:
    packed = Strings(*pack_strings(strings))
    assert list(packed) == strings
    assert packed[:2] == strings[:2]
