"""Files, feeds and databases as batches of strings. One reader a format, found by what a file holds."""

from graphsvc.sources.formats import SOURCES, open_source

__all__ = ["SOURCES", "open_source"]
