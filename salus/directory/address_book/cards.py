"""Entries of the directory as attributes of LDAP (RFC 4519, RFC 2798): public fields alone.

A certificate to seal mail for somebody (``userCertificate;binary``) is secure mail's to add.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import override

from salus.directory.address_book.tree import Attributes, Branch
from salus.directory.models import Location, Organization, Practitioner, PractitionerRole
from salus.directory.queries import roles_held
from salus.kernel.clock import now
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS

PERSON = ["top", "person", "organizationalPerson", "inetOrgPerson"]
ORGANIZATION = ["top", "organization", "extensibleObject"]  # it has mail and a common name too


@cache
def labels(code: str) -> tuple[str, ...]:
    """Of a profession or a type of organisation, in each language, the default one first."""
    names: Mapping[str, Promise | str] = PROFESSIONS if code in PROFESSIONS else ORGANIZATION_TYPES
    found = []
    for language in (settings.LANGUAGE_CODE, *(code for code, _ in settings.LANGUAGES)):
        with override(language):
            found.append(str(names.get(code, code)))
    return tuple(dict.fromkeys(found))


def professionals(rows: Sequence[Practitioner]) -> list[Attributes]:
    """In the rows' order, each with the places where it works today."""
    works: dict[int, list[PractitionerRole]] = {row.pk: [] for row in rows}
    # A duplicate works where the professional does.
    who = Q(practitioner__in=works) | Q(practitioner__same_as__in=works)
    roles = worked_today().filter(who).order_by("-since", "pk")
    for role in roles.select_related("organization", "location", "practitioner"):
        root = role.practitioner.same_as_id or role.practitioner_id
        works[root].append(role)
    return [_professional(row, works[row.pk]) for row in rows]


def worked_today() -> QuerySet[PractitionerRole]:
    today = now().date()
    return roles_held(today).filter(
        deregistered_at=None,
        practitioner__deregistered_at=None,
        organization__deregistered_at=None,
    )


def _professional(row: Practitioner, roles: Sequence[PractitionerRole]) -> Attributes:
    places = [_place(role) for role in roles]
    codes = dict.fromkeys([row.profession, *(role.profession for role in roles)])
    return _without_empty(
        {
            "objectClass": PERSON,
            "uid": [str(row.pk)],
            "cn": names(row.given, row.family),
            "displayName": [f"{row.given} {row.family}".strip()],
            "sn": [row.family],
            "givenName": [row.given],
            "personalTitle": [row.prefix],
            "title": [label for code in codes if code for label in labels(code)],
            "employeeType": list(codes),
            "preferredLanguage": row.languages[:1],
            "mail": [row.email, *(role.email for role in roles)],
            "telephoneNumber": [
                row.telephone,
                *(role.telephone for role in roles),
                *(place.telephone for place in places),
            ],
            "o": [role.organization.name for role in roles],
            **_addresses(places),
            "labeledURI": _page(Branch.PROFESSIONALS, row.pk),
        }
    )


def organization(row: Organization) -> Attributes:
    return _without_empty(
        {
            "objectClass": ORGANIZATION,
            "uid": [str(row.pk)],
            "cn": [row.name],
            "displayName": [row.name],
            "o": [row.name],
            "businessCategory": list(labels(row.type)),
            "mail": [row.email],
            "telephoneNumber": [row.telephone],
            **_addresses([row]),
            "labeledURI": [row.website, *_page(Branch.ORGANIZATIONS, row.pk)],
        }
    )


def names(given: str, family: str) -> list[str]:
    """As people write them, and as registers do."""
    return [f"{given} {family}".strip(), f"{family} {given}".strip()]


def _place(role: PractitionerRole) -> Location | Organization:
    return role.location if role.location and role.location.municipality else role.organization


def _addresses(places: Sequence[Location | Organization]) -> Attributes:
    return {
        "street": [place.line for place in places],
        "postalCode": [place.postal_code for place in places],
        "l": [place.municipality for place in places],
        "postalAddress": [_in_lines(place) for place in places],
    }


def _in_lines(place: Location | Organization) -> str:
    """Postal Address (RFC 4517, 3.3.28): lines parted by "$"."""
    town = f"{place.postal_code} {place.municipality}".strip()
    lines = filter(None, (place.line, town, place.country))
    return "$".join(line.replace("\\", r"\5C").replace("$", r"\24") for line in lines)


def _page(branch: Branch, number: int) -> list[str]:
    return [f"{settings.ORIGIN}/directory/{branch}/{number}/"] if settings.ORIGIN else []


def _without_empty(attributes: Mapping[str, Iterable[str]]) -> Attributes:
    """LDAP has no empty attributes, and no value twice."""
    found = {name: list(dict.fromkeys(filter(None, of))) for name, of in attributes.items()}
    return {name: values for name, values in found.items() if values}
