"""What can go wrong here.

ExtractorError                    message and the next step to take
├── LanguageModelUnavailable      nothing answers at the address, or not in time; may be tried again
├── LanguageModelRefused          what answers does not accept the key, the model or the question
├── AnswerCacheFailed             the file of paid answers cannot be read or written
└── DamagedModel                  a model's folder cannot be read
"""


class ExtractorError(Exception):
    """The root of the tree. `next_step` tells a person what to do."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()


class LanguageModelUnavailable(ExtractorError):
    """Nothing answers at the address, or not in time; may be tried again, after `wait_s` where the server said so."""

    def __init__(self, message: str, next_step: str = "", *, wait_s: float | None = None) -> None:
        super().__init__(message, next_step)
        self.wait_s = wait_s


class LanguageModelRefused(ExtractorError):
    """What answers does not accept the key, the model or the question; `about_question`: another question may pass."""

    def __init__(self, message: str, next_step: str = "", *, about_question: bool = False) -> None:
        super().__init__(message, next_step)
        self.about_question = about_question


class AnswerCacheFailed(ExtractorError):
    """The file of paid answers cannot be read or written."""


class DamagedModel(ExtractorError):
    """A model's folder cannot be read."""
