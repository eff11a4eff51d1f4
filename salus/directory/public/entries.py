"""An entry as its own page shows it: what is public, what holds today, and when somebody last said so."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from salus.country.gazetteer import Position, position_of
from salus.directory.history import histories
from salus.directory.models import (
    Kind,
    Licence,
    Location,
    Organization,
    Practitioner,
    PractitionerRole,
)
from salus.directory.public.hours import Day, Opening, opening, week
from salus.directory.queries import (
    current_roles,
    practising,
    registered_locations,
    registered_organizations,
    registered_services,
    roles_held,
)
from salus.directory.rules import History, confirmed_at, spans
from salus.kernel.errors import NotFound

Confirmed = Mapping[str, datetime]  # by field: when somebody last said what it is
PEOPLE = 50  # on one page of an organisation


@dataclass(frozen=True, kw_only=True)
class Address:
    line: str
    postal_code: str
    municipality: str
    country: str


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where somebody works, or a place of an organisation."""

    organization: int
    organization_name: str
    organization_type: str  # code of salus.terminology.ORGANIZATION_TYPES
    location: int | None
    name: str  # of the location, where it is not the organisation's
    profession: str  # exercised here, where it is not the professional's own
    address: Address
    position: Position | None  # of the place, or else of its municipality
    telephone: str
    email: str
    website: str
    week: Sequence[Day]  # empty: not said
    opening: Opening | None
    new_patients: bool | None
    accessible: bool | None
    confirmed: Confirmed

    @property
    def title(self) -> str:
        return self.name or self.organization_name


@dataclass(frozen=True, kw_only=True)
class Licensed:
    profession: str
    country: str
    since: date | None


@dataclass(frozen=True, kw_only=True)
class Professional:
    id: int
    name: str
    family: str
    given: str
    prefix: str
    profession: str
    practising: bool  # today; why not is nobody's business
    languages: Sequence[str]  # BCP 47
    telephone: str
    email: str
    since: date  # in the directory
    licences: Sequence[Licensed]  # in force today
    sites: Sequence[Site]
    confirmed: Confirmed


@dataclass(frozen=True, kw_only=True)
class Named:
    """Another entry, to be linked to."""

    id: int
    name: str
    code: str  # of its profession or type


@dataclass(frozen=True, kw_only=True)
class Service:
    name: str
    specialty: str
    place: str
    telephone: str
    languages: Sequence[str]
    week: Sequence[Day]
    opening: Opening | None
    new_patients: bool | None
    appointment: bool | None


@dataclass(frozen=True, kw_only=True)
class OrganizationPage:
    id: int
    name: str
    type: str
    above: Sequence[Named]  # whose part it is, the topmost first
    parts: Sequence[Named]
    sites: Sequence[Site]
    services: Sequence[Service]
    people: Sequence[Named]  # at most PEOPLE of ``people_total``
    people_total: int
    since: date


@dataclass(frozen=True, kw_only=True)
class PlacePage:
    site: Site
    services: Sequence[Service]
    people: Sequence[Named]  # at most PEOPLE


def professional(practitioner: int, *, at: datetime) -> Professional:
    """Whoever is or was in the directory; of who does not practise today, the name and the profession alone.

    Raises NotFound for who never was.
    """
    row = Practitioner.objects.filter(pk=practitioner, same_as=None).first()
    said = histories(Kind.PRACTITIONER, [practitioner])[practitioner] if row else []
    if row is None or (row.deregistered_at and not said):
        raise NotFound("no such professional is registered")
    free = practising(at.date()).filter(pk=row.pk).exists()
    roles = list(_roles_of(row, at.date())) if free else []
    return Professional(
        id=row.pk,
        name=row.full_name,
        family=row.family,
        given=row.given,
        prefix=row.prefix,
        profession=row.profession,
        practising=free,
        languages=row.languages if free else [],
        telephone=row.telephone if free else "",
        email=row.email if free else "",
        since=_since(said, row.registered_at),
        licences=_licences(row) if free else [],
        sites=_sites_of(roles, at),
        confirmed=_confirmed(said),
    )


def organization(organization: int, *, at: datetime, page: int = 1) -> OrganizationPage:
    """Raises NotFound when none is registered today."""
    row = registered_organizations().filter(pk=organization).first()
    if row is None:
        raise NotFound("no such organisation is registered today")
    parts = row.parts.filter(deregistered_at=None, same_as=None).order_by("name_key")
    people = _people(Q(organization=row) | Q(organization__same_as=row), at.date())
    first = (page - 1) * PEOPLE
    return OrganizationPage(
        id=row.pk,
        name=row.name,
        type=row.type,
        above=_above(row),
        parts=[Named(id=part.pk, name=part.name, code=part.type) for part in parts],
        sites=_sites_of_organization(row, at),
        services=_services(Q(organization=row), at),
        people=_named(people[first : first + PEOPLE]),
        people_total=people.count(),
        since=_since(histories(Kind.ORGANIZATION, [row.pk])[row.pk], row.registered_at),
    )


def place(location: int, *, at: datetime) -> PlacePage:
    """Raises NotFound when none is registered today."""
    row = registered_locations().filter(pk=location).select_related("organization").first()
    if row is None:
        raise NotFound("no such place is registered today")
    said = histories(Kind.LOCATION, [row.pk])[row.pk]
    return PlacePage(
        site=_site(row.organization, row, None, at, _confirmed(said)),
        services=_services(Q(location=row), at),
        people=_named(_people(Q(location=row), at.date())[:PEOPLE]),
    )


def _roles(today: date) -> QuerySet[PractitionerRole]:
    return current_roles(today) & roles_held(today)


def _roles_of(row: Practitioner, today: date) -> QuerySet[PractitionerRole]:
    return (
        _roles(today)
        .filter(Q(practitioner=row) | Q(practitioner__same_as=row))
        .select_related("organization", "location")
        .order_by("since", "pk")
    )


def _sites_of(roles: Collection[PractitionerRole], at: datetime) -> list[Site]:
    """A role that names no location is at the only one that its organisation has."""
    lone = _lone_locations({role.organization_id for role in roles if role.location_id is None})
    places = {role.pk: role.location or lone.get(role.organization_id) for role in roles}
    of_roles = histories(Kind.ROLE, [role.pk for role in roles])
    of_places = histories(Kind.LOCATION, {place.pk for place in places.values() if place})
    return [
        _site(
            role.organization,
            places[role.pk],
            role,
            at,
            _confirmed(of_places[found.pk] if (found := places[role.pk]) else [])
            | _confirmed(of_roles[role.pk]),
        )
        for role in roles
    ]


def _lone_locations(organizations: Collection[int]) -> dict[int, Location]:
    found: dict[int, list[Location]] = {}
    for row in _locations().filter(organization__in=organizations):
        found.setdefault(row.organization_id, []).append(row)
    return {organization: rows[0] for organization, rows in found.items() if len(rows) == 1}


def _locations() -> QuerySet[Location]:
    return registered_locations().order_by("name_key", "pk")


def _sites_of_organization(row: Organization, at: datetime) -> list[Site]:
    rows = list(_locations().filter(Q(organization=row) | Q(organization__same_as=row)))
    own = _confirmed(histories(Kind.ORGANIZATION, [row.pk])[row.pk])
    if not rows:
        return [_site(row, None, None, at, own)]
    said = histories(Kind.LOCATION, [one.pk for one in rows])
    return [_site(row, one, None, at, own | _confirmed(said[one.pk])) for one in rows]


def _site(
    organization: Organization,
    location: Location | None,
    role: PractitionerRole | None,
    at: datetime,
    confirmed: Confirmed,
) -> Site:
    addressed = location if location and location.municipality else organization
    hours = (role.hours if role else []) or (location.hours if location else [])
    named = location is not None and location.name_key != organization.name_key
    return Site(
        organization=organization.pk,
        organization_name=organization.name,
        organization_type=organization.type,
        location=location.pk if location else None,
        name=location.name if location and named else "",
        profession=role.profession if role else "",
        address=Address(
            line=addressed.line,
            postal_code=addressed.postal_code,
            municipality=addressed.municipality,
            country=addressed.country,
        ),
        position=_position(location, addressed),
        telephone=(role.telephone if role else "")
        or (location.telephone if location else "")
        or organization.telephone,
        email=(role.email if role else "") or organization.email,
        website=organization.website,
        week=week(hours) if hours else [],
        opening=opening(hours, at),
        new_patients=role.new_patients if role else None,
        accessible=location.accessible if location else None,
        confirmed=confirmed,
    )


def _position(location: Location | None, addressed: Location | Organization) -> Position | None:
    if location and location.latitude is not None and location.longitude is not None:
        return location.latitude, location.longitude
    return position_of(addressed.country, addressed.postal_code, addressed.municipality)


def _licences(row: Practitioner) -> list[Licensed]:
    rows = Licence.objects.filter(
        Q(practitioner=row) | Q(practitioner__same_as=row), deregistered_at=None, status="active"
    )
    return [
        Licensed(profession=one.profession, country=one.country, since=one.since)
        for one in rows.order_by("since", "pk")
    ]


def _above(row: Organization) -> list[Named]:
    """Up to the topmost; a ring, which no register should send, ends where it begins."""
    found: list[Named] = []
    seen = {row.pk}
    above = row.part_of
    while above and above.pk not in seen and above.deregistered_at is None:
        seen.add(above.pk)
        found.insert(0, Named(id=above.pk, name=above.name, code=above.type))
        above = above.part_of
    return found


def _services(where: Q, at: datetime) -> list[Service]:
    rows = registered_services().filter(where).select_related("location")
    return [
        Service(
            name=row.name,
            specialty=row.specialty,
            place=row.location.name if row.location else "",
            telephone=row.telephone,
            languages=row.languages,
            week=week(row.hours) if row.hours else [],
            opening=opening(row.hours, at),
            new_patients=row.new_patients,
            appointment=row.appointment,
        )
        for row in rows.order_by("name_key", "pk")
    ]


def _people(where: Q, today: date) -> QuerySet[Practitioner]:
    """Who practises today and works there, by name; a duplicate is shown as its root."""
    roles = _roles(today).filter(where).values_list("practitioner", "practitioner__same_as")
    roots = {root or practitioner for practitioner, root in roles}
    return practising(today).filter(pk__in=roots).order_by("family_key", "given_key", "pk")


def _named(rows: Iterable[Practitioner]) -> list[Named]:
    return [Named(id=row.pk, name=row.full_name, code=row.profession) for row in rows]


def _since(history: History, registered: datetime) -> date:
    """The day since which it is known to be active: registers tell of times before the directory's own."""
    active = [span.since for span in spans(history, "status") if span.value == "active"]
    return min([day for day in active if day], default=registered.date())


def _confirmed(history: History) -> dict[str, datetime]:
    """By field that anybody ever spoke of."""
    fields = {name for one in history for name in (*one.said, *one.again)}
    found = {name: confirmed_at(history, name) for name in fields}
    return {name: at for name, at in found.items() if at}
