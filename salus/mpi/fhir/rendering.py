"""A person of the index as a Patient: as its sender filed it, completed by what the index knows besides."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from salus.country import country
from salus.country.identifiers import spelled
from salus.fhir.datatypes import IDENTIFIER_TYPES
from salus.fhir.dates import instant
from salus.fhir.resource import Body, Version
from salus.mpi.models import FormerName, Person, Residence


def rendered(person: Person) -> Version:
    """The newest version."""
    body = _as_filed(person) or _as_registered(person)
    body.setdefault("active", True)
    body.setdefault("gender", person.gender)
    identifiers = [*body.get("identifier", ()), *_other_identifiers(person, body)]
    body["identifier"] = [_with_issuer(one) for one in identifiers]
    body["name"] = [*body.get("name", ()), *_former_names(person, body)]
    if "address" not in body:
        body |= _only(address=[_address(home) for home in _residences(person)])
    return Version(
        body={
            "resourceType": "Patient",
            "id": str(person.pk),
            "meta": {
                "versionId": str(person.version or 1),
                "lastUpdated": instant(person.changed_at or person.registered_at),
            },
            **{name: value for name, value in body.items() if value not in (None, [])},
        }
    )


def _as_filed(person: Person) -> Body:
    received = dict(person.received or {})
    for own in ("resourceType", "id", "meta"):
        received.pop(own, None)
    if person.version is None:
        # Came in a Bundle, where its references had a meaning that they do not have here.
        received.pop("link", None)
        received = _without_references(received)
    return received


def _leads_away(name: str, member: Any) -> bool:
    return name == "reference" and isinstance(member, str) and not member.startswith(("http", "#"))


def _as_registered(person: Person) -> Body:
    name = {"use": "official", "family": person.family, "given": person.given.split()}
    names = [_only(**name)]
    if person.birth_family:
        names.append({"use": "maiden", "family": person.birth_family})
    return {"name": names} | _only(
        gender=person.gender,
        birthDate=person.birth_date.isoformat(),
        deceasedDateTime=person.deceased_on.isoformat() if person.deceased_on else None,
        multipleBirthInteger=person.multiple_birth,
    )


def _other_identifiers(person: Person, body: Body) -> Iterator[Body]:
    filed = ((one.get("system", ""), one.get("value", "")) for one in body.get("identifier", ()))
    known = {(system, spelled(system, value)) for system, value in filed}
    for one in sorted(person.identifiers.all(), key=lambda one: one.pk):
        if (one.system, one.value) not in known:
            yield {"system": one.system, "value": one.value}


def _with_issuer(identifier: Body) -> Body:
    """What its sender left out, and is known of the system: the kind of number, and who gives it."""
    known = country().identifier_system(identifier.get("system", ""))
    if known is None:
        return identifier
    told: Body = {
        "type": {"coding": [{"system": IDENTIFIER_TYPES, "code": known.type}]},
        "assigner": {"display": known.issuer},
    }
    return {**told, **identifier}


def _former_names(person: Person, body: Body) -> Iterator[Body]:
    def is_told(former: FormerName) -> bool:
        told = ((name.get("family"), " ".join(name.get("given", ()))) for name in body["name"])
        return (former.family, former.given) in told

    if person.version is None:
        return
    for former in sorted(person.former_names.all(), key=lambda one: one.pk, reverse=True):
        if not is_told(former):
            yield _only(use="old", family=former.family, given=former.given.split())


def _residences(person: Person) -> list[Residence]:
    return sorted(person.residences.all(), key=lambda home: home.since, reverse=True)


def _address(home: Residence) -> Body:
    last = (home.until - timedelta(days=1)).isoformat() if home.until else None
    return _only(
        use="old" if home.until else "home",
        line=home.line.split(", ") if home.line else None,
        city=home.municipality,
        postalCode=home.postal_code,
        country=home.country,
        period=_only(start=home.since.isoformat(), end=last),
    )


def _without_references(value: Any) -> Any:
    """What only said where something lay is left out, with the elements that become empty by it."""
    if isinstance(value, list):
        kept = [_without_references(item) for item in value]
        return [item for item in kept if item not in ({}, [])]
    if not isinstance(value, dict):
        return value
    kept_members = {
        name: _without_references(member)
        for name, member in value.items()
        if not _leads_away(name, member)
    }
    return {name: member for name, member in kept_members.items() if member not in ({}, [])}


def _only(**members: Any) -> Body:
    """Those that are not empty."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}
