"""Words of names and the keys by which a mistyped word finds them: pure (ADR 0035).

A word that was typed with one or two mistakes and the right one leave the same letters when up to as many letters
are left out of both (Garbe 2012, symmetric deletion); what sounds alike has the same phonetic key.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations

from rapidfuzz.distance import OSA, JaroWinkler

from salus.kernel.spelling.names import folded, undone, words_of
from salus.kernel.spelling.phonetic import sounds

_LONGEST = 20  # letters that are keyed; who mistypes a longer word is found by its other words
EXACT, PREFIX = 0, 1  # costs; a mistake costs more than any prefix
ANOTHER = (
    60  # a mistake by which a word sounds otherwise: it is another one, though it may be meant
)
_ALIKE = 40  # less, if nobody hears it


def plain(text: str) -> str:
    """As words are compared: small ASCII letters, umlauts undone."""
    return " ".join(undone(word) for word in folded(text).split())


def person_words(given: str, family: str) -> set[str]:
    """All by which a person may be looked for: words, and what is written in one by some: "Jeanpierre", "Dasilva"."""
    found = set[str]()
    for part in (given, family):
        words = words_of(folded(part))
        found |= {*words, "".join(words), plain(part).replace(" ", "")}
    return found - {""}


def organization_words(name: str) -> set[str]:
    return set(words_of(folded(name)))


def mistakes(word: str) -> int:
    """How many missing, wrong, doubled or swapped letters a typed word of this length may have."""
    return 0 if len(word) < 3 or word.isdecimal() else 1 if len(word) < 6 else 2


@lru_cache(maxsize=65536)
def keys_of(word: str) -> frozenset[str]:
    """The word itself, what is left without up to `mistakes` of its letters, and how it sounds."""
    keys = {word}
    if len(word) <= _LONGEST:
        keys |= {
            "".join(kept)
            for less in range(1, mistakes(word) + 1)
            for kept in combinations(word, len(word) - less)
        }
    if len(sound := sounds(word)) > 1:
        keys.add(f"~{sound}")
    return frozenset(keys)


def cost(typed: str, word: str) -> int | None:
    """How far a word is from what was typed, `EXACT` to some hundreds; None: it is not what was meant."""
    if typed == word:
        return EXACT
    allowed = mistakes(typed)
    distance = OSA.distance(typed, word, score_cutoff=allowed + 1)
    if not allowed or distance > allowed + 1:
        return None
    alike = len(sound := sounds(typed)) > 1 and sound == sounds(word)
    if distance > allowed + alike:
        return None
    off = round(9 * (1 - JaroWinkler.similarity(typed, word)))
    return ANOTHER * distance - _ALIKE * alike + off


def rarity(bearers: int) -> int:
    """Added to the cost of a word that was not typed, 0 to 9: of two that are as near the frequent one is meant."""
    return 9 - min(9, max(bearers, 1).bit_length() - 1)


def similar(typed: Iterable[str], candidates: Iterable[str]) -> dict[str, dict[str, int]]:
    """By typed word, the candidates that may be meant, with their cost."""
    words = list(candidates)
    return {
        one: {word: far for word in words if (far := cost(one, word)) is not None} for one in typed
    }
