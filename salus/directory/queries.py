"""Public reads of the directory."""

from dataclasses import dataclass
from datetime import date

from django.db import models
from django.db.models.functions import Coalesce

from salus.directory.models import (
    Endpoint,
    HealthcareService,
    Location,
    Organization,
    Practitioner,
    PractitionerRole,
)
from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.search_key import search_key

# In SQL, on the day %(day)s: a directory_practitioner called so may exercise a profession; a
# directory_practitionerrole called so is held. Exact on each day, whether the worker has turned it or not.
PRACTISES = """
    (practitioner.deregistered_at is null and (practitioner.out_since is null
        or %(day)s < practitioner.out_since or practitioner.out_until <= %(day)s))
"""
# The rows of the professional %(practitioner)s: what one of them was given, all have (salus.directory.duplicates).
ROWS = """array(
    select coalesce(same_as_id, id) from directory_practitioner where id = %(practitioner)s
    union select other.id from directory_practitioner own
        join directory_practitioner other on other.same_as_id = coalesce(own.same_as_id, own.id)
        where own.id = %(practitioner)s
)"""
HELD = """
    (role.until is null and role.since <= %(day)s and (role.ends_on is null or %(day)s < role.ends_on))
"""


@dataclass(frozen=True, kw_only=True)
class Professional:
    id: int
    name: str
    profession: str  # code of salus.terminology.PROFESSIONS


def professional(practitioner: int) -> Professional:
    row = registered_practitioners().filter(pk=practitioner).first()
    if row is None:
        raise NotFound("no such professional is registered today")
    return Professional(id=row.pk, name=row.full_name, profession=row.profession)


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
    """Everybody whom the directory shows, to search among; of several who are the same the one who answers for them."""
    return Practitioner.objects.filter(deregistered_at=None, same_as=None)


def practising(day: date) -> models.QuerySet[Practitioner]:
    """Who may exercise a profession on the day: what rights ask, beside PRACTISES. Also by a duplicate's row."""
    out = models.Q(out_since__lte=day) & (models.Q(out_until=None) | models.Q(out_until__gt=day))
    return Practitioner.objects.filter(deregistered_at=None).exclude(out)


def roles_held(day: date) -> models.QuerySet[PractitionerRole]:
    """Those that are held on the day, as HELD says."""
    return _not_over(day).filter(since__lte=day)


def _not_over(day: date) -> models.QuerySet[PractitionerRole]:
    goes_on = models.Q(ends_on=None) | models.Q(ends_on__gt=day)
    return PractitionerRole.objects.filter(goes_on, until=None)


def at_work(organization: int, day: date) -> models.QuerySet[Practitioner]:
    """Who may practise on the day and works there, whichever of the professional's rows (ROWS) has the role."""
    roles = roles_held(day).filter(organization=organization)
    roots = roles.values_list(Coalesce("practitioner__same_as", "practitioner"))
    return practising(day).alias(root=Coalesce("same_as_id", "id")).filter(root__in=roots)


def registered_organizations() -> models.QuerySet[Organization]:
    return Organization.objects.filter(deregistered_at=None, same_as=None)


def registered_locations() -> models.QuerySet[Location]:
    return Location.objects.filter(deregistered_at=None, organization__deregistered_at=None)


def registered_services() -> models.QuerySet[HealthcareService]:
    return HealthcareService.objects.filter(
        deregistered_at=None, organization__deregistered_at=None
    )


def registered_endpoints() -> models.QuerySet[Endpoint]:
    return Endpoint.objects.filter(deregistered_at=None, organization__deregistered_at=None)


def current_roles(day: date) -> models.QuerySet[PractitionerRole]:
    """Who works where on the day, or will, as far as the directory shows both; exact whoever works late."""
    return _not_over(day).filter(
        practitioner__deregistered_at=None, organization__deregistered_at=None
    )


def known_values(column: str) -> list[str]:
    """All that registered organisations have in a column of which there are few values, such as the country."""
    return list(registered_organizations().values_list(column, flat=True).distinct())


def has_worked_at(practitioner: int, organization: int) -> bool:
    """Whether the professional works at the organisation, or did so at any time."""
    roles = PractitionerRole.objects.filter(practitioner=practitioner, organization=organization)
    return roles.exists()


def organization_called(name: str) -> int | None:
    """The registered organisation of this name, written as the directory does or nearly so; None unless it is one."""
    found = registered_organizations().filter(name_key=search_key(name))
    ids = list(found.values_list("pk", flat=True)[:2])
    return ids[0] if len(ids) == 1 else None
