"""How a country tells people apart: systems of identifiers, and what is wrong with one that does not fit its system."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext

from salus.country import country
from salus.kernel.errors import InvalidInput

Check = Callable[[str, date], str]  # as typed, today -> as kept; raises InvalidInput


@dataclass(frozen=True, kw_only=True)
class IdentifierSystem:
    """One namespace of identifiers (FHIR NamingSystem)."""

    system: str  # URI of the assigning authority
    type: str  # code of http://terminology.hl7.org/CodeSystem/v2-0203
    country: str = ""  # ISO 3166-1 alpha-2 of the issuer; '' where it is no country's
    issuer: str  # as it is shown (Identifier.assigner)
    check: Check


@dataclass(frozen=True, kw_only=True)
class Typo:
    """What may have been mistyped: the digit at ``place`` (from 1), or that one and its neighbour, swapped."""

    place: int
    swapped: bool


class WrongIdentifier(InvalidInput):
    """A number that fails a check: which one, and by arithmetic alone (nobody is looked up) the likely typos."""

    def __init__(self, check: str, *, typos: Iterable[Typo] = ()) -> None:
        self.check = check
        self.typos = tuple(typos)
        super().__init__("".join([check, *(f"; perhaps {_hint(typo)}" for typo in self.typos)]))

    def in_words(self) -> str:
        """Both in the active language."""
        if not self.typos:
            return gettext(self.check)
        hints = (gettext(_hint(typo, template=True)) % _places(typo) for typo in self.typos)
        return gettext("%(check)s. Perhaps: %(typos)s.") % {
            "check": gettext(self.check),
            "typos": ", ".join(hints),
        }


def spelled(system: str, value: str) -> str:
    """The identifier as the index keeps it: spaces, and a number in an older form, are but another way to write it."""
    known = country().identifier_system(system)
    try:
        return str(known.check(value, date.max)) if known else value
    except InvalidInput:
        return value  # it is nobody's


def _hint(typo: Typo, *, template: bool = False) -> str:
    text = (
        "digits %(place)d and %(next)d are swapped" if typo.swapped else "digit %(place)d is wrong"
    )
    return text if template else text % _places(typo)


def _places(typo: Typo) -> dict[str, int]:
    return {"place": typo.place, "next": typo.place + 1}
