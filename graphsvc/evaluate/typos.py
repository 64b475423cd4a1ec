"""One typing slip a query, the same one every time: what a hurried shopper writes. Knows words; no catalogue."""

import re
from hashlib import blake2b

SHORTEST = 4  # letters of a word that may get one
WORD = re.compile(rf"[^\W\d_]{{{SHORTEST},}}")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def with_typo(query: str) -> str:
    """The query with one slip (swap, omission, repetition or wrong letter) in one word of at least 4 letters.

    Drawn from a hash of the query, never in the first letter; a query without such a word stays as it is.
    """
    words = [match.span() for match in WORD.finditer(query) if match.group().isascii()]
    if not words:
        return query
    draw = blake2b(query.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    first, last = words[draw[0] % len(words)]
    at = first + 1 + draw[1] % (last - first - 2)  # neither the first letter nor the last
    letter = query[at]
    other = LETTERS[draw[3] % 26]
    slips = (
        query[at + 1] + letter if query[at + 1] != letter else letter,
        letter + query[at + 1] + query[at + 1],
        query[at + 1],
        (other if other != letter.lower() else LETTERS[(draw[3] + 1) % 26]) + query[at + 1],
    )
    return query[:at] + slips[draw[2] % len(slips)] + query[at + 2 :]
