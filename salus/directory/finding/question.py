"""What is asked of the directory, and what is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel import Locale
from django.utils.translation import get_language, gettext

from salus.country.gazetteer import Position
from salus.directory.finding.vocabulary import Sense
from salus.directory.models import Kind
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS


@dataclass(frozen=True, kw_only=True)
class Question:
    """All that is given must fit; nothing given: everybody."""

    text: str = (
        ""  # one field: names, a profession, a language, a place, in any of the four languages
    )
    profession: str = ""  # code of salus.terminology.PROFESSIONS
    type: str = (
        ""  # code of salus.terminology.ORGANIZATION_TYPES; with a profession: where one works
    )
    language: str = ""  # BCP 47
    place: str = ""  # name or postal code
    near: Position | None = None
    within: float | None = None  # kilometres, of ``near`` or ``place``
    new_patients: bool = False
    licence: str = ""  # country in which one is licensed, ISO 3166-1 alpha-2
    open_at: datetime | None = None
    kind: Kind | None = None  # professionals or organisations alone


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was typed from ``start`` until before ``end``, and what it was taken for."""

    text: str
    start: int
    end: int
    sense: Sense
    codes: tuple[str, ...] = ()  # of professions, types or languages; of a place its postal code
    place: str = ""  # its name
    guessed: bool = False  # it was mistyped

    def label(self) -> str:
        """In the active language."""
        match self.sense:
            case Sense.PROFESSION if len(self.codes) > 1:
                return gettext("Physician, of any specialty")
            case Sense.PROFESSION:
                return str(PROFESSIONS[self.codes[0]])
            case Sense.TYPE:
                return str(ORGANIZATION_TYPES[self.codes[0]])
            case Sense.LANGUAGE:
                return language_name(self.codes[0])
            case Sense.PLACE:
                return self.place or self.codes[0]
            case Sense.NEW_PATIENTS:
                return gettext("Accepts new patients")
            case Sense.OPEN:
                return gettext("Open now")
            case Sense.NAME:
                return self.text


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What each part of the text was taken for, in its order; particles and the like are taken for nothing."""

    text: str = ""
    taken: tuple[Taken, ...] = ()

    def as_name(self, one: Taken) -> str:
        """The text to ask instead, in which this part is a name: quoted, nothing is understood."""
        return f'{self.text[: one.start]}"{one.text}"{self.text[one.end :]}'

    def without(self, one: Taken) -> str:
        return " ".join((self.text[: one.start] + self.text[one.end :]).split())


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a professional or organisation is to be found."""

    role: int | None = None  # row ids
    organization: int
    location: int | None = None
    name: str  # of the organisation
    type: str
    location_name: str = ""
    profession: str = ""
    line: str = ""
    postal_code: str = ""
    municipality: str = ""
    country: str = ""
    telephone: str = ""
    email: str = ""
    website: str = ""
    position: Position | None = None  # of the location itself
    distance: float | None = None  # kilometres
    new_patients: bool | None = None
    accessible: bool | None = None
    hours: Sequence[dict[str, Any]] = ()  # FHIR R4, as statements hold them


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A professional or an organisation."""

    kind: Kind
    entry: int
    name: str
    profession: str = ""
    type: str = ""
    languages: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()  # countries
    telephone: str = ""
    email: str = ""
    places: tuple[Place, ...] = ()  # the nearest first
    distance: float | None = None  # kilometres, of the nearest place


@dataclass(frozen=True, kw_only=True)
class Found:
    hits: tuple[Hit, ...]
    total: int | None  # None: more than are counted
    understood: Understood
    page: int
    size: int
    more: bool  # there is a next page
    near: Position | None = None  # from where distances are
    within: float | None = None  # kilometres, as asked or as understood

    @property
    def pages(self) -> int | None:
        return None if self.total is None else -(-self.total // self.size)


def language_name(code: str) -> str:
    """Of a language in the active one; a code that is not known as it is."""
    names = Locale.parse(get_language() or "en", sep="-").languages
    return str(names.get(code.replace("-", "_")) or names.get(code.partition("-")[0], code))
