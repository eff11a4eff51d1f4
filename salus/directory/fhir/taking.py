"""Taking in Practitioner and Organization of a Bundle that another system exported."""

from collections.abc import Iterator

from salus.directory.actions import register_organization, register_practitioner
from salus.directory.models import Organization, Practitioner
from salus.fhir import datatypes
from salus.fhir.bundle import Entry
from salus.fhir.element import Element
from salus.fhir.transaction import Acceptance, NotUsed, Taken, Transaction
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS, SNOMED_CT

PHYSICIAN = "158965000"  # for a professional whose sender says nothing more exact

# http://terminology.hl7.org/CodeSystem/organization-type says little of what care is given.
_ORGANIZATION_TYPES = {"prov": "hospital"}


def take_practitioner(transaction: Transaction, entry: Entry) -> Taken | NotUsed:
    """Register the professional, unless the identifier is known."""
    practitioner = entry.resource
    if not practitioner.children("name"):
        return NotUsed(reason="has no name")
    name = datatypes.human_name(practitioner)
    system, value = entry.identifiers()[0]
    row, created = register_practitioner(
        actor=transaction.actor,
        at=transaction.at,
        system=system,
        value=value,
        family=name.family,
        given=name.given,
        prefix=name.prefix,
        gender=practitioner.code("gender", datatypes.GENDERS, default="unknown"),
        profession=next(_professions(transaction, entry), PHYSICIAN),
    )
    return Taken(row=row, created=created)


def take_organization(transaction: Transaction, entry: Entry) -> Taken | NotUsed:
    """Register the organisation, unless the identifier is known."""
    organization = entry.resource
    name = organization.text("name")
    if not name:
        return NotUsed(reason="has no name")
    place = datatypes.address(organization)
    system, value = entry.identifiers()[0]
    row, created = register_organization(
        actor=transaction.actor,
        at=transaction.at,
        system=system,
        value=value,
        name=name,
        type=next(_types(organization), "other"),
        country=place.country if place else "",
        postal_code=place.postal_code if place else "",
        municipality=place.city if place else "",
        line=place.line if place else "",
        telephone=datatypes.telephone(organization),
    )
    return Taken(row=row, created=created)


def find_practitioner(system: str, value: str) -> int | None:
    known = Practitioner.objects.filter(system=system, value=value)
    return known.values_list("pk", flat=True).first()


def find_organization(system: str, value: str) -> int | None:
    known = Organization.objects.filter(system=system, value=value)
    return known.values_list("pk", flat=True).first()


ACCEPTS = (
    Acceptance(type="Organization", becomes="organisation", take=take_organization),
    Acceptance(type="Practitioner", becomes="professional", take=take_practitioner),
)
FINDS = {"Organization": find_organization, "Practitioner": find_practitioner}
NOT_TAKEN = {"PractitionerRole": "only the profession is read from it"}


def _professions(transaction: Transaction, entry: Entry) -> Iterator[str]:
    """Codes of PROFESSIONS that the sender states: in a qualification, or in a role."""
    concepts = [q.child("code") for q in entry.resource.children("qualification")]
    for other in transaction.bundle.of_type("PractitionerRole"):
        holder = transaction.bundle.find(other.resource.child("practitioner"), type="Practitioner")
        if holder == entry:
            concepts += other.resource.children("code") + other.resource.children("specialty")
    for concept in concepts:
        for system, code, _ in datatypes.codings(concept):
            if system == SNOMED_CT and code in PROFESSIONS:
                yield code


def _types(organization: Element) -> Iterator[str]:
    for concept in organization.children("type"):
        for _, code, _ in datatypes.codings(concept):
            known = _ORGANIZATION_TYPES.get(code, code)
            if known in ORGANIZATION_TYPES:
                yield known
