"""The bytes of a file, unpacked while they are read: nothing is written to disk, and no more than a chunk is held.

Knows compressions and what hides in them (bombs, several members, paths that climb out); does not know any format.
"""

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePosixPath

import zstandard

from graphsvc.errors import SourceError

CHUNK = 1 << 20
BOMB_BYTES = 256 << 20  # below this size any ratio will do
BOMB_RATIO = 200  # real tables pack 5 to 50 times
WINDOW = 1 << 27  # the most memory that a zstd frame may ask for, bytes


def chunks(path: str) -> Iterator[bytes]:
    """The unpacked bytes of a file. Raises SourceError when it cannot be read or unpacked."""
    name = Path(path).name
    with reading(name), Path(path).open("rb") as file:
        unpack = next((unpack for magic, unpack in PACKED.items() if file.peek(4).startswith(magic)), _plain)
        out = 0
        for chunk in unpack(file, name):
            out += len(chunk)
            if out > BOMB_BYTES and out > BOMB_RATIO * max(file.tell(), CHUNK // 16):
                raise SourceError(
                    f"{name} unpacks to more than {BOMB_RATIO} times its size.",
                    "This looks like an archive made to fill a disk; unpack it yourself if you trust it.",
                )
            yield chunk


def head_of(path: str, size: int = 1 << 16) -> bytes:
    """The first bytes, unpacked."""
    head = b""
    for chunk in chunks(path):
        head += chunk
        if len(head) >= size:
            break
    return head[:size]


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Say what went wrong with a file as a SourceError."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {name}.", "Check the path.") from error
    except IsADirectoryError as error:
        raise SourceError(f"{name} is a folder.", "Name the files in it.") from error
    except PermissionError as error:
        raise SourceError(f"{name} may not be read.", "Give yourself the right to read it.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, zstandard.ZstdError) as error:
        raise SourceError(
            f"{name} is damaged or ends in the middle: {error}.", "Get it anew, or unpack it yourself."
        ) from error
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror or error}.", "Check the disk.") from error


def _plain(file: BufferedReader, name: str) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _gzip(file: BufferedReader, name: str) -> Iterator[bytes]:
    with gzip.open(file) as packed:
        while chunk := packed.read(CHUNK):
            yield chunk


def _zstd(file: BufferedReader, name: str) -> Iterator[bytes]:
    """Small bites: 1 kB of a bomb is at most 32 MB. The library's own reader says nothing of a cut frame."""
    frame = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
    out, size = [], 0
    bite = b""
    while bite := bite or file.read(1024):
        piece = frame.decompress(bite)
        bite = frame.unused_data if frame.eof else b""
        if frame.eof:
            frame = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
            fresh = True
        else:
            fresh = False
        out.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(out)
            out, size = [], 0
    if not fresh:
        raise EOFError("the last frame is cut")
    yield b"".join(out)


def _zip(file: BufferedReader, name: str) -> Iterator[bytes]:
    with zipfile.ZipFile(file) as archive:
        member = _only_member(archive, name)
        if member.flag_bits & 1:
            raise SourceError(f"{name} is encrypted.", "Unpack it with its password and import what was in it.")
        try:
            packed = archive.open(member)
        except NotImplementedError as error:
            raise SourceError(f"{name} is packed in a way that is not known here.", "Unpack it yourself.") from error
        with packed:
            while chunk := packed.read(CHUNK):
                yield chunk


def _only_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir()]
    climbing = next((info.filename for info in members if _climbs(info.filename)), None)
    if climbing is not None:
        raise SourceError(f"{name} holds an entry that points outside of it: {climbing!r}.", "Do not trust it.")
    names = {info.filename for info in members}
    if names & {"xl/workbook.xml", "word/document.xml"}:
        raise SourceError(f"{name} is an office document.", "Save the sheet as CSV (UTF-8) and import that.")
    data = [info for info in members if not info.filename.startswith("__MACOSX/") and _plain_name(info)[:1] != "."]
    if len(data) == 1:
        return data[0]
    if not data:
        raise SourceError(f"{name} is an archive without a file in it.", "Put one file into it.")
    shown = ", ".join(info.filename for info in data[:10]) + (", ..." if len(data) > 10 else "")
    raise SourceError(f"{name} holds {len(data)} files: {shown}.", "Unpack it and name the files to import.")


def _climbs(name: str) -> bool:
    plain = name.replace("\\", "/")
    return plain.startswith("/") or ".." in plain.split("/") or plain[1:2] == ":"


def _plain_name(info: zipfile.ZipInfo) -> str:
    return PurePosixPath(info.filename).name


PACKED: dict[bytes, Callable[[BufferedReader, str], Iterator[bytes]]] = {
    b"\x1f\x8b": _gzip,
    b"\x28\xb5\x2f\xfd": _zstd,
    b"PK\x03\x04": _zip,
    b"PK\x05\x06": _zip,  # an empty archive
}
