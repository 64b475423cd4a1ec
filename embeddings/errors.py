"""What can go wrong here.

EmbeddingsError
├── DamagedFile        a file that is not what its checksum says
├── UnknownEncoder     a name that is no row of the table, no folder and no id that can be had
├── ConversionFailed   an encoder's weights that could not be turned into its ONNX file
└── BadVectors         vectors of a wrong shape, or with values that are not finite
"""


class EmbeddingsError(Exception):
    """The root of the tree."""


class DamagedFile(EmbeddingsError):
    """A file that is not what its checksum says; rebuild it."""


class UnknownEncoder(EmbeddingsError):
    """A name that is no row of the table, no folder and no id that can be had."""


class ConversionFailed(EmbeddingsError):
    """An encoder's weights that could not be turned into its ONNX file; the message holds the converter's words."""


class BadVectors(EmbeddingsError):
    """Vectors of a wrong shape, or with values that are not finite."""
