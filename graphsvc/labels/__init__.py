"""Labelled data as an asset: read from any format, judged, kept in the shop, split and written again.

One module a format. Knows texts and labels; does not know what learns from them.
"""

from graphsvc.labels.card import Card, Part, card_of
from graphsvc.labels.leaks import Leak, leak, unseen
from graphsvc.labels.readers import READERS, LabelFile, guess_format, read_labels
from graphsvc.labels.sets import keep_labels, kept_parts, labels_of, part_of, parts_of
from graphsvc.labels.writers import WRITERS, write_labels

__all__ = [
    "READERS", "WRITERS", "Card", "LabelFile", "Leak", "Part", "card_of", "guess_format", "keep_labels", "kept_parts",
    "labels_of", "leak", "part_of", "parts_of", "read_labels", "unseen", "write_labels",
]  # fmt: skip
