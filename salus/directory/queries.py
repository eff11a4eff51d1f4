"""Public reads of the directory."""

from dataclasses import dataclass
from datetime import date

from django.db import models

from salus.directory.models import Organization, Practitioner, PractitionerRole
from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.search_key import search_key

SHOWN_AT_MOST = 50

# In SQL, on the day %(day)s: a directory_practitioner called so may exercise a profession; a
# directory_practitionerrole called so is held. Exact on each day, whether the worker has turned it or not.
PRACTISES = """
    (practitioner.deregistered_at is null and (practitioner.out_since is null
        or %(day)s < practitioner.out_since or practitioner.out_until <= %(day)s))
"""
HELD = "(role.until is null and (role.ends_on is null or %(day)s < role.ends_on))"


@dataclass(frozen=True, kw_only=True)
class Place:
    organization: int
    name: str
    type: str
    line: str
    postal_code: str
    municipality: str
    country: str
    telephone: str


@dataclass(frozen=True, kw_only=True)
class Professional:
    id: int
    name: str
    profession: str  # code of salus.terminology.PROFESSIONS
    places: list[Place]


def search_professionals(
    *, name: str = "", profession: str = "", municipality: str = ""
) -> list[Professional]:
    """Registered professionals whose family or given names start so, at most SHOWN_AT_MOST."""
    people = _registered()
    if profession:
        people = people.filter(profession=profession)
    if municipality:
        people = people.filter(
            roles__until=None, roles__organization__municipality__istartswith=municipality
        ).distinct()
    for word in search_key(name).split():
        people = people.filter(
            models.Q(family_key__gte=word, family_key__lt=word + "~")
            | models.Q(given_key__gte=word, given_key__lt=word + "~")
        )
    return [_professional(row) for row in people[:SHOWN_AT_MOST]]


def search_organizations(*, name: str = "", type: str = "", municipality: str = "") -> list[Place]:
    places = registered_organizations().order_by("name_key")
    if type:
        places = places.filter(type=type)
    if municipality:
        places = places.filter(municipality__istartswith=municipality)
    key = search_key(name)
    if key:
        places = places.filter(name_key__contains=key)
    return [_place(row) for row in places[:SHOWN_AT_MOST]]


def professional(practitioner: int) -> Professional:
    row = _registered().filter(pk=practitioner).first()
    if row is None:
        raise NotFound("no such professional is registered today")
    return _professional(row)


def organization(organization: int) -> tuple[Place, list[Professional]]:
    """An organisation and who works there today, at most SHOWN_AT_MOST."""
    row = registered_organizations().filter(pk=organization).first()
    if row is None:
        raise NotFound("no such organisation is registered today")
    people = _registered().filter(roles__organization=row, roles__until=None).distinct()
    return _place(row), [_professional(person) for person in people[:SHOWN_AT_MOST]]


def organization_named(text: str) -> int:
    """The row id of the registered organisation with this row id or business identifier (value, or system|value).

    Raises NotFound, and InvalidInput when it names several.
    """
    system, parted, value = text.rpartition("|")
    named = models.Q(value=value, system=system) if parted else models.Q(value=value)
    if not parted and value.isdecimal() and len(value) < 19:  # digits of a bigint
        named |= models.Q(pk=int(value))
    found = registered_organizations().filter(named).values_list("pk", flat=True)
    match list(found[:2]):
        case []:
            raise NotFound("no such organisation is registered today")
        case [one]:
            return int(one)
        case _:
            raise InvalidInput("that names several organisations: write it as system|value")


def registered_practitioners() -> models.QuerySet[Practitioner]:
    """Everybody whom the directory shows, to search among."""
    return Practitioner.objects.filter(deregistered_at=None)


def practising(day: date) -> models.QuerySet[Practitioner]:
    """Who may exercise a profession on the day: what rights ask, beside PRACTISES."""
    out = models.Q(out_since__lte=day) & (models.Q(out_until=None) | models.Q(out_until__gt=day))
    return registered_practitioners().exclude(out)


def roles_held(day: date) -> models.QuerySet[PractitionerRole]:
    """Those that are held on the day, as HELD says."""
    goes_on = models.Q(ends_on=None) | models.Q(ends_on__gt=day)
    return PractitionerRole.objects.filter(goes_on, until=None)


def registered_organizations() -> models.QuerySet[Organization]:
    return Organization.objects.filter(deregistered_at=None)


def current_roles() -> models.QuerySet[PractitionerRole]:
    """Who works where today, as far as the directory shows both."""
    return PractitionerRole.objects.filter(
        until=None, practitioner__deregistered_at=None, organization__deregistered_at=None
    )


def known_values(column: str) -> list[str]:
    """All that registered organisations have in a column of which there are few values, such as the country."""
    return list(registered_organizations().values_list(column, flat=True).distinct())


def has_worked_at(practitioner: int, organization: int) -> bool:
    """Whether the professional works at the organisation, or did so at any time."""
    roles = PractitionerRole.objects.filter(practitioner=practitioner, organization=organization)
    return roles.exists()


def _registered() -> models.QuerySet[Practitioner]:
    return (
        registered_practitioners()
        .prefetch_related("roles__organization")
        .order_by("family_key", "given_key", "id")
    )


def _professional(row: Practitioner) -> Professional:
    return Professional(
        id=row.pk,
        name=row.full_name,
        profession=row.profession,
        places=[_place(role.organization) for role in row.roles.all() if role.until is None],
    )


def _place(row: Organization) -> Place:
    return Place(
        organization=row.pk,
        name=row.name,
        type=row.type,
        line=row.line,
        postal_code=row.postal_code,
        municipality=row.municipality,
        country=row.country,
        telephone=row.telephone,
    )


def organization_called(name: str) -> int | None:
    """The registered organisation of this name, written as the directory does or nearly so; None unless it is one."""
    found = registered_organizations().filter(name_key=search_key(name))
    ids = list(found.values_list("pk", flat=True)[:2])
    return ids[0] if len(ids) == 1 else None
