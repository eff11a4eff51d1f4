"""The content of documents: readable text made from the row alone, encrypted into the content store."""

from collections.abc import Iterator

import numpy as np

from salus.shared_record.models import Format
from salus.shared_record.store import ContentStore, StoredContent
from salus.simulation import binary_copy as copy
from salus.simulation.content.cda import cda_document
from salus.simulation.content.fhir import fhir_document
from salus.simulation.content.pdf import pdf_document
from salus.simulation.content.report import Header, report
from salus.simulation.documents import LANGUAGES, Documents
from salus.simulation.lives import World
from salus.simulation.matricules import matricules
from salus.simulation.names import places
from salus.simulation.sampling import mixed
from salus.simulation.tables import Names, Table
from salus.simulation.timeline import Ints

_FORMATS = {
    Format.FHIR: fhir_document,
    Format.CDA: cda_document,
    Format.PDF: pdf_document,
}
_ALL_UP_TO = 20  # scale 1/20; above it so many patients have content as at 1/20


def content_table(
    world: World, filed: Documents, names: Names, serials: Ints, store: ContentStore, *, pack: int
) -> Table:
    """Write a pack with the contents of these documents; the rows that say where each lies."""
    rows = np.flatnonzero(_has_content(world)[filed.person])
    numbers, people = filed.ids[rows].tolist(), (filed.person[rows] + 1).tolist()
    with store.new_pack(pack) as writer:
        stored: list[StoredContent] = [
            writer.add(number, person, content)
            for number, person, content in zip(
                numbers, people, contents(world, filed, rows, names, serials), strict=True
            )
        ]
    return Table(
        name="shared_record_documentcontent",
        columns={
            "document_id": copy.bigints(filed.ids[rows]),
            "pack": copy.integers(np.full(len(rows), pack)),
            "position": copy.bigints(np.array([s.position for s in stored], dtype=np.int64)),
            "size": copy.integers(np.array([s.size for s in stored], dtype=np.int64)),
            "sha256": copy.blobs([s.sha256 for s in stored]),
            "wrapped_key": copy.blobs([s.wrapped_key for s in stored]),
        },
    )


def _has_content(world: World) -> np.ndarray:
    ids = np.arange(len(world.people))
    chosen = mixed(ids, 53) % np.uint64(_ALL_UP_TO) < min(world.plan.denominator, _ALL_UP_TO)
    chosen[world.cast.everyone] = True
    return chosen


def contents(
    world: World, filed: Documents, rows: Ints, names: Names, serials: Ints
) -> Iterator[bytes]:
    """The content of each of ``rows``, in their order."""
    dice, token = mixed(filed.ids[rows], 59).tolist(), mixed(filed.ids[rows], 61).tolist()
    people, person = world.people, filed.person[rows]
    age = ((filed.created[rows] - people.birth[person]) // 365.25).astype(int).tolist()
    births = people.birth[person].astype("datetime64[D]").astype(str).tolist()
    created = filed.created[rows].astype("datetime64[D]").astype(str).tolist()
    numbers = matricules(world, person, serials)
    columns = zip(
        rows.tolist(), person.tolist(), dice, token, age, births, created, numbers, strict=True
    )
    authors = _Authors(world, names)
    for row, who, bits, first, years, birth, day, number in columns:
        language = LANGUAGES[filed.language[row]]
        kind = int(filed.type[row])
        header = Header(
            number=filed.first + row,
            token=f"{first:016x}{bits:016x}",
            created=day,
            type=kind,
            language=language,
            family=names.text(int(people.family[who]), int(people.family_2[who])),
            given=names.text(int(people.given[who])),
            birth=birth,
            female=bool(people.female[who]),
            matricule=number,
            **authors.of(int(filed.practitioner[row]), int(filed.organization[row])),
        )
        text = report(type=kind, language=language, female=header.female, age=years, dice=bits)
        yield _FORMATS[Format(int(filed.format[row]))](header, text)


class _Authors:
    """The header's fields of author and organisation, made once for each pair."""

    def __init__(self, world: World, names: Names) -> None:
        self._providers, self._names = world.providers, names
        self._made: dict[tuple[int, int], dict[str, str]] = {}

    def of(self, practitioner: int, organization: int) -> dict[str, str]:
        pair = practitioner, organization
        if pair not in self._made:
            practitioners, organizations = (
                self._providers.practitioners,
                self._providers.organizations,
            )
            where, place = places(), int(organizations.place[organization])
            self._made[pair] = {
                "author_family": self._names.text(int(practitioners.family[practitioner])),
                "author_given": self._names.text(int(practitioners.given[practitioner])),
                "author_code": f"{900_000 + practitioner}",
                "organization": organizations.name[organization],
                "organization_code": f"{600_000 + organization}",
                "organization_place": f"{where.postal_code[place]} {where.municipality[place]}",
            }
        return self._made[pair]
