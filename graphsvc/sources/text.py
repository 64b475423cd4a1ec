"""Characters and lines from bytes: which encoding a file has, and lines of bounded length with their breaks.

What is no character stays in its place as a mark (`rows.py`), so that one bad row does not stop a file. Knows
encodings; does not know any format.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from charset_normalizer import from_bytes

from graphsvc.sources.rows import LINE_CHARS, LONG, NUL
from graphsvc.sources.streams import CHUNK, chunks

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
         codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}  # fmt: skip
JUDGED = 1 << 16  # bytes from which an encoding is judged
BROKEN = 0.5  # broken bytes a character beyond ASCII in what still counts as UTF-8; other encodings show several
SHOWN = 200  # characters kept of a line that is too long


@dataclass(frozen=True, slots=True)
class Text:
    """A file as text. `newline` is "\\r" for the files of old Macs."""

    path: str
    encoding: str
    newline: str

    def blocks(self) -> Iterator[str]:
        """Characters in pieces of about a MB; raises SourceError as `chunks` does."""
        decoder = codecs.getincrementaldecoder(self.encoding)("graphsvc.mark")
        for chunk in chunks(self.path):
            yield self._mark(decoder.decode(chunk))
        yield self._mark(decoder.decode(b"", True))

    def lines(self) -> Iterator[str]:
        """Lines with their breaks. One that is too long keeps its place, and is a mark and its beginning."""
        carry, skipping = "", False
        for block in self.blocks():
            if skipping:
                _, found, rest = block.partition("\n")
                if not found:
                    continue
                carry, block, skipping = carry + "\n", rest, False
                yield carry
                carry = ""
            pieces = list(StringIO(carry + block, newline="\n"))
            carry = pieces.pop() if pieces and not pieces[-1].endswith("\n") else ""
            yield from pieces
            if len(carry) > LINE_CHARS:
                carry, skipping = LONG + carry[:SHOWN].replace('"', "").replace("'", ""), True
        if carry:
            yield carry

    def _mark(self, block: str) -> str:
        if self.newline == "\r":
            block = block.replace("\r", "\n")
        return block.replace("\0", NUL) if "\0" in block else block


def open_text(path: str) -> Text:
    """Judge a file's encoding from its first bytes beyond ASCII, wherever they are."""
    encoding, head = detect_encoding(chunks(path))
    text = head.decode(encoding, "replace")
    return Text(path, encoding, "\r" if "\r" in text and "\n" not in text else "\n")


def detect_encoding(stream: Iterator[bytes]) -> tuple[str, bytes]:
    """The encoding of a stream of bytes, and its beginning."""
    head = next(stream, b"")
    for mark, name in MARKS.items():
        if head.startswith(mark):
            return name, head[:JUDGED]
    wide = _wide(head[:JUDGED])
    if wide:
        return wide, head[:JUDGED]
    sample = head
    while sample.isascii():
        sample = next(stream, b"")
        if not sample:
            return "utf-8", head[:JUDGED]
    return _judge(sample), head[:JUDGED]


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark shows in Latin text: every other byte is zero."""
    for name, zeros, others in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if zeros and zeros.count(0) > 0.5 * len(zeros) and others.count(0) < 0.05 * len(others):
            return name
    return None


def _judge(sample: bytes) -> str:
    text = codecs.getincrementaldecoder("utf-8")("graphsvc.mark").decode(sample)
    broken = sum(1 for c in text if "\udc00" <= c <= "\udfff")
    if broken <= BROKEN * sum(1 for c in text if c > "\x7f"):
        return "utf-8"
    start = next(n for n, byte in enumerate(sample) if byte > 127)
    judged = sample[max(0, start - 200) : start + JUDGED]
    best = from_bytes(judged, cp_isolation=["gb18030", "cp1252"]).best()
    if best is not None and best.encoding == "gb18030":
        return "gb18030"
    return "latin-1" if any(byte in judged for byte in b"\x81\x8d\x8f\x90\x9d") else "cp1252"


def _mark_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("graphsvc.mark", _mark_bytes)
assert CHUNK < LINE_CHARS  # a line is measured once a chunk
