"""What the index knows of its identities, in the form in which records are compared."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection

from salus.country import country
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.actions import Address, Demographics
from salus.mpi.matching.record import Traits

_OF_THE_INDEX = """
    select id, given, family, birth_family, birth_date, gender, multiple_birth,
        array(select former.family from mpi_formername former where former.person_id = mpi_person.id),
        (select value from mpi_personidentifier identifier
         where identifier.person_id = mpi_person.id and system = %(national)s limit 1)
    from mpi_person where id = any (array({persons}))
"""
_OF_THE_PERSON = """
    select mpi_person.id, country, postal_code, municipality, line, received
    from mpi_person left join mpi_residence on person_id = mpi_person.id and until is null
    where mpi_person.id = any (%s)
"""


def traits_of(persons: Collection[int]) -> dict[int, Traits]:
    """All that is compared of these identities."""
    with finding_in(Scope.INDEX):
        known = names_of("select unnest(%(persons)s::bigint[])", {"persons": list(persons)})
    return completed(known)


def names_of(persons: str, values: Mapping[str, Any]) -> dict[int, Traits]:
    """What the index shows to everybody who looks for somebody, of those whom the SQL ``persons`` selects.

    Within ``finding_in(Scope.INDEX)``.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _OF_THE_INDEX.format(persons=persons),
            {"national": country().MATRICULE_SYSTEM, **values},
        )
        return {
            number: Traits(
                given=given,
                family=family,
                birth_family=birth_family,
                birth_date=born,
                sex=_sex(gender),
                multiple_birth=multiple_birth,
                former_families=tuple(former),
                national_id=national_id or "",
            )
            for number, given, family, birth_family, born, gender, multiple_birth, former, national_id in cursor
        }


def completed(known: Mapping[int, Traits]) -> dict[int, Traits]:
    """The same with what is shown of persons who are named only: where they live, and what their senders filed."""
    with rows_of(known.keys()), connection.cursor() as cursor:
        cursor.execute(_OF_THE_PERSON, [list(known)])
        return {
            person: _with(
                known[person],
                Address(country=land, postal_code=code, municipality=place, line=line)
                if land
                else None,
                json.loads(received or "{}"),
            )
            for person, land, code, place, line, received in cursor
        }


def traits_received(
    demographics: Demographics,
    *,
    identifiers: Iterable[tuple[str, str]],
    former_names: Iterable[tuple[str, str]],
    received: Mapping[str, Any] | None,
) -> Traits:
    """Of a record that comes in; ``received`` is the Patient."""
    national = country().MATRICULE_SYSTEM
    return _with(
        Traits(
            given=demographics.given,
            family=demographics.family,
            birth_family=demographics.birth_family,
            birth_date=demographics.birth_date,
            sex=_sex(demographics.gender),
            multiple_birth=demographics.multiple_birth,
            former_families=tuple(family for family, _given in former_names),
            national_id=next((value for system, value in identifiers if system == national), ""),
        ),
        demographics.address,
        received or {},
    )


def _with(known: Traits, address: Address | None, received: Mapping[str, Any]) -> Traits:
    if address:
        known = replace(
            known,
            street=address.line,
            postal_code=address.postal_code,
            city=address.municipality,
            country=address.country,
        )
    contacts = received.get("telecom", ())
    return replace(
        known,
        phone=_first(contacts, "system", "phone"),
        email=_first(contacts, "system", "email"),
        # A number that another identity has already is claimed by this one in what it filed.
        national_id=known.national_id
        or _first(received.get("identifier", ()), "system", country().MATRICULE_SYSTEM),
    )


def _first(elements: Sequence[Mapping[str, Any]], name: str, value: str) -> str:
    return next((str(one.get("value", "")) for one in elements if one.get(name) == value), "")


def _sex(gender: str) -> str:
    return "" if gender == "unknown" else gender
