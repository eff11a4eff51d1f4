"""Human beings as the index shows them: the rows of all their identities, and the golden record of these."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from salus.country import country
from salus.mpi.identities import Identities
from salus.mpi.models import Person, Residence
from salus.mpi.survivorship import Golden, Home, Identity, Name, golden


@dataclass(frozen=True, kw_only=True)
class Human:
    """``row`` is the root's, ``others`` are the further identities' rows; related rows are with them."""

    row: Person
    others: tuple[Person, ...]

    @property
    def root(self) -> int:
        return self.row.pk

    @property
    def rows(self) -> tuple[Person, ...]:
        return (self.row, *self.others)

    def row_of(self, identity: int) -> Person:
        """One identity's."""
        return next(row for row in self.rows if row.pk == identity)

    @cached_property
    def golden(self) -> Golden:
        return golden(self.row.pk, [identity(row) for row in self.rows])


def people() -> QuerySet[Person]:
    """With all that a golden record is made of."""
    return Person.objects.prefetch_related("identifiers", "residences", "former_names")


def humans_in_view(
    found: Collection[Identities],
    *,
    rows: QuerySet[Person] | None = None,
    roots: Iterable[Person] = (),
) -> Mapping[int, Human]:
    """Root -> the human being, whose rows are in view; without those that are not in the index.

    ``roots``: the rows of roots that are here already, as `people` gives them.
    """
    known = {row.pk: row for row in roots}
    wanted = {one for human in found for one in human.all} - known.keys()
    if wanted:
        known |= (people() if rows is None else rows).in_bulk(wanted)
    return {
        human.root: Human(row=known[human.root], others=tuple(known[one] for one in human.others))
        for human in found
        if human.root in known
    }


def identity(row: Person) -> Identity:
    """One row as the rules of survivorship see it."""
    home = next((home for home in row.residences.all() if home.until is None), None)
    identifiers = tuple(
        (one.system, one.value) for one in sorted(row.identifiers.all(), key=lambda one: one.pk)
    )
    former = sorted(row.former_names.all(), key=lambda one: one.pk, reverse=True)
    return Identity(
        id=row.pk,
        in_register=any(system == country().MATRICULE_SYSTEM for system, _value in identifiers),
        changed_at=row.changed_at or row.registered_at,
        name=Name(family=row.family, given=row.given),
        birth_family=row.birth_family,
        birth_date=row.birth_date,
        gender=row.gender,
        multiple_birth=row.multiple_birth,
        deceased_on=row.deceased_on,
        home=_home(home) if home else None,
        identifiers=identifiers,
        former_names=tuple(Name(family=one.family, given=one.given) for one in former),
    )


def _home(home: Residence) -> Home:
    return Home(
        country=home.country,
        postal_code=home.postal_code,
        municipality=home.municipality,
        line=home.line,
        since=home.since,
    )
