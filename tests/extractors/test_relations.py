from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
import torch

from extractors.errors import DamagedModel
from extractors.relations import CARD, MODEL, NONE, TOKENIZER, Related, RelationCard, Relations
from extractors.types import LabelledPair, Mention
from graphsvc.train import relations
from graphsvc.train.relations import _row
from tests.extractors.tiny_models import RELATIONS, RelationFolder, labelled_pairs

INT8 = 0.005  # of a probability
PAIRS = labelled_pairs()


@pytest.fixture
def folder(tiny_relations: RelationFolder, tmp_path: Path) -> Path:
    """A copy of the tiny folder that a test may spoil."""
    return Path(copytree(tiny_relations.folder, tmp_path / "copy"))


def changed(folder: Path, **fields: object) -> Relations:
    replace(RelationCard.load(folder), **fields).save(folder)  # type: ignore[arg-type]
    return Relations(folder)


def related(model: Relations, pair: LabelledPair) -> Related:
    (found,) = model.relate([(pair.text, pair.head, pair.tail)])
    return found


def test_the_folder_gives_what_torch_gives(tiny_relations: RelationFolder, folder: Path) -> None:
    model = Relations(folder)
    for pair in PAIRS[::5]:
        batch = tiny_relations.collate([_row(pair, tiny_relations.base, RELATIONS)])
        del batch["labels"]
        with torch.no_grad():
            expected = torch.softmax(tiny_relations.network.logits(**batch)[0], 0).numpy()
        found = model.probabilities(pair.text, pair.head, pair.tail)
        np.testing.assert_allclose(found, expected, atol=INT8)


def test_it_relates_as_it_was_taught(folder: Path) -> None:
    model = Relations(folder)
    found = model.relate((pair.text, pair.head, pair.tail) for pair in PAIRS)
    assert [one.relation for one in found] == [pair.relation for pair in PAIRS]
    assert all(0.5 < one.confidence <= 1 for one in found)
    assert model.relate([]) == []


def test_probabilities_sum_to_one(folder: Path) -> None:
    for temperature in (0.1, 1.0, 10.0):
        model = changed(folder, temperature=temperature, allowed={"beside": [["a", "b"]]})
        for pair in PAIRS[::9]:
            found = model.probabilities(pair.text, pair.head, pair.tail)
            assert found.shape == (len(RELATIONS),)
            assert found.sum() == pytest.approx(1, abs=1e-5)
            assert found[RELATIONS.index("beside")] == 0


def test_a_high_temperature_makes_it_less_sure(folder: Path) -> None:
    before = related(Relations(folder), PAIRS[0])
    after = related(changed(folder, temperature=4.0), PAIRS[0])
    assert after.relation == before.relation
    assert after.confidence < before.confidence


def test_the_mask_of_labels() -> None:
    card = RelationCard("1", "e", ["", "beside", "colour_of"], 0, 2, allowed={"colour_of": [["colour", "thing"]]})
    assert (card.mask("colour", "thing") == 0).all()
    assert [one == 0 for one in card.mask("thing", "colour")] == [True, True, False]
    assert [one == 0 for one in card.mask("colour", "colour")] == [True, True, False]
    none_holds = replace(card, allowed={"beside": []})
    assert [one == 0 for one in none_holds.mask("a", "b")] == [True, False, True]


def test_between_labels_that_are_not_allowed_nothing_holds(folder: Path) -> None:
    assert related(Relations(folder), PAIRS[0]).relation == "colour_of"
    model = changed(folder, allowed={"colour_of": [["thing", "colour"]]})
    assert related(model, PAIRS[0]).relation != "colour_of"
    text, head, tail = PAIRS[0].text, PAIRS[0].head, PAIRS[0].tail
    turned = (text, replace(head, label="thing"), replace(tail, label="colour"))
    assert [one.relation for one in model.relate([turned])] == ["colour_of"]


def test_where_all_classes_are_ruled_out_there_is_none(folder: Path) -> None:
    nowhere: dict[str, list[list[str]]] = {name: [] for name in ("first", "second", "third")}
    model = changed(folder, relations=list(nowhere), allowed=nowhere)
    assert related(model, PAIRS[0]) == Related(NONE, 1.0)


def test_where_no_relation_may_hold_the_network_is_not_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = changed(folder, relations=[NONE, "beside"], allowed={"beside": []})
    monkeypatch.setattr(model, "probabilities", None)
    assert related(model, PAIRS[0]) == Related(NONE, 1.0)


def test_below_the_threshold_there_is_none(folder: Path) -> None:
    sure = related(Relations(folder), PAIRS[0])
    assert related(changed(folder, threshold=sure.confidence), PAIRS[0]) == sure
    assert related(changed(folder, threshold=sure.confidence + 1e-4), PAIRS[0]) == Related(NONE, sure.confidence)


def test_long_texts_and_mentions(folder: Path) -> None:
    text = "unbelievable " * 200 + "red " + "x" * 3_000
    start = len("unbelievable ") * 200
    pairs = [
        (text, Mention(0, 12, "a"), Mention(start, start + 3, "b")),
        (text, Mention(0, start - 1, "a"), Mention(start + 4, len(text), "b")),
    ]
    assert len(Relations(folder).relate(pairs)) == 2


def test_members_are_pooled(tiny_relations: RelationFolder, folder: Path) -> None:
    """Another network over the same encoder, whose answers are turned round."""
    other = deepcopy(tiny_relations.network)
    with torch.no_grad():
        other.classifier.weight.neg_()
    (folder / "second").mkdir()
    relations._save(other, tiny_relations.base, RELATIONS, folder / "second")
    asked = (PAIRS[0].text, PAIRS[0].head, PAIRS[0].tail)
    alone = [Relations(one).probabilities(*asked) for one in (folder, folder / "second")]
    assert alone[0].argmax() != alone[1].argmax()
    pooled = np.sqrt(alone[0] * alone[1])
    found = changed(folder, members=["second"]).probabilities(*asked)
    np.testing.assert_allclose(found, pooled / pooled.sum(), atol=1e-5)


def test_members_that_do_not_fit(folder: Path) -> None:
    copytree(folder, folder / "second")
    changed(folder, members=["second"])
    with pytest.raises(DamagedModel):
        changed(folder, members=["third"])
    replace(RelationCard.load(folder / "second"), relations=RELATIONS[::-1]).save(folder / "second")
    with pytest.raises(DamagedModel, match="other relations"):
        changed(folder, members=["second"])


def test_a_mention_of_nothing(folder: Path) -> None:
    with pytest.raises(ValueError, match="nothing stands"):
        Relations(folder).relate([("red pan", Mention(3, 4, "a"), Mention(0, 3, "b"))])


@pytest.mark.parametrize("file", [CARD, MODEL, TOKENIZER])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1]", b"\xff\x00\xfe"])
def test_a_spoilt_folder(folder: Path, file: str, content: bytes | None) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(DamagedModel):
        Relations(folder)


def test_a_card_goes_through_its_file(folder: Path) -> None:
    card = replace(RelationCard.load(folder), allowed={"颜色": [["a", "b"]]})
    card.save(folder)
    assert RelationCard.load(folder) == card
