"""What can go wrong here.

EmbeddingsError
├── DamagedFile        a file that is not what its checksum says
├── UnknownEncoder     a name that is no row of the table, no folder and no id that can be had
└── BadVectors         vectors of a wrong shape, or with values that are not finite
"""


class EmbeddingsError(Exception):
    """The root of the tree."""


class DamagedFile(EmbeddingsError):
    """A file that is not what its checksum says; rebuild it."""


class UnknownEncoder(EmbeddingsError):
    """A name that is no row of the table, no folder and no id that can be had."""


class BadVectors(EmbeddingsError):
    """Vectors of a wrong shape, or with values that are not finite."""
