"""A human being of whom several senders keep a record, as Patients (FHIR R4 Patient.link; ADR 0027).

The root's Patient is the golden record; it says `seealso` of records that the matcher linked and `replaces` of those
that a sender or stewards merged. A linked record answers as its sender filed it and says `refer`; a merged one is
inactive and says `replaced-by`. Both lead to the golden record.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from salus.country.identifiers import spelled
from salus.fhir.dates import instant
from salus.fhir.resource import Body, Version
from salus.kernel.rows import rows_of
from salus.mpi.fhir.rendering import rendered
from salus.mpi.golden import Human, humans_in_view
from salus.mpi.identities import rows_of_humans
from salus.mpi.models import Link
from salus.mpi.survivorship import Golden, Name


@dataclass(frozen=True, kw_only=True)
class Linked:
    """A human being with the links in force, by the identity that each leads away from."""

    human: Human
    links: Mapping[int, Link]

    @property
    def root(self) -> int:
        return self.human.root

    def shown(self, person: int) -> Version:
        """The Patient that answers to this number, of one of the identities."""
        if not self.human.others:
            return rendered(self.human.row)
        return self._golden_record() if person == self.human.root else self._linked(person)

    def _linked(self, person: int) -> Version:
        merged = _is_merged(self.links[person])
        body = rendered(self.human.row_of(person)).body
        own = _link(self.human.root, "replaced-by" if merged else "refer")
        body["link"] = [*body.get("link", ()), own]
        if merged:
            body["active"] = False
        return self._told(body)

    def _golden_record(self) -> Version:
        record = self.human.golden
        filed = {row.pk: rendered(row).body for row in self.human.rows}
        body = dict(filed[record.root])
        body |= _believed(record)
        body["identifier"] = list(_identifiers(record, filed.values()))
        body["name"] = list(_names(record))
        if (lives := record.home.identity) and "address" in filed[lives]:
            body["address"] = filed[lives]["address"]
        links = (
            _link(row.pk, "replaces" if _is_merged(self.links[row.pk]) else "seealso")
            for row in self.human.others
        )
        body["link"] = [*body.get("link", ()), *links]
        return self._told({name: value for name, value in body.items() if value is not None})

    def _told(self, body: Body) -> Version:
        """With a version that changes with whatever is told: the number of no one row does."""
        rows = sorted((row.pk, row.version or 1) for row in self.human.rows)
        links = sorted(link.pk for link in self.links.values())
        digest = sha256(repr((rows, links)).encode()).hexdigest()[:8]
        meta = {
            "versionId": f"{body['meta']['versionId']}.{digest}",
            "lastUpdated": instant(max(self._changes())),
        }
        return Version(body=body | {"meta": meta})

    def _changes(self) -> Iterator[datetime]:
        for row in self.human.rows:
            yield row.changed_at or row.registered_at
        for link in self.links.values():
            yield link.made_at


def linked(human: Human) -> Linked:
    """For a caller that has the right to the human being's data."""
    if not human.others:
        return Linked(human=human, links={})
    everybody = [row.pk for row in human.rows]
    with rows_of(everybody):
        in_force = Link.objects.filter(person__in=everybody, ended_at=None)
        return Linked(human=human, links={link.person_id: link for link in in_force})


def people_shown(persons: Collection[int]) -> dict[int, Linked]:
    """Each of these persons -> the human being, for such a caller; without the absent."""
    with rows_of_humans(persons) as found:
        known = {root: linked(human) for root, human in humans_in_view(found).items()}
    by_row = {row.pk: one for one in known.values() for row in one.human.rows}
    return {person: by_row[person] for person in persons if person in by_row}


def _is_merged(link: Link) -> bool:
    return link.made_by != Link.MadeBy.MATCHER


def _link(person: int, kind: str) -> Body:
    return {"other": {"reference": f"Patient/{person}"}, "type": kind}


def _believed(record: Golden) -> Body:
    died, order = record.deceased_on.value, record.multiple_birth.value
    return {
        "gender": record.gender.value or "unknown",
        "birthDate": record.birth_date.value.isoformat(),
        **({"deceasedDateTime": died.isoformat(), "deceasedBoolean": None} if died else {}),
        **({"multipleBirthInteger": order, "multipleBirthBoolean": None} if order else {}),
    }


def _identifiers(record: Golden, filed: Collection[Body]) -> Iterator[Body]:
    """Each as its sender filed it, with type and period."""
    told = [one for body in filed for one in body.get("identifier", ())]
    by_number = {
        (one["system"], spelled(one["system"], one["value"])): one
        for one in told
        if "system" in one and "value" in one
    }
    for said in record.identifiers:
        system, value = said.value
        yield by_number.get(said.value, {"system": system, "value": value})


def _names(record: Golden) -> Iterator[Body]:
    """The believed one, the one before marriage, former ones, and without a use what others say instead."""
    seen = {record.name.value}
    yield _name(record.name.value, "official")
    if record.birth_family.value:
        yield {"use": "maiden", "family": record.birth_family.value}
    for use, others in (("old", record.former_names), ("", record.name.conflicts)):
        for said in others:
            if said.value not in seen:
                yield _name(said.value, use)
                seen.add(said.value)


def _name(name: Name, use: str) -> Body:
    said = {"use": use, "family": name.family, "given": name.given.split()}
    return {key: value for key, value in said.items() if value}
