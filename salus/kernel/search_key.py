"""Search and sort keys of names, computed on write: the database compares bytes and has no ICU."""

import re
import unicodedata

_SPECIAL = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
)
_BREAK = re.compile(r"[^a-z0-9]+")


def search_key(name: str) -> str:
    """Lower-case ASCII letters and digits, words parted by one space: "D'Almeida-Müller" -> "d almeida muller"."""
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(_SPECIAL))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _BREAK.sub(" ", plain).strip()
