"""The workshop: labelled data in, models out. A thin layer over transformers' Trainer; no training loop of its own."""
