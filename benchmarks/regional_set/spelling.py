"""How a name comes to be written otherwise: by fingers, by ear, by a scanner, by a keyboard without its letters.

Each takes a random source and a text and gives another text, the same one where there is nothing to mistake.
"""

import re
import unicodedata
from collections.abc import Sequence
from random import Random

from benchmarks.regional_set.names import PARTICLES

_ROWS = ("qwertzuiop", "asdfghjkl", "yxcvbnm"), ("azertyuiop", "qsdfghjklm", "wxcvbn")

# What sounds alike to a clerk who speaks French, German, Luxembourgish or Portuguese.
_HEARD = tuple(
    pair
    for line in (
        "ph f|f ph|th t|ck k|k ck|c k|k c|qu k|ch sch|sch ch|tz z|z s|s z|v w|w v|v f|f v|d t|t d|b p|p b|g k",
        "y i|i y|ei ai|ai ei|ai é|é ai|eau o|au o|ou u|u ou|oe ö|ee e|ie i|i ie|ss s|s ss|ll l|l ll|mm m|nn n",
        "n nn|tt t|t tt|ff f|f ff|rr r|r rr|lh li|nh ni|gn nj|ã an|ão ao|ç ss|ç s|x ch|j g|g j|h |ć tsch|č tsch",
        "š sch|ž j|ll y|dt t|ue ü|ü ue|ä e|e ä|en an|an en|ieux ieu|et é|er é|ez es|es ez|ho o",
    )
    for pair in line.split("|")
)
_SCANNED = tuple(
    pair
    for line in (
        "m rn|rn m|cl d|d cl|l I|I l|l 1|o 0|O 0|e c|c e|h b|b h|vv w|w vv|u v|B 8|S 5|i l|n u|g q",
        "é e|ö o|ç c|ri n",
    )
    for pair in line.split("|")
)
_TWO_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ñ": "ny", "ç": "c"}
    | {"č": "ch", "ć": "ch", "š": "sh", "ž": "zh", "đ": "dj", "Š": "Sh", "Č": "Ch", "Đ": "Dj", "ø": "oe"}
    | {"ã": "a", "õ": "o", "ı": "i", "ł": "l"}
)  # fmt: skip
_ONE_LETTER = str.maketrans({"ß": "ss", "đ": "d", "Đ": "D", "ø": "o", "ł": "l", "ı": "i"})


def typed(rng: Random, text: str) -> str:
    """One slip of the fingers on a QWERTZ or AZERTY keyboard."""
    places = [i for i, letter in enumerate(text) if letter.isalpha()]
    if len(places) < 3:
        return text
    at = rng.choice(places[1:] if rng.random() < 0.8 else places)
    kind = rng.random()
    if kind < 0.4:
        return text[:at] + _beside(rng, text[at]) + text[at + 1 :]
    if kind < 0.6:
        return text[:at] + text[at + 1 :]
    if kind < 0.75:
        return text[:at] + text[at] + text[at:]
    if kind < 0.9 and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[: at + 1] + _beside(rng, text[at]) + text[at + 1 :]


def _beside(rng: Random, letter: str) -> str:
    plain = without_accents(letter).casefold()[:1]
    for row in rng.choice(_ROWS):
        if plain in row:
            at = row.index(plain)
            other = rng.choice([row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)])
            return other.upper() if letter.isupper() else other
    return letter


def heard(rng: Random, text: str) -> str:
    """One or, seldom, two sounds written as another would write them."""
    for _ in range(1 if rng.random() < 0.8 else 2):
        text = _replaced(rng, text, _HEARD)
    return text


def scanned(rng: Random, text: str) -> str:
    return _replaced(rng, text, _SCANNED)


def _replaced(rng: Random, text: str, pairs: Sequence[str]) -> str:
    for pair in rng.sample(pairs, len(pairs)):
        old, new = pair.split(" ")
        found = [m.start() for m in re.finditer(re.escape(old), text) if m.start()]
        if found:
            at = rng.choice(found)
            return text[:at] + new + text[at + len(old) :]
    return text


def without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_ONE_LETTER))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def transliterated(text: str) -> str:
    """Müller as Mueller, Hodžić as Hodzhich: as a passport or another country's register has it."""
    return without_accents(text.translate(_TWO_LETTERS))


def hyphens(rng: Random, text: str) -> str:
    """Hyphens and apostrophes as a blank or as nothing; a blank as a hyphen."""
    if "-" in text or "'" in text:
        return re.sub("[-']", rng.choice((" ", " ", "")), text)
    return text.replace(" ", "-") if rng.random() < 0.5 else text.replace(" ", "")


def particles(rng: Random, text: str) -> str:
    """`da Silva` as Silva or DaSilva."""
    words = text.split()
    if not any(word.casefold() in PARTICLES for word in words[:-1]):
        return text
    if rng.random() < 0.6:
        return " ".join(w for w in words if w.casefold() not in PARTICLES) or text
    joined = "".join(word.capitalize() for word in words)
    return joined if rng.random() < 0.7 else joined.capitalize()
