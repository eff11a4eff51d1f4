"""Values that say nothing: typed so that a form lets one pass. They count as not known; the original is kept."""

import re
from datetime import date

# "Unknown" in the languages of the region, what forms say themselves, newborns without a name,
# and those without a home.
_NOBODY = frozenset(
    word
    for line in (
        "unknown unbekannt inconnu inconnue inconnus onbekannt onbekend desconhecido desconhecida",
        "sconosciuto sconosciuta nepoznato anonyme anonymous anonym anonimo anonima nobody none null",
        "nil nan nn na xx aucun aucune keine kein test dummy patient patiente prenom nom vorname",
        "nachname name bebe baby nouveaune nouveaunee neugeborenes neugeborener neugeborene",
        "nourrisson enfant babyboy babygirl boy girl garcon fille junge madchen recemnascido",
        "sdf sansdomicile sansdomicilefixe ohnefestenwohnsitz semabrigo",
    )
    for word in line.split()
)
_REPEATED = re.compile(r"(.)\1*")
# Dates before anybody alive was born, beyond the calendar, and the fillers of old systems.
_NO_DATES = frozenset({"19000101", "18000101", "17530101", "11111111", "99991231", "00010101"})
_COUNTED = "0123456789" * 3


def is_name_placeholder(plain: str) -> bool:
    """Whether a folded name is none: "inconnu", "XXX", "n/a", "Bébé", or without any letter."""
    joined = plain.replace(" ", "")
    letters = joined.strip("0123456789")
    return (
        not letters
        or letters in _NOBODY
        or (len(letters) > 2 and letters[0] in "xzaq" and bool(_REPEATED.fullmatch(letters)))
    )


def is_date_placeholder(digits: str) -> bool:
    """Whether eight digits YYYYMMDD are a filler; 1 January of another year is weak, not none."""
    return digits in _NO_DATES or digits.startswith("0000") or bool(_REPEATED.fullmatch(digits))


def is_number_placeholder(digits: str) -> bool:
    """Whether a telephone or identity number is a filler: one digit over and over, or counted up."""
    bare = digits.lstrip("0")
    return not bare or bool(_REPEATED.fullmatch(bare)) or (len(digits) > 5 and digits in _COUNTED)


def is_birth_date(value: date) -> bool:
    return not is_date_placeholder(value.strftime("%Y%m%d"))
