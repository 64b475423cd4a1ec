import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
import torch

from extractors.bio import spans_of
from extractors.chain_decoding import best_path
from extractors.crf import CrfTagger
from extractors.errors import DamagedModel
from extractors.pieces import windows
from extractors.tagger import CARD, CHEAP, LEAST, MODEL, TOKENIZER, Tagger, TaggerCard
from extractors.types import Floats, LabelledText, Mention
from extractors.units import units_of
from tests.extractors.tiny_models import TaggerFolder

TEXTS = ["red pan", "红色裙子", "lamp / blue", "pan for rug", "黑色 毛衣 / shirt", "white, mug"]
LONG = "red pan / 红色裙子 for lamp, " * 12
INT8 = 0.05  # how far 8 bits move an emission; emissions lie between -4 and 4


@pytest.fixture
def folder(tiny_tagger: TaggerFolder, tmp_path: Path) -> Path:
    """A copy of the tiny folder that a test may spoil."""
    return Path(copytree(tiny_tagger.folder, tmp_path / "copy"))


def changed(folder: Path, **fields: object) -> Tagger:
    replace(TaggerCard.load(folder), **fields).save(folder)  # type: ignore[arg-type]
    return Tagger(folder)


def in_torch(made: TaggerFolder, text: str, context: str = "", longest: int = 256) -> Floats:
    """Emissions of the network that the folder was exported from, window by window, without the cheap tier."""
    rows = []
    for part, begin, end in windows(made.base.reader.read(text, context), longest):
        ids, covers, heads = (torch.tensor([list(row)]) for row in (part.ids, part.covers, part.heads))
        with torch.no_grad():
            rows.append(made.network.emissions(ids, covers, torch.ones_like(ids), heads)[0].numpy()[begin:end])
    found: Floats = np.concatenate(rows)
    return found


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("context", ["", "paint"])
def test_the_folder_gives_what_torch_gives(tiny_tagger: TaggerFolder, folder: Path, text: str, context: str) -> None:
    expected = in_torch(tiny_tagger, text, context)
    tagger = changed(folder, blend=0.0)
    np.testing.assert_allclose(tagger.emissions(text, context), expected, atol=INT8)
    chain = tiny_tagger.network.chain
    assert chain is not None
    parts = [part.detach().numpy() for part in (chain.between(), chain.first(), chain.end)]
    units = units_of(text)
    spans = spans_of([tiny_tagger.tags[at] for at in best_path(expected, *parts)])
    (found,) = tagger.find([text], [context])
    assert [(one.start, one.end, one.label) for one in found] == [
        (units[first].start, units[last].end, label) for first, last, label in spans
    ]


def test_who_never_saw_a_context_reads_none(folder: Path) -> None:
    knows, never = changed(folder), changed(folder, context=False)
    assert knows.find(["red pan"], ["paint"]) != never.find(["red pan"], ["paint"])
    assert never.find(["red pan"], ["paint"]) == never.find(["red pan"])


def test_the_cheap_tier_is_blended_in(tiny_tagger: TaggerFolder, folder: Path) -> None:
    cheap = CrfTagger((folder / CHEAP).read_bytes())
    order = [cheap.tags.index(tag) for tag in tiny_tagger.tags]
    plain = changed(folder, blend=0.0).emissions("red pan")
    expected = plain + 0.5 * np.log(cheap.marginals("red pan")[:, order] + LEAST)
    np.testing.assert_allclose(changed(folder, blend=0.5).emissions("red pan"), expected, atol=1e-5)
    (folder / CHEAP).unlink()
    np.testing.assert_allclose(Tagger(folder).emissions("red pan"), plain, atol=1e-6)


def test_a_cheap_tier_that_knows_fewer_tags(folder: Path) -> None:
    (folder / CHEAP).write_bytes(CrfTagger.fit([LabelledText("red pan", (Mention(0, 3, "colour"),))]).to_bytes())
    emissions = Tagger(folder).emissions("红色裙子")
    assert emissions.shape == (4, 3)
    assert np.isfinite(emissions).all()


@pytest.mark.parametrize("longest", [12, 40])
def test_texts_longer_than_a_window(tiny_tagger: TaggerFolder, folder: Path, longest: int) -> None:
    tagger = changed(folder, longest=longest, blend=0.0)
    expected = in_torch(tiny_tagger, LONG, longest=longest)
    assert len(expected) == len(units_of(LONG))
    np.testing.assert_allclose(tagger.emissions(LONG), expected, atol=INT8)


def test_all_mentions_of_a_long_text_are_found(folder: Path) -> None:
    (found,) = changed(folder, longest=24).find([LONG])
    assert [LONG[one.start : one.end] for one in found] == ["red", "红色"] * 12


def test_a_word_of_more_pieces_than_the_network_takes(folder: Path) -> None:
    (found,) = Tagger(folder).find(["x" * 2_000 + " / red"])
    assert [(one.start, one.end) for one in found] in ([], [(2_003, 2_006)])


def test_texts_without_units(folder: Path) -> None:
    tagger = Tagger(folder)
    assert tagger.find(["", " \n"]) == [[], []]
    assert tagger.emissions("").shape == (0, 3)


def test_below_the_threshold_it_abstains(folder: Path) -> None:
    found = [one for mentions in Tagger(folder).find(TEXTS) for one in mentions]
    middle = sorted(one.confidence for one in found)[len(found) // 2]
    kept = [one for mentions in changed(folder, threshold=middle + 5e-5).find(TEXTS) for one in mentions]
    assert kept == [one for one in found if one.confidence > middle]
    assert 0 < len(kept) < len(found)
    assert changed(folder, threshold=1.1).find(TEXTS) == [[] for _ in TEXTS]


def test_a_temperature_changes_confidences_and_nothing_else(folder: Path) -> None:
    cold, warm = Tagger(folder).find(TEXTS), changed(folder, temperature=3.0).find(TEXTS)
    for one, other in zip(sum(cold, []), sum(warm, []), strict=True):
        assert replace(one, confidence=other.confidence) == other
        assert other.confidence < one.confidence


def test_a_card_goes_through_its_file(folder: Path) -> None:
    card = TaggerCard.load(folder)
    card.save(folder)
    assert TaggerCard.load(folder) == card
    assert Tagger(folder).version == card.version


@pytest.mark.parametrize("file", [CARD, MODEL, TOKENIZER])
def test_a_folder_that_lacks_a_file(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(DamagedModel):
        Tagger(folder)


@pytest.mark.parametrize("file", [CARD, MODEL, TOKENIZER, CHEAP])
@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\x00\xfe", b"nothing"])
def test_a_folder_with_a_spoilt_file(folder: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    with pytest.raises(DamagedModel):
        Tagger(folder)


@pytest.mark.parametrize("fields", [{"between": []}, {"end": [0.0]}, {"tags": ["O"]}, {"start": "red"}, {"tags": []}])
def test_a_card_whose_chain_does_not_fit(folder: Path, fields: dict[str, object]) -> None:
    (folder / CARD).write_text(json.dumps(json.loads((folder / CARD).read_text()) | fields))
    with pytest.raises(DamagedModel, match="chain"):
        Tagger(folder)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DamagedModel, match="holds no tagger"):
        Tagger(tmp_path / "none")
