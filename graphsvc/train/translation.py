"""Texts into another language and back, by two models of transformers. Knows ids and folders; none is packaged."""

from collections.abc import Callable, Sequence

import torch

from graphsvc.errors import InputError

Translate = Callable[[Sequence[str]], list[str]]
LONGEST = 256  # pieces of a translation


def there_and_back(names: Sequence[str]) -> Translate:
    """What translates texts by the first model and their translations by the second. Raises InputError."""
    if len(names) != 2:
        raise InputError(
            f"Back-translation takes two models and {len(names)} are named.",
            "Give --translator THERE --translator BACK.",
        )
    there, back = map(_translator, names)
    return lambda texts: back(there(texts))


def _translator(name: str) -> Translate:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModelForSeq2SeqLM.from_pretrained(name).eval()
    except (OSError, ValueError) as error:
        raise InputError(
            f"The translator {name!r} cannot be loaded: {str(error).splitlines()[0]}",
            "Give the Hugging Face id or the folder of a sequence-to-sequence model with its tokenizer.",
        ) from error

    def translate(texts: Sequence[str]) -> list[str]:
        said = [text for text in texts if text.strip()]  # a model may translate by nothing at all
        if not said:
            return list(texts)
        given = tokenizer(said, return_tensors="pt", padding=True, truncation=True)
        with torch.inference_mode():
            made = model.generate(**given, max_new_tokens=LONGEST, do_sample=False)
        found = map(str.strip, tokenizer.batch_decode(made, skip_special_tokens=True))
        return [next(found) if text.strip() else text for text in texts]

    return translate
