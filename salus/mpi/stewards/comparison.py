"""Two entries of the index side by side, field by field. Pure but for the words of dates."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext

from salus.kernel.search_key import search_key
from salus.mpi.models import Person
from salus.mpi.stewards.words import FIELDS, GENDERS, Text


class Agreement(StrEnum):
    EQUAL = "equal"
    NEARLY = "nearly"  # but for accents, capitals, hyphens
    DIFFERS = "differs"
    ONE_SIDED = "one-sided"  # known on one side alone


@dataclass(frozen=True, kw_only=True)
class Compared:
    label: Text
    one: str
    other: str
    agreement: Agreement


def compared(one: Person, other: Person) -> tuple[Compared, ...]:
    """What is known on either side."""
    return tuple(
        Compared(label=label, one=left, other=right, agreement=_agreement(left, right))
        for (label, left), (_, right) in zip(_shown(one), _shown(other), strict=True)
        if left or right
    )


def _agreement(one: str, other: str) -> Agreement:
    if not (one and other):
        return Agreement.ONE_SIDED
    if one == other:
        return Agreement.EQUAL
    return Agreement.NEARLY if search_key(one) == search_key(other) else Agreement.DIFFERS


def _shown(person: Person) -> Iterator[tuple[Text, str]]:
    """The person's related rows are there already."""
    home = next((home for home in person.residences.all() if home.until is None), None)
    yield FIELDS["family"], person.family
    yield FIELDS["birth_family"], person.birth_family
    yield FIELDS["former_names"], ", ".join(former.family for former in person.former_names.all())
    yield FIELDS["given"], person.given
    yield FIELDS["birth_date"], date_format(person.birth_date)
    yield FIELDS["sex"], str(GENDERS.get(person.gender, ""))
    yield FIELDS["multiple_birth"], order_of_birth(person.multiple_birth)
    yield FIELDS["street"], home.line if home else ""
    yield FIELDS["postal_code"], home.postal_code if home else ""
    yield FIELDS["city"], home.municipality if home else ""
    yield FIELDS["country"], home.country if home else ""
    yield FIELDS["deceased_on"], date_format(person.deceased_on) if person.deceased_on else ""


def order_of_birth(number: int | None) -> str:
    return gettext("born as number %(number)s") % {"number": number} if number else ""
