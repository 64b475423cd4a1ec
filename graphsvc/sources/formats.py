"""Which reader a file needs: by what it holds first, by its name where that leaves it open.

Knows the beginnings of formats; does not read them. A new format is one file and one row of SOURCES.
"""

import re
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name

from graphsvc.errors import SourceError
from graphsvc.sources.delimited import open_table
from graphsvc.sources.merchant import is_merchant
from graphsvc.sources.neo4j import is_neo4j
from graphsvc.sources.rows import Reading
from graphsvc.sources.shopify import is_shopify
from graphsvc.sources.streams import PACKED, head_of, reading
from graphsvc.sources.text import detect_encoding

SOURCES: dict[str, str] = {
    "csv": "graphsvc.sources.delimited:open_delimited",
    "json": "graphsvc.sources.json_documents:open_json",
    "jsonl": "graphsvc.sources.json_documents:open_json_lines",
    "parquet": "graphsvc.sources.parquet:open_parquet",
    "merchant-xml": "graphsvc.sources.merchant:open_merchant_xml",
    "merchant-tsv": "graphsvc.sources.merchant:open_merchant_tsv",
    "shopify": "graphsvc.sources.shopify:open_shopify",
    "neo4j": "graphsvc.sources.neo4j:open_neo4j",
}
FOREIGN: dict[bytes, str] = {
    b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture", b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old office document", b"SQLite format 3": "an SQLite database", b"\x7fELF": "a program",
    b"MZ\x90": "a program", b"BZh": "packed with bzip2", b"\xfd7zXZ": "packed with xz", b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive", b"Obj\x01": "an Avro file", b"ORC": "an ORC file", b"ARROW1": "an Arrow file",
    **dict.fromkeys(PACKED, "packed twice"),
}  # fmt: skip
FEED = re.compile(rb"<(?:\w+:)?(?:rss|feed|channel|RDF)\b")
CONTROLS = bytes({0, *range(2, 9), *range(14, 27), *range(28, 32)})
BINARY = 0.05  # share of control characters that no text has; Hive delimits by \x01


def open_source(path: str) -> Reading:
    """Open a file, feed or database. Raises SourceError, whose message says what to do, for what cannot be read."""
    reader: Callable[[str], Reading] = resolve_name(SOURCES[recognise(path)])
    return reader(path)


def recognise(path: str) -> str:
    """The name in SOURCES of the format that a file has. Raises SourceError."""
    if is_neo4j(path):
        return "neo4j"
    if "://" in path:
        raise SourceError(f"{path.partition('://')[0]} addresses are not read.", "Download the file and name it.")
    name = Path(path).name
    with reading(name):
        if not Path(path).exists():
            raise FileNotFoundError(path)
        with Path(path).open("rb") as file:
            if file.read(4) == b"PAR1":
                return "parquet"
    head = head_of(path)
    _check_content(head, name)
    return _by_content(path, name, head)


def _by_content(path: str, name: str, head: bytes) -> str:
    encoding, _ = detect_encoding(iter([head]))
    start = head.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if {".jsonl", ".ndjson"} & {*suffixes}:
        return "jsonl"
    if start.startswith("{") or (start.startswith("[") and not {".csv", ".tsv", ".txt"} & {*suffixes}):
        return "json"
    if start.startswith("<"):
        if FEED.search(start.encode()):
            return "merchant-xml"
        kind = "a web page" if re.match(r"<!doctype html|<html", start, re.IGNORECASE) else "XML, but no product feed"
        raise SourceError(f"{name} is {kind}.", "Export the products as CSV, JSON or a Google Merchant feed.")
    if ".json" in suffixes:
        raise SourceError(f"{name} holds no JSON.", "It begins with neither { nor [; correct or rename it.")
    names = open_table(path).names
    return "shopify" if is_shopify(names) else "merchant-tsv" if is_merchant(names) else "csv"


def _check_content(head: bytes, name: str) -> None:
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise SourceError(f"{name} is empty.", "Give a file with a header and rows.")
    kind = next((kind for magic, kind in FOREIGN.items() if head.startswith(magic)), None)
    if head.startswith(b"PAR1"):
        raise SourceError(f"{name} is Parquet inside an archive.", "Unpack it; Parquet is compressed already.")
    if kind is None and head[257:262] == b"ustar":
        kind = "a tar archive"
    if kind is None and not detect_encoding(iter([head]))[0].startswith(("utf-16", "utf-32")):
        controls = len(head) - len(head.translate(None, CONTROLS))
        kind = "no text" if controls > BINARY * len(head) else None
    if kind is not None:
        raise SourceError(
            f"{name} is {kind}; it cannot be read as a table.",
            "Give CSV, TSV, JSON, JSON lines, Parquet or a feed; .gz, .zst and .zip are unpacked.",
        )
