"""FHIR R4 Patient of the index (IHE PDQm, PIXm)."""

from datetime import date

from salus.country import country
from salus.fhir import datatypes, exact_json
from salus.fhir.bundle import Entry
from salus.fhir.element import Element
from salus.fhir.transaction import Acceptance, NotUsed, Taken, Transaction
from salus.kernel.errors import InvalidInput
from salus.mpi.actions import Address, register_person
from salus.mpi.queries import person_identified


def take_patient(transaction: Transaction, entry: Entry) -> Taken | NotUsed:
    """Register the person, unless one of the identifiers is known."""
    patient = entry.resource
    name = datatypes.human_name(patient)
    birth_date = patient.day("birthDate")
    if birth_date is None:
        raise patient.wrong("birthDate", "a full date is needed")
    if birth_date > transaction.at.date():
        raise patient.wrong("birthDate", "lies in the future")
    row, created = register_person(
        actor=transaction.actor,
        at=transaction.at,
        identifiers=_identifiers(entry),
        family=name.family,
        given=name.given,
        birth_family=_maiden_name(patient),
        birth_date=birth_date,
        gender=patient.code("gender", datatypes.GENDERS, default="unknown"),
        deceased_on=_deceased_on(patient, born=birth_date),
        multiple_birth=patient.positive("multipleBirthInteger"),
        address=_address(patient),
        received=exact_json.plain(patient.value),
    )
    return Taken(row=row, created=created)


def find_person(system: str, value: str) -> int | None:
    return person_identified([(system, value)])


ACCEPTS = (Acceptance(type="Patient", becomes="person", take=take_patient),)
FINDS = {"Patient": find_person}


def _identifiers(entry: Entry) -> list[tuple[str, str]]:
    found = list(dict.fromkeys(entry.identifiers()))
    for system, value in found:
        if system == country().MATRICULE_SYSTEM:
            try:
                country().check_matricule(value)
            except InvalidInput as error:
                raise entry.resource.wrong("identifier", str(error)) from None
    return found


def _maiden_name(patient: Element) -> str:
    names = (name for name in patient.children("name") if name.text("use") == "maiden")
    return next((name.text("family") for name in names), "")


def _deceased_on(patient: Element, *, born: date) -> date | None:
    """None also when only the fact, or a less exact date, is known; ``received`` keeps it."""
    day = patient.day("deceasedDateTime")
    if day and day < born:
        raise patient.wrong("deceasedDateTime", "lies before birth")
    return day


def _address(patient: Element) -> Address | None:
    home = datatypes.address(patient)
    if home is None or not home.country:
        return None  # without a country nobody can say whether the person lives in ours
    return Address(
        country=home.country,
        postal_code=home.postal_code,
        municipality=home.city,
        line=home.line,
    )
