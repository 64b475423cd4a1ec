"""Ways to train a tagger, compared on one task with the same lessons: see `python -m perf.methods --help`."""
