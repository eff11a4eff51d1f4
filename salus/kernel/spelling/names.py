"""Names of the region in the one form in which they are compared; the original stays where it is kept."""

import re
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from salus.kernel.search_key import search_key
from salus.kernel.spelling.placeholders import is_name_placeholder

# Portuguese, French, Italian, German, Dutch, Arabic: left out by one registry, kept by the next.
_PARTICLES = frozenset(
    word
    for line in (
        "da das de do dos e du des d l la le les di del della dei von van vom zu zum zur der den het",
        "ter ten te al el bin ibn bint ould",
    )
    for word in line.split()
)
_TITLES = frozenset(
    word
    for line in (
        "dr prof pr mme mlle mr mrs ms me madame monsieur mademoiselle herr frau hr fr senhor senhora",
        "dona dom docteur doktor dipl ing jr sr junior senior",
    )
    for word in line.split()
)
# "Muller épouse Weber", "Weber geb. Muller": what follows is another name of the same person.
_OTHERWISE = re.compile(
    r"\b(?:nee|ne|geb|geborene|geboren|born|ep|epse|epouse|veuve|vve|verh|verheiratete|verw|dite|dit|alias|aka)\b"
)
_UMLAUT = re.compile(r"(?<=[aou])e")  # Müller, Mueller, Muller: registries write all three
_APOSTROPHE = re.compile(r"\b([dl]|o)['’`´](?=\w)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Name:
    """A name as it is compared: ``words`` without particles and titles, ``others`` those after "née"."""

    words: tuple[str, ...] = ()
    full: str = ""  # with its particles, in one: "de Almeida" and "Dealmeida"
    others: tuple[str, ...] = ()

    @property
    def joined(self) -> str:
        """In one word: "Jean-Pierre", "Jean Pierre" and "Jeanpierre" are one name."""
        return "".join(self.words)


@lru_cache(maxsize=65536)
def name(text: str) -> Name:
    """The name in small ASCII letters, its umlauts undone: "D'Almeida-Müller" has words almeida, muller."""
    plain = folded(_APOSTROPHE.sub(r"\1 ", text))
    if is_name_placeholder(plain):
        return Name()
    first, *others = (part.strip() for part in _OTHERWISE.split(plain))
    if not first and others:
        first, *others = others
    words = words_of(first)
    return Name(
        words=words,
        full="".join(undone(word) for word in first.split() if word not in _TITLES),
        others=tuple(joined for other in others if (joined := "".join(words_of(other)))),
    )


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """Small ASCII letters and digits, words parted by one space; other alphabets are transliterated."""
    return search_key(text if text.isascii() else anyascii(text))


def words_of(plain: str) -> tuple[str, ...]:
    """The words of a folded name without titles, and without particles unless it has no other."""
    words = [word for word in plain.split() if word not in _TITLES]
    kept = [word for word in words if word not in _PARTICLES] or words
    return tuple(undone(word) for word in kept)


def undone(word: str) -> str:
    """A folded word with its umlauts undone: "mueller" is "muller"."""
    return _UMLAUT.sub("", word)
