"""What can be said of each kind of entry: how a value is written, who sees it, who may correct it, how it ages.

A value is JSON as it is kept in statements. Each check takes what came from outside, returns the value or raises
InvalidInput that says what is wrong with it.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError

from salus.directory.models import Kind
from salus.kernel.errors import InvalidInput
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS

Check = Callable[[Any], Any]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class Field:
    check: Check
    public: bool = True  # else for the authority and for whom it is about
    correctable: bool = False  # by the professional, to be checked by the authority
    ages: bool = False  # is asked about every year
    needed: bool = False  # an entry cannot do without
    refers: Kind | None = None  # the value names another entry: row id in statements


def text(value: Any) -> str:
    if not isinstance(value, str) or not (stripped := " ".join(value.split())):
        raise InvalidInput("should be a text")
    if len(stripped) > 200 or not stripped.isprintable():
        raise InvalidInput("should be at most 200 characters that can be printed")
    return stripped


def one_of(codes: Collection[str]) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in codes:
            raise InvalidInput(f"should be one of {', '.join(sorted(codes))}")
        return value

    return check


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput("should be true or false")
    return value


def day(value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise InvalidInput("should be a date, year-month-day") from None


def languages(value: Any) -> list[str]:
    if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
        raise InvalidInput("should be a list of languages, each once")
    for code in value:
        try:
            Locale.parse(str(code), sep="-")
        except (ValueError, UnknownLocaleError):
            raise InvalidInput("should be languages by code, such as fr or pt") from None
    return [str(code) for code in value]


def texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise InvalidInput("should be a list")
    return [text(one) for one in value]


def entries(value: Any) -> list[int]:
    """Row ids of the same kind."""
    if not isinstance(value, list) or not all(type(one) is int for one in value):
        raise InvalidInput("should be a list of entries")
    return sorted(set(value))


def telephone(value: Any) -> str:
    found = text(value)
    if not re.fullmatch(r"\+?[0-9 ()./-]{3,30}", found):
        raise InvalidInput("should be a telephone number")
    return found


def email(value: Any) -> str:
    found = text(value)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", found):
        raise InvalidInput("should be an e-mail address")
    return found


def web_address(value: Any) -> str:
    found = text(value)
    parts = urlsplit(found)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise InvalidInput("should be an address that begins with https://")
    return found


def address(value: Any) -> str:
    """Of an endpoint: of any protocol."""
    found = text(value)
    if not urlsplit(found).scheme:
        raise InvalidInput("should be an address with its protocol, such as https:// or mailto:")
    return found


def country(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{2}", value):
        raise InvalidInput("should be a country in two capital letters (ISO 3166-1)")
    return value


def degrees(most: int) -> Check:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > most:
            raise InvalidInput(f"should be degrees between -{most} and {most}")
        return float(value)

    return check


def hours(value: Any) -> list[dict[str, Any]]:
    """FHIR R4 PractitionerRole.availableTime: [{"daysOfWeek", "availableStartTime", "availableEndTime"} or allDay]."""
    if not isinstance(value, list):
        raise InvalidInput("should be a list of opening times")
    return [_opening(one) for one in value]


def _opening(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not set(value) <= {
        "daysOfWeek",
        "allDay",
        "availableStartTime",
        "availableEndTime",
    }:
        raise InvalidInput("should be opening times as FHIR writes them")
    days = value.get("daysOfWeek")
    if not isinstance(days, list) or not days or not set(days) <= set(DAYS):
        raise InvalidInput("an opening time should name its days: mon to sun")
    chosen = [one for one in DAYS if one in days]
    if value.get("allDay") is True:
        return {"daysOfWeek": chosen, "allDay": True}
    try:
        opens, closes = (
            time.fromisoformat(value[name]) for name in ("availableStartTime", "availableEndTime")
        )
    except (KeyError, TypeError, ValueError):
        raise InvalidInput(
            "an opening time should have a start and an end, such as 08:00"
        ) from None
    if not opens < closes:
        raise InvalidInput("an opening time should end after it begins")
    return {
        "daysOfWeek": chosen,
        "availableStartTime": opens.isoformat(),
        "availableEndTime": closes.isoformat(),
    }


def _to(kind: Kind, **more: Any) -> Field:
    return Field(check=int, refers=kind, **more)


_NAME = Field(check=text, needed=True)
_TELEPHONE = Field(check=telephone, correctable=True, ages=True)
_EMAIL = Field(check=email, correctable=True, ages=True)
_HOURS = Field(check=hours, correctable=True, ages=True)
_NEW_PATIENTS = Field(check=flag, correctable=True, ages=True)
_LANGUAGES = Field(check=languages, correctable=True, ages=True)
_STATUS = Field(check=one_of(("active", "suspended", "ended")))
_APART = Field(check=entries, public=False)  # who only look like it
_ADDRESS = {
    "country": Field(check=country),
    "postal_code": Field(check=text),
    "municipality": Field(check=text),
    "line": Field(check=text),
    "telephone": _TELEPHONE,
}

FIELDS: Mapping[Kind, Mapping[str, Field]] = {
    Kind.PRACTITIONER: {
        "family": Field(check=text, needed=True, correctable=True),
        "given": Field(check=text, correctable=True),  # who has one name alone has no other
        "prefix": Field(check=text, correctable=True),
        "gender": Field(check=one_of(("male", "female", "other", "unknown"))),
        "birth_date": Field(check=day, public=False),
        "profession": Field(check=one_of(PROFESSIONS), needed=True),
        "languages": _LANGUAGES,
        "telephone": _TELEPHONE,
        "email": _EMAIL,
        "private_telephone": Field(check=telephone, public=False, correctable=True, ages=True),
        "private_address": Field(check=text, public=False, correctable=True, ages=True),
        "status": Field(check=one_of(("active", "suspended", "retired", "deceased", "ended"))),
        "status_reason": Field(check=text, public=False),
        "same_as": _to(Kind.PRACTITIONER),
        "apart_from": _APART,
    },
    Kind.LICENCE: {
        "practitioner": _to(Kind.PRACTITIONER, needed=True),
        "profession": Field(check=one_of(PROFESSIONS), needed=True),
        "country": Field(check=country, needed=True),
        "limits": Field(check=texts),
        "status": _STATUS,
        "status_reason": Field(check=text, public=False),
    },
    Kind.ORGANIZATION: {
        "name": _NAME,
        "type": Field(check=one_of(ORGANIZATION_TYPES), needed=True),
        "part_of": _to(Kind.ORGANIZATION),
        **_ADDRESS,
        "email": _EMAIL,
        "website": Field(check=web_address, correctable=True, ages=True),
        "status": _STATUS,
        "same_as": _to(Kind.ORGANIZATION),
        "apart_from": _APART,
    },
    Kind.LOCATION: {
        "organization": _to(Kind.ORGANIZATION, needed=True),
        "name": _NAME,
        **_ADDRESS,
        "latitude": Field(check=degrees(90)),
        "longitude": Field(check=degrees(180)),
        "hours": _HOURS,
        "accessible": Field(check=flag, correctable=True, ages=True),
        "status": _STATUS,
    },
    Kind.ROLE: {
        "practitioner": _to(Kind.PRACTITIONER, needed=True),
        "organization": _to(Kind.ORGANIZATION, needed=True),
        "location": _to(Kind.LOCATION),
        "service": _to(Kind.SERVICE),
        "profession": Field(check=one_of(PROFESSIONS)),
        "telephone": _TELEPHONE,
        "email": _EMAIL,
        "new_patients": _NEW_PATIENTS,
        "hours": _HOURS,
        "successor": _to(Kind.ROLE),
        "status": _STATUS,
    },
    Kind.SERVICE: {
        "organization": _to(Kind.ORGANIZATION, needed=True),
        "location": _to(Kind.LOCATION),
        "name": _NAME,
        "specialty": Field(check=one_of(PROFESSIONS)),
        "languages": _LANGUAGES,
        "telephone": _TELEPHONE,
        "new_patients": _NEW_PATIENTS,
        "appointment": Field(check=flag, correctable=True, ages=True),
        "hours": _HOURS,
        "status": _STATUS,
    },
    Kind.ENDPOINT: {
        "organization": _to(Kind.ORGANIZATION, needed=True),
        "name": Field(check=text),
        "connection_type": Field(check=text, needed=True),
        "payload_type": Field(check=text),
        "address": Field(check=address, needed=True),
        "status": Field(check=one_of(("active", "suspended", "error", "off", "ended"))),
    },
}

# In this order: whatever is named by another kind comes before it.
ORDER = (
    Kind.ORGANIZATION,
    Kind.PRACTITIONER,
    Kind.LOCATION,
    Kind.LICENCE,
    Kind.SERVICE,
    Kind.ROLE,
    Kind.ENDPOINT,
)


def in_order(kind: Kind, names: Iterable[str]) -> list[str]:
    """As people read them, whatever order the database keeps them in: what is no field, the identifier, is first."""
    order = list(FIELDS[kind])
    return sorted(names, key=lambda name: order.index(name) if name in FIELDS[kind] else -1)
