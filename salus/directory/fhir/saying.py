"""What a FHIR R4 resource of the directory says of its entry: the fields of salus.directory.fields.

Only what is in it is said. ``active`` true says that it is in use, which lifts no suspension; false, that it has ended.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from salus.directory.models import Kind
from salus.fhir import datatypes
from salus.fhir.element import Element
from salus.kernel.errors import InvalidInput
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS, SNOMED_CT

# Elements that R4 has not, as the Da Vinci PDEX Plan Net guide writes them.
_PLAN_NET = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition"
QUALIFICATION = f"{_PLAN_NET}/practitioner-qualification"  # status, whereValid: of a licence
NEW_PATIENTS = f"{_PLAN_NET}/newpatients"  # acceptingPatients
ACCEPTING = "http://hl7.org/fhir/us/davinci-pdex-plan-net/CodeSystem/AcceptingPatientsCS"
# And ours (docs/reference/ihe-provider-directory.md), for what none of these guides has.
SUCCESSOR = "https://salus.example/StructureDefinition/successor"
LIMIT = "https://salus.example/StructureDefinition/licence-limit"
ACCESSIBLE = "https://salus.example/StructureDefinition/wheelchair-accessible"
_ACCEPTS = {"newpt": True, "nopt": False, "existptonly": False, "existptfam": False}

# http://terminology.hl7.org/CodeSystem/organization-type says little of what care is given.
_ORGANIZATION_TYPES = {"prov": "hospital"}
_LOCATION_STATUS = {"active": "active", "suspended": "suspended", "inactive": "ended"}
_ENDPOINT_STATUS = {"entered-in-error": "ended"}

Naming = Callable[[Element, Kind], str]  # what a Reference means, as "system|value"


@dataclass(frozen=True, kw_only=True)
class Saying:
    """Of one entry; ``system`` and ``value`` are '' for the resource itself, which its reader names."""

    kind: Kind
    system: str = ""
    value: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None


def sayings(resource: Element, own: str, name: Naming) -> Iterator[Saying]:
    """What the resource says, of itself first, then of its licences. Raises InvalidInput that says where it is wrong.

    ``own`` is the resource's identifier, as "system|value".
    """
    kind = Kind(resource.text("resourceType"))
    said = _SAID[kind](resource, name)
    since, until = _period(resource.child("period")) if kind is Kind.ROLE else (None, None)
    yield Saying(kind=kind, said=_without_empty(said), since=since, until=until)
    if kind is Kind.PRACTITIONER:
        yield from _licences(resource, own)


def professions(concepts: list[Element]) -> list[str]:
    """Codes of PROFESSIONS that the concepts have."""
    return [
        code
        for concept in concepts
        for system, code, _ in datatypes.codings(concept)
        if system == SNOMED_CT and code in PROFESSIONS
    ]


def organization_types(resource: Element) -> list[str]:
    """Codes of ORGANIZATION_TYPES that the resource has."""
    codes = [
        _ORGANIZATION_TYPES.get(code, code)
        for concept in resource.children("type")
        for _, code, _ in datatypes.codings(concept)
    ]
    return [code for code in codes if code in ORGANIZATION_TYPES]


def _practitioner(resource: Element, _name: Naming) -> dict[str, Any]:
    name = datatypes.human_name(resource)
    homes = [one for one in resource.children("address") if one.text("use") == "home"]
    qualifications = [one.child("code") for one in resource.children("qualification")]
    return {
        "family": name.family,
        "given": name.given,
        "prefix": name.prefix,
        "gender": resource.code("gender", datatypes.GENDERS) if resource.text("gender") else "",
        "birth_date": _exact_day(resource, "birthDate"),
        "profession": _first(professions(qualifications)),
        "languages": _languages(resource),
        "telephone": _contact(resource, "phone"),
        "email": _contact(resource, "email"),
        "private_telephone": _contact(resource, "phone", home=True),
        "private_address": _one_line(homes[0]) if homes else "",
        "status": _ended(resource),
    }


def _licences(resource: Element, own: str) -> Iterator[Saying]:
    """Each qualification that has a number of its own and is valid in a country."""
    for qualification in resource.children("qualification"):
        numbers = datatypes.identifiers(qualification)
        if not numbers:
            continue
        more = _extension(qualification, QUALIFICATION)
        since, until = _period(qualification.child("period"))
        where = _extension(more, "whereValid") if more else None
        status = _extension(more, "status") if more else None
        countries = datatypes.codings(where.child("valueCodeableConcept")) if where else ()
        yield Saying(
            kind=Kind.LICENCE,
            system=numbers[0][0],
            value=numbers[0][1],
            said=_without_empty(
                {
                    "practitioner": own,
                    "profession": _first(professions([qualification.child("code")])),
                    "country": _first([code for _, code, _ in countries]),
                    "limits": [
                        one.text("valueString")
                        for one in qualification.children("extension")
                        if one.text("url") == LIMIT
                    ],
                    "status": status.text("valueCode") if status else "",
                }
            ),
            since=since,
            until=until,
        )


def _organization(resource: Element, name: Naming) -> dict[str, Any]:
    return {
        "name": resource.text("name"),
        "type": _first(organization_types(resource)),
        "part_of": _named(resource, "partOf", Kind.ORGANIZATION, name),
        **_address(datatypes.address(resource)),
        "telephone": datatypes.telephone(resource),
        "email": datatypes.contact(resource, "email"),
        "website": datatypes.contact(resource, "url"),
        "status": _ended(resource),
    }


def _location(resource: Element, name: Naming) -> dict[str, Any]:
    place = resource.child("position")
    alone = resource.child("address")
    told = _extension(resource, ACCESSIBLE)
    address = Element(path=resource.path, value={"address": [alone.value] if alone.value else []})
    return {
        "organization": _named(resource, "managingOrganization", Kind.ORGANIZATION, name),
        "name": resource.text("name"),
        **_address(datatypes.address(address)),
        "telephone": datatypes.telephone(resource),
        "latitude": _float(place, "latitude"),
        "longitude": _float(place, "longitude"),
        "hours": _hours(resource, "hoursOfOperation", opens="openingTime", closes="closingTime"),
        "accessible": told.value.get("valueBoolean") if told else None,
        "status": _LOCATION_STATUS.get(resource.text("status"), ""),
    }


def _role(resource: Element, name: Naming) -> dict[str, Any]:
    return {
        "practitioner": _named(resource, "practitioner", Kind.PRACTITIONER, name),
        "organization": _named(resource, "organization", Kind.ORGANIZATION, name),
        "location": _first_named(resource, "location", Kind.LOCATION, name),
        "service": _first_named(resource, "healthcareService", Kind.SERVICE, name),
        "successor": _successor(resource, name),
        "profession": _first(
            professions([*resource.children("code"), *resource.children("specialty")])
        ),
        "telephone": datatypes.telephone(resource),
        "email": datatypes.contact(resource, "email"),
        "new_patients": _new_patients(resource),
        "hours": _hours(resource, "availableTime"),
        "status": _ended(resource),
    }


def _service(resource: Element, name: Naming) -> dict[str, Any]:
    concepts = [*resource.children("specialty"), *resource.children("type")]
    return {
        "organization": _named(resource, "providedBy", Kind.ORGANIZATION, name),
        "location": _first_named(resource, "location", Kind.LOCATION, name),
        "name": resource.text("name"),
        "specialty": _first(professions(concepts)),
        "languages": _languages(resource),
        "telephone": datatypes.telephone(resource),
        "new_patients": _new_patients(resource),
        "appointment": resource.value.get("appointmentRequired"),
        "hours": _hours(resource, "availableTime"),
        "status": _ended(resource),
    }


def _endpoint(resource: Element, name: Naming) -> dict[str, Any]:
    payloads = [
        code
        for one in resource.children("payloadType")
        for _, code, _ in datatypes.codings(one)
        if code != "any"  # which says nothing
    ]
    status = resource.text("status")
    return {
        "organization": _named(resource, "managingOrganization", Kind.ORGANIZATION, name),
        "name": resource.text("name"),
        "connection_type": resource.child("connectionType").text("code"),
        "payload_type": _first(payloads),
        "address": resource.text("address"),
        "status": _ENDPOINT_STATUS.get(status, status),
    }


_SAID: Mapping[Kind, Callable[[Element, Naming], dict[str, Any]]] = {
    Kind.PRACTITIONER: _practitioner,
    Kind.ORGANIZATION: _organization,
    Kind.LOCATION: _location,
    Kind.ROLE: _role,
    Kind.SERVICE: _service,
    Kind.ENDPOINT: _endpoint,
}
TYPES = frozenset(_SAID)


def _without_empty(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def _first(found: list[str]) -> str:
    return next(iter(found), "")


def _ended(resource: Element) -> str:
    return "ended" if resource.value.get("active") is False else ""


def _exact_day(element: Element, name: str) -> str:
    day = element.day(name)
    if day is None and element.text(name):
        raise element.wrong(name, "must be exact to the day")
    return day.isoformat() if day else ""


def _period(period: Element) -> tuple[date | None, date | None]:
    """The days of a Period: FHIR's end is the last day on which it holds."""
    since, last = _exact_day(period, "start"), _exact_day(period, "end")
    return (
        date.fromisoformat(since) if since else None,
        date.fromisoformat(last) + timedelta(days=1) if last and last < "9999" else None,
    )


def _named(resource: Element, element: str, kind: Kind, name: Naming) -> str:
    return name(resource.child(element), kind) if element in resource.value else ""


def _first_named(resource: Element, element: str, kind: Kind, name: Naming) -> str:
    return next((name(one, kind) for one in resource.children(element)), "")


def _address(place: datatypes.Address | None) -> dict[str, str]:
    if place is None:
        return {}
    return {
        "country": place.country,
        "postal_code": place.postal_code,
        "municipality": place.city,
        "line": place.line,
    }


def _one_line(address: Element) -> str:
    city = " ".join(filter(None, (address.text("postalCode"), address.text("city"))))
    return ", ".join(filter(None, (*address.texts("line"), city, address.text("country"))))


def _contact(resource: Element, system: str, *, home: bool = False) -> str:
    """The first at work, or at home."""
    known = (
        one.text("value")
        for one in resource.children("telecom")
        if one.text("system") == system and (one.text("use") == "home") is home
    )
    return next(known, "")


def _languages(resource: Element) -> list[str]:
    concepts = resource.children("communication")
    codes = [code for concept in concepts for _, code, _ in datatypes.codings(concept)]
    return list(dict.fromkeys(codes))


def _float(element: Element, name: str) -> float | None:
    number = element.value.get(name)
    if number is None:
        return None
    try:
        return float(number)
    except (TypeError, ValueError):
        raise element.wrong(name, "a number is expected") from None


def _hours(
    resource: Element,
    name: str,
    *,
    opens: str = "availableStartTime",
    closes: str = "availableEndTime",
) -> list[dict[str, Any]]:
    names = {opens: "availableStartTime", closes: "availableEndTime"}
    return [
        {names.get(member, member): value for member, value in one.value.items()}
        for one in resource.children(name)
    ]


def _extension(element: Element, url: str) -> Element | None:
    return next((one for one in element.children("extension") if one.text("url") == url), None)


def _new_patients(resource: Element) -> bool | None:
    told = _extension(resource, NEW_PATIENTS)
    accepting = _extension(told, "acceptingPatients") if told else None
    if accepting is None:
        return None
    codes = [code for _, code, _ in datatypes.codings(accepting.child("valueCodeableConcept"))]
    return next((_ACCEPTS[code] for code in codes if code in _ACCEPTS), None)


def _successor(resource: Element, name: Naming) -> str:
    told = _extension(resource, SUCCESSOR)
    return name(told.child("valueReference"), Kind.ROLE) if told else ""


def not_named(reference: Element) -> InvalidInput:
    return reference.wrong("reference", "names nothing that can be looked up here")
