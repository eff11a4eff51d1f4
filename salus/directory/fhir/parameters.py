"""By what the directory is searched (IHE mCSD, ITI-90)."""

from collections.abc import Mapping
from typing import TypeVar

from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import override

from salus.directory.fhir.rendering import KINDS
from salus.directory.models import Organization, Practitioner, PractitionerRole
from salus.fhir import conditions, facts
from salus.fhir.criteria import Modifier, ParameterType
from salus.fhir.datatypes import from_each_word
from salus.fhir.parameters import DEFINITIONS, by_id, by_last_updated
from salus.fhir.resource import Body, Parameter
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS, SNOMED_CT

Row = TypeVar("Row", bound=Model)


def practitioners() -> QuerySet[Practitioner]:
    return _dated(Practitioner.objects.all())


def organizations() -> QuerySet[Organization]:
    return _dated(Organization.objects.all())


def roles() -> QuerySet[PractitionerRole]:
    return PractitionerRole.objects.select_related("practitioner")


def _dated(rows: QuerySet[Row]) -> QuerySet[Row]:
    updated_at = Coalesce(F("deregistered_at"), F("registered_at"))
    dated: QuerySet[Row] = rows.annotate(updated_at=updated_at)
    return dated


_UPDATED = by_last_updated(conditions.instants("updated_at"), sort=("updated_at",))
_WORDS = frozenset({Modifier.CONTAINS})
_CODES = frozenset({Modifier.NOT, Modifier.TEXT})


def _english(names: Mapping[str, Promise | str]) -> dict[str, str]:
    with override("en"):
        return {code: str(name) for code, name in names.items()}


def _identifier(of: str) -> Parameter:
    return Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/{of}-identifier",
        documentation="The number in the register.",
        facts=facts.tokens("identifier"),
        condition=conditions.identifiers("system", "value"),
        modifiers=frozenset({Modifier.NOT}),
    )


def _active(of: str, condition: Q) -> Parameter:
    return Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/{of}-active",
        documentation="Whether it is in the register today.",
        facts=facts.tokens("active"),
        condition=conditions.true_when(condition),
        modifiers=frozenset({Modifier.NOT}),
    )


def _given(body: Body) -> list[str]:
    return from_each_word(" ".join(facts.at(body, "name.given")))


_family = conditions.starts("family_key", original="family")
_given_names = conditions.starts("given_key", any_word=True)

PRACTITIONER = {
    "_id": by_id(),
    "_lastUpdated": _UPDATED,
    "identifier": _identifier("Practitioner"),
    "active": _active("Practitioner", Q(deregistered_at__isnull=True)),
    "family": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/individual-family",
        documentation="The family name, from its start.",
        facts=facts.strings("name.family"),
        condition=_family,
        modifiers=_WORDS | {Modifier.EXACT},
        sort=("family_key",),
    ),
    "given": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/individual-given",
        documentation="One of the given names, from its start.",
        facts=_given,
        condition=_given_names,
        modifiers=_WORDS,
        sort=("given_key",),
    ),
    "name": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Practitioner-name",
        documentation="The family name or one of the given names, from its start.",
        facts=lambda body: [*facts.strings("name.family")(body), *_given(body)],
        condition=conditions.either(conditions.starts("family_key"), _given_names),
        modifiers=_WORDS,
        sort=("family_key", "given_key"),
    ),
}
ORGANIZATION = {
    "_id": by_id(),
    "_lastUpdated": _UPDATED,
    "identifier": _identifier("Organization"),
    "active": _active("Organization", Q(deregistered_at__isnull=True)),
    "name": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Organization-name",
        documentation="The name, from its start.",
        facts=facts.strings("name"),
        condition=conditions.starts("name_key", original="name"),
        modifiers=_WORDS | {Modifier.EXACT},
        sort=("name_key",),
    ),
    "type": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Organization-type",
        documentation="Hospital, practice, pharmacy, laboratory, ...",
        facts=facts.tokens("type"),
        condition=conditions.codes("type", system=KINDS, known=_english(ORGANIZATION_TYPES)),
        modifiers=_CODES,
    ),
}
PRACTITIONER_ROLE = {
    "_id": by_id(),
    "active": _active("PractitionerRole", Q(until__isnull=True)),
    "practitioner": Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/PractitionerRole-practitioner",
        documentation="Who works there.",
        facts=facts.references("practitioner"),
        condition=conditions.refers("practitioner", type="Practitioner"),
        targets=("Practitioner",),
        chains={
            "Practitioner": conditions.among("practitioner", practitioners, lambda: PRACTITIONER)
        },
    ),
    "organization": Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/PractitionerRole-organization",
        documentation="Where.",
        facts=facts.references("organization"),
        condition=conditions.refers("organization", type="Organization"),
        targets=("Organization",),
        chains={
            "Organization": conditions.among("organization", organizations, lambda: ORGANIZATION)
        },
    ),
    "role": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/PractitionerRole-role",
        documentation="As what: the profession, in SNOMED CT.",
        facts=facts.tokens("code"),
        condition=conditions.codes(
            "practitioner__profession", system=SNOMED_CT, known=_english(PROFESSIONS)
        ),
        modifiers=_CODES,
    ),
    "date": Parameter(
        type=ParameterType.DATE,
        definition=f"{DEFINITIONS}/PractitionerRole-date",
        documentation="When.",
        facts=facts.times("period"),
        condition=conditions.days_until("since", "until"),
    ),
}
