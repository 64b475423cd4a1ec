"""Lessons that are kept back."""

from extractors.types import LabelledText, Mention
from graphsvc.train.kept_back import keep_back


def test_what_alone_has_labels_is_never_all_kept_back() -> None:
    """Whichever of two hundred texts is the one with a label."""
    for at in range(200):
        lessons = [
            LabelledText(f"text {n}", (Mention(0, 4, "word"),) if n == at else (), f"line {n}", "") for n in range(200)
        ]
        learnt, back = keep_back(lessons)
        assert any(lesson.mentions for lesson in learnt)
        assert len(learnt) + len(back) == 200
