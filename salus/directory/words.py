"""Words of the directory's pages for what the tables hold as codes and names of fields."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import get_day_names
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop

from salus.directory.fields import DAYS, FIELDS
from salus.directory.finding import language_name
from salus.directory.models import How, Kind, Outcome
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS

Text = str | Promise

KINDS: Mapping[Kind, Text] = {
    Kind.PRACTITIONER: _("Professional"),
    Kind.LICENCE: _("Licence"),
    Kind.ORGANIZATION: _("Organisation"),
    Kind.LOCATION: _("Place"),
    Kind.ROLE: _("Role"),
    Kind.SERVICE: _("Service"),
    Kind.ENDPOINT: _("Electronic address"),
}
FIELD_NAMES: Mapping[str, Text] = {
    "family": _("Family name"),
    "given": _("Given name"),
    "prefix": _("Title"),
    "gender": _("Sex"),
    "birth_date": _("Date of birth"),
    "profession": _("Profession"),
    "languages": _("Languages"),
    "telephone": _("Telephone"),
    "email": _("E-mail address"),
    "private_telephone": _("Private telephone"),
    "private_address": _("Private address"),
    "status": _("Status"),
    "status_reason": _("Reason for the status"),
    "same_as": _("Same as"),
    "apart_from": _("Not the same as"),
    "practitioner": _("Professional"),
    "country": _("Country"),
    "limits": _("Limits"),
    "name": _("Name"),
    "type": _("Kind"),
    "part_of": _("Part of"),
    "postal_code": _("Postcode"),
    "municipality": _("Town"),
    "line": _("Street"),
    "website": _("Website"),
    "organization": _("Organisation"),
    "location": _("Place"),
    "latitude": _("Latitude"),
    "longitude": _("Longitude"),
    "hours": _("Opening hours"),
    "accessible": _("Accessible by wheelchair"),
    "new_patients": _("Accepts new patients"),
    "successor": _("Successor"),
    "service": _("Service"),
    "specialty": _("Specialty"),
    "appointment": _("By appointment"),
    "connection_type": _("Kind of connection"),
    "payload_type": _("What it takes"),
    "address": _("Address"),
    "identifier": _("Identifier"),
}
STATUSES: Mapping[str, Text] = {
    "active": _("active"),
    "suspended": _("suspended"),
    "retired": _("retired"),
    "deceased": _("deceased"),
    "ended": _("ended"),
    "error": _("not working"),
    "off": _("switched off"),
}
GENDERS: Mapping[str, Text] = {
    "female": _("female"),
    "male": _("male"),
    "other": _("other"),
    "unknown": _("not known"),
}
HOW: Mapping[str, Text] = {
    How.FILE: _("a register's file"),
    How.FEED: _("a register's or hospital's software"),
    How.CORRECTION: _("a professional's correction"),
    How.CONFIRMATION: _("a professional's confirmation"),
    How.AUTHORITY: _("the authority"),
}
OUTCOMES: Mapping[str, Text] = {
    Outcome.NEW: _("new"),
    Outcome.CHANGED: _("changed"),
    Outcome.SAME: _("confirmed"),
    Outcome.ENDED: _("ended"),
    Outcome.REFUSED: _("refused"),
}
# Why an electronic address is stale (salus.directory.endpoints.Why), and what the last call found (calling.Fault).
STALE: Mapping[str, Text] = {
    "no-answer": _("does not answer"),
    "never-checked": _("was never checked"),
    "certificate-ends": _("its certificate ends soon"),
}
FAULTS: Mapping[str, Text] = {
    "address": _("cannot be called"),
    "name": _("its name is not known"),
    "private": _("leads into a private network"),
    "refused": _("nobody listens there"),
    "timeout": _("no answer in time"),
    "certificate": _("its certificate is not good"),
    "tls": _("no secure connection"),
    "broken": _("the connection broke"),
    "status": _("answers with an error"),
    "content": _("says nothing of FHIR"),
}
# Which change sets (salus.directory.desk.queries.Waiting).
WAITING: Mapping[str, Text] = {
    "corrections": _("Corrections"),
    "registers": _("From registers"),
    "authority": _("Of the desk"),
    "decided": _("Decided"),
}
# What the checks of fields say (salus.directory.fields, lines), so that pages say it in their language.
_PROBLEMS = (
    noop("should be a text"),
    noop("should be at most 200 characters that can be printed"),
    noop("should be true or false"),
    noop("should be a date, year-month-day"),
    noop("should be a list of languages, each once"),
    noop("should be languages by code, such as fr or pt"),
    noop("should be a list"),
    noop("should be a telephone number"),
    noop("should be an e-mail address"),
    noop("should be an address that begins with https://"),
    noop("should be an address with its protocol, such as https:// or mailto:"),
    noop("should be a country in two capital letters (ISO 3166-1)"),
    noop("should be a list of opening times"),
    noop("should be opening times as FHIR writes them"),
    noop("an opening time should name its days: mon to sun"),
    noop("an opening time should have a start and an end, such as 08:00"),
    noop("an opening time should end after it begins"),
    noop("cannot be taken away"),
    noop("is missing"),
    noop("is missing of a new entry"),
    noop("there is no such entry"),
    noop("should be after since"),
    noop("no suspension is in force on that day"),
)
_CODES = {
    "profession": PROFESSIONS,
    "specialty": PROFESSIONS,
    "type": ORGANIZATION_TYPES,
    "status": STATUSES,
    "gender": GENDERS,
}


def field_name(name: str) -> str:
    return str(FIELD_NAMES.get(name, name))


def problem_said(problem: str) -> str:
    """Why a line or a field is refused, in the page's language as far as it is one of the known sentences."""
    name, parted, rest = problem.partition(": ")
    if parted and name in FIELD_NAMES:
        return f"{field_name(name)}: {gettext(rest)}"
    return gettext(problem)


def value_said(kind: Kind, name: str, value: Any) -> str:
    """A field's value as a page shows it; '' when it has none. Of other entries see salus.directory.naming."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if name in _CODES:
        return str(_CODES[name].get(value, value))
    if name == "languages":
        return ", ".join(language_name(code) for code in value)
    if name == "hours":
        return "; ".join(_opening(one) for one in value)
    if name == "birth_date":
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return "|".join(map(str, value.values()))
    return str(value)


def refers(kind: Kind, name: str) -> Kind | None:
    """The kind of the entry that the field's value names."""
    about = FIELDS[kind].get(name)
    return about.refers if about else None


def is_restricted(kind: Kind, name: str) -> bool:
    about = FIELDS[kind].get(name)
    return about is not None and not about.public


def day_names() -> dict[str, str]:
    """By the code of FHIR, Monday first, in the page's language."""
    names = get_day_names("wide", "stand-alone", locale=get_language() or "en")
    return {day: str(names[number]) for number, day in enumerate(DAYS)}


def _opening(one: Mapping[str, Any]) -> str:
    names = day_names()
    days = ", ".join(names[day] for day in one["daysOfWeek"])
    if one.get("allDay"):
        return f"{days} {gettext('all day')}"
    return f"{days} {one['availableStartTime'][:5]}–{one['availableEndTime'][:5]}"
