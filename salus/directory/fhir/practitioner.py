"""FHIR R4 Practitioner: who is registered, as the public page shows it (https://hl7.org/fhir/R4/practitioner.html)."""

from collections.abc import Mapping, Sequence

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from salus.directory.fhir.elements import (
    COUNTRY,
    grouped,
    languages,
    period,
    profession,
    telecom,
    version,
    without_empty,
)
from salus.directory.fhir.parameters import (
    OURS,
    active,
    by_language,
    chained,
    of_every_type,
    updated,
)
from salus.directory.fhir.saying import LIMIT, QUALIFICATION
from salus.directory.models import Licence, Practitioner
from salus.directory.queries import registered_practitioners
from salus.fhir import facts
from salus.fhir.conditions import NOTHING, Condition, each, either, starts
from salus.fhir.criteria import Coded, Fact, Modifier, ParameterType, Value
from salus.fhir.parameters import DEFINITIONS
from salus.fhir.resource import Body, Parameter, Version

_FAMILY = starts("family_key", original="family")
_GIVEN = starts("given_key", original="given", any_word=True)


def rows() -> QuerySet[Practitioner]:
    return updated(registered_practitioners())


def practitioners(page: Sequence[Practitioner]) -> list[Version]:
    also = grouped(
        Practitioner.objects.filter(same_as__in=page, deregistered_at=None), "same_as_id"
    )
    everybody = [*page, *(one for those in also.values() for one in those)]
    held = Licence.objects.filter(practitioner__in=everybody, deregistered_at=None)
    licences = grouped(held.order_by("pk"), "practitioner_id")

    def of(row: Practitioner) -> Version:
        those = also.get(row.pk, [])
        known = [one for holder in (row, *those) for one in licences.get(holder.pk, ())]
        return practitioner(row, licences=known, also=those)

    return list(map(of, page))


def practitioner(
    row: Practitioner, *, licences: Sequence[Licence] = (), also: Sequence[Practitioner] = ()
) -> Version:
    name = {
        "text": row.full_name,
        "family": row.family,
        "given": row.given.split(),
        "prefix": row.prefix.split(),
    }
    own = [] if licences else [{"code": profession(row.profession)}]
    return version(
        row,
        "Practitioner",
        {
            "active": row.status == "active",
            "name": [without_empty(name)],
            "telecom": telecom(telephone=row.telephone, email=row.email),
            "gender": row.gender,
            "qualification": [*own, *map(_qualification, licences)],
            "communication": languages(row.languages),
        },
        also=also,
    )


def _qualification(licence: Licence) -> Body:
    """A licence: R4 has no element for its country, its status, and what it does not permit."""
    country = {"coding": [{"system": COUNTRY, "code": licence.country}]}
    told = [
        {"url": "status", "valueCode": licence.status},
        {"url": "whereValid", "valueCodeableConcept": country},
    ]
    return without_empty(
        {
            "extension": [
                {"url": QUALIFICATION, "extension": told},
                *({"url": LIMIT, "valueString": limit} for limit in licence.limits),
            ],
            "identifier": [{"system": licence.system, "value": licence.value}],
            "code": profession(licence.profession),
            "period": period(licence.since, licence.until),
        }
    )


def _licensed(body: Body) -> list[Fact]:
    found: list[Fact] = []
    for qualification in body["qualification"]:
        for licence in qualification.get("extension", ()):
            said = {one["url"]: one for one in licence.get("extension", ())}
            if said and said["status"]["valueCode"] == "active":
                found += facts.tokens("valueCodeableConcept")(said["whereValid"])
    return found


def _holders(those: Q) -> Q:
    held = Licence.objects.filter(those, status="active", deregistered_at=None)
    held = held.filter(practitioner__deregistered_at=None)
    holder = Coalesce("practitioner__same_as_id", "practitioner_id")
    return Q(pk__in=held.annotate(holder=holder).values("holder"))


def _licensed_in(value: Value) -> Q:
    if not isinstance(value, Coded) or value.system not in (None, COUNTRY):
        return NOTHING
    return _holders(Q() if value.code is None else Q(country=value.code))


PARAMETERS = {
    **of_every_type("Practitioner", Practitioner),
    "family": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/individual-family",
        documentation="The start of the family name, whatever its case and accents.",
        facts=facts.strings("name.family"),
        condition=_FAMILY,
        modifiers=frozenset({Modifier.EXACT, Modifier.CONTAINS}),
        sort=("family_key",),
    ),
    "given": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/individual-given",
        documentation="The start of a given name, whatever its case and accents.",
        facts=facts.from_each_word("name.given"),
        condition=_GIVEN,
        modifiers=frozenset({Modifier.CONTAINS}),
        sort=("given_key",),
    ),
    "name": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Practitioner-name",
        documentation="The start of the family name or of a given name.",
        facts=lambda body: [
            *facts.strings("name.family")(body),
            *facts.from_each_word("name.given")(body),
        ],
        condition=either(_FAMILY, _GIVEN),
        modifiers=frozenset({Modifier.CONTAINS}),
        sort=("family_key", "given_key"),
    ),
    "active": active("Practitioner-active", status="status"),
    "communication": by_language(f"{DEFINITIONS}/Practitioner-communication"),
    "licence-country": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{OURS}/licence-country",
        documentation="A country in which a licence is in force, by ISO 3166-1 alpha-2.",
        facts=_licensed,
        condition=each(_licensed_in, missing=~_holders(Q())),
        modifiers=frozenset({Modifier.NOT}),
    ),
}


def chain(column: str) -> Mapping[str, Condition]:
    """From a foreign key of another type to what the directory shows of the professional."""
    return {"Practitioner": chained(column, rows, lambda: PARAMETERS)}
