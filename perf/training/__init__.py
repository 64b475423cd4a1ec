"""What trainings by the product's own defaults reach, measured over seeds: see `python -m perf.training --help`."""
