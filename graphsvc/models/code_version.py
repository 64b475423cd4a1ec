"""Which code made a model: this version of graphsvc and a digest of the sources that train and read.

Needs no git. Knows files of ours; does not know what they do.
"""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from graphsvc import VERSION

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("extractors", "graphsvc/train")


@cache
def code_version(root: Path = ROOT) -> str:
    """The version and the digest, as "0.1.0+3fa1c2d4e5f6"."""
    digest = blake2b(digest_size=6)
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\n{path.stat().st_size}\n".encode() + path.read_bytes())
    return f"{VERSION}+{digest.hexdigest()}"
