"""Elements that the directory's resources have in common."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import override

from salus.country import country
from salus.directory.fhir.saying import ACCEPTING, NEW_PATIENTS
from salus.directory.models import Organization, Practitioner
from salus.directory.models.entries import Addressed, Entry
from salus.fhir.dates import instant
from salus.fhir.resource import Body, Version
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS, SNOMED_CT, SPECIALTIES

ORGANIZATION_TYPE = f"{country().REPORT.address}/fhir/CodeSystem/organization-type"
LANGUAGE = "urn:ietf:bcp:47"
COUNTRY = "urn:iso:std:iso:3166"


@cache
def professions() -> Mapping[str, str]:
    """Names by code, in the default language whatever the client's is: a resource has one content."""
    return _spoken(PROFESSIONS)


@cache
def organization_types() -> Mapping[str, str]:
    return _spoken(ORGANIZATION_TYPES)


def _spoken(names: Mapping[str, Promise | str]) -> dict[str, str]:
    with override(settings.LANGUAGE_CODE):
        return {code: str(name) for code, name in names.items()}


def profession(code: str) -> Body:
    return _concept(SNOMED_CT, code, professions())


def specialties(profession: str) -> list[Body]:
    """What somebody of the profession is specialised in, where that has a name of its own."""
    known = SPECIALTIES.get(profession)
    return [_concept(SNOMED_CT, known[0], dict([known]))] if known else []


def organization_type(code: str) -> Body:
    return _concept(ORGANIZATION_TYPE, code, organization_types())


def languages(codes: Iterable[str]) -> list[Body]:
    return [{"coding": [{"system": LANGUAGE, "code": code}]} for code in codes]


def _concept(system: str, code: str, names: Mapping[str, str]) -> Body:
    name = names.get(code)
    coding = {"system": system, "code": code} | ({"display": name} if name else {})
    return {"coding": [coding]}


def without_empty(body: Body) -> Body:
    """FHIR has no empty elements."""
    return {name: value for name, value in body.items() if value not in ("", [], {}, None)}


def version(row: Entry, type: str, body: Body, *, also: Iterable[Entry] = ()) -> Version:
    """The resource of a row; ``also``: its duplicates, whose numbers it answers to."""
    meta = {
        "versionId": str(row.version or 1),
        "lastUpdated": instant(row.changed_at or row.registered_at),
    }
    head = {"resourceType": type, "id": str(row.pk), "meta": meta}
    numbers = [{"system": one.system, "value": one.value} for one in (row, *also)]
    return Version(body=head | {"identifier": numbers} | without_empty(body))


def reference(type: str, row: int | None) -> Body | None:
    return {"reference": f"{type}/{row}"} if row else None


def root(row: Practitioner | Organization) -> int:
    """The entry that answers for this one, of several that are the same."""
    return row.same_as_id or row.pk


def telecom(*, telephone: str = "", email: str = "", website: str = "") -> list[Body]:
    known = (("phone", telephone), ("email", email), ("url", website))
    return [{"system": system, "value": value} for system, value in known if value]


def address(row: Addressed) -> Body:
    return without_empty(
        {
            "line": [row.line] if row.line else [],
            "city": row.municipality,
            "postalCode": row.postal_code,
            "country": row.country,
        }
    )


def flag(url: str, value: bool | None) -> list[Body]:
    """An extension that says yes or no; none where nothing is said."""
    return [] if value is None else [{"url": url, "valueBoolean": value}]


def new_patients(accepted: bool | None) -> list[Body]:
    """Whether they are accepted, as an extension; none where nothing is said."""
    if accepted is None:
        return []
    coding = {"system": ACCEPTING, "code": "newpt" if accepted else "nopt"}
    told = {"url": "acceptingPatients", "valueCodeableConcept": {"coding": [coding]}}
    return [{"url": NEW_PATIENTS, "extension": [told]}]


def period(since: date | None, until: date | None) -> Body:
    """From a day until before another, as FHIR counts: the last day included. A year 1 says nothing."""
    said = {"start": since.isoformat()} if since and since > date.min else {}
    if until is None or until == date.min:
        return said
    return said | {"end": (until - timedelta(days=1)).isoformat()}


def grouped(rows: Iterable[Any], column: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, column), []).append(row)
    return found
