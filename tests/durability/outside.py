"""What stands in the database and in the packs, seen by an observer who asks none of our code but the store's."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

from salus.audit.models import EventKind
from salus.kernel import postgres
from salus.shared_record.store import ContentStore, StoredContent
from tests.durability.ledger import Act, Ledger

# The rows that a subject of the ledger is about: (all of them, those in force).
_ROWS = {
    "circle": """select count(*), count(*) filter (where until is null)
        from access_trustedprofessional where person_id = %s and practitioner_id = %s""",
    "assistant": """select count(*), count(*) filter (where until is null)
        from access_assistant where person_id = %s and assistant_id = %s""",
    "closure": """select count(*), count(*) filter (where reopened_at is null)
        from shared_record_closure where record_id = %s""",
}

# Rows and events that must be each other's, since the beginning; each query returns what is amiss.
_PAIRS = {
    "a document without its event, or an event without its document": """
        select document_id from (select id as document_id from shared_record_document where id > %(document)s) d
        full join (select document_id, count(*) as events from audit_event
            where kind = 'document_filed' and id > %(event)s group by 1) e using (document_id)
        where d.document_id is null or events is distinct from 1""",
    "a document without its content": """
        select id from shared_record_document left join shared_record_documentcontent on id = document_id
        where id > %(document)s and document_id is null""",
    "a vaccination without its event, or an event without its vaccination": """
        select person_id from
        (select record_id as person_id, count(*) as acts from vaccination_immunization
            where id > %(immunization)s group by 1) i
        full join (select person_id, count(*) as events from audit_event
            where kind = 'vaccination_recorded' and not repeated and id > %(event)s group by 1) e using (person_id)
        where acts is distinct from events""",
    "a person without its event, or an event without its person": """
        select person_id from (select id as person_id from mpi_person where id > %(person)s) p
        full join (select person_id, count(*) as events from audit_event
            where kind = 'person_registered' and id > %(event)s group by 1) e using (person_id)
        where p.person_id is null or events is distinct from 1""",
    "a new person without both records": """
        select id from mpi_person left join shared_record_record r on r.person_id = id
        left join vaccination_vaccinationrecord v on v.person_id = id
        where id > %(person)s and (r.person_id is null or v.person_id is null)""",
    "a counted request that no answer stands for, or the reverse": """
        select 1 where (select count(*) from audit_answeredrequest where at >= %(at)s) <>
        (select count(*) from audit_event
            where request_id is not null and not repeated and not denied and id > %(event)s
                and kind <> 'eligibility_check')""",
    "a counted check of eligibility that no kept answer stands for, or the reverse": """
        select 1 where (select count(*) from eligibility_keptanswer where at >= %(at)s) <>
        (select count(*) from audit_event where kind = 'eligibility_check'
            and request_id is not null and not repeated and not denied and id > %(event)s)""",
    "a caller whose use is not what its events say, with its kind": """
        select caller.id, type, asked, repeated, events, retries, otherwise from eligibility_caller caller
        join lateral (select type from directory_organization where id = organization_id) o on true
        left join lateral (select sum(usage.asked), sum(usage.repeated) from eligibility_usage usage
            where caller_id = caller.id) u (asked, repeated) on true
        join lateral (select count(*), count(*) filter (where e.repeated),
                count(*) filter (where agent::text <> type or organization_id <> caller.organization_id)
            from audit_event e where e.kind = 'eligibility_check' and not denied
                and id > %(event)s and client_id = caller.client_id) e (events, retries, otherwise) on true
        where since >= %(at)s and ended_at is null and (events, retries, otherwise)
            is distinct from (coalesce(asked, 0), coalesce(repeated, 0), 0)""",
}


@dataclass(kw_only=True)
class Verdict:
    """What became of the acts; all but `acknowledged` must stay empty."""

    acknowledged: int
    lost: list[Act]
    doubled: list[Act]
    half: list[str]


class Outside:
    """Compares the ledger with the rows. Made before the first write, since what was there is not the writers'."""

    def __init__(self, data: Path, ledger: Ledger) -> None:
        self._data, self._ledger = data, ledger
        self._store = ContentStore(data)
        with self.connected() as connection:
            row = connection.execute(
                """select (select coalesce(max(id), 0) from audit_event) as event,
                (select coalesce(max(id), 0) from shared_record_document) as document,
                (select coalesce(max(id), 0) from vaccination_immunization) as immunization,
                (select coalesce(max(id), 0) from mpi_person) as person, now() as at"""
            )
            names = [column.name for column in row.description or ()]
            self._before = dict(zip(names, row.fetchone() or (), strict=True))
        self._opened = int(self._before["document"])  # documents up to here have been opened

    def connected(self) -> psycopg.Connection:
        """As the role that sees all rows and changes none that is there."""
        return psycopg.connect(**asdict(postgres.login(self._data, "loader")), autocommit=True)

    def look(self) -> Verdict:
        acts, acknowledged = self._ledger.read()
        with self.connected() as connection:
            times = self._times(connection, acts)
            half = [*self._half(connection, acts, times), *self._unread(connection)]
        return Verdict(
            acknowledged=len(acknowledged),
            lost=[a for a in acts if a.request_id in acknowledged and not times[a.request_id]],
            doubled=[a for a in acts if times[a.request_id] > 1],
            half=half,
        )

    def _times(self, connection: psycopg.Connection, acts: list[Act]) -> Counter[str]:
        """How often each act was done and counted, by its event (a file of an import: by its document)."""
        times: Counter[str] = Counter()
        for request_id, count in connection.execute(
            """select request_id::text, count(*) from audit_event
            where id > %(event)s and request_id is not null and not repeated
            and kind = any(%(kinds)s) group by 1""",
            {**self._before, "kinds": list({act.event for act in acts})},
        ):
            times[request_id] = count
        files: dict[str, int] = dict(
            connection.execute(
                """select split_part(master_identifier, '|', 2), count(*) from shared_record_document
                where id > %(document)s group by 1""",
                self._before,
            ).fetchall()
        )
        for act in acts:
            if act.subject[0] == "import":
                times[act.request_id] = files.get(act.subject[1], 0)
        return times

    def _half(
        self, connection: psycopg.Connection, acts: list[Act], times: Counter[str]
    ) -> Iterator[str]:
        asked = {act.request_id for act in acts}
        yield from (f"nobody asked for {key}" for key in times.keys() - asked)
        recorded = {
            identifier
            for (identifier,) in connection.execute(
                "select identifier from vaccination_immunization where id > %(immunization)s",
                self._before,
            )
        }
        begun, ended = (
            defaultdict[tuple[str, ...], int](int),
            defaultdict[tuple[str, ...], int](int),
        )
        for act in acts:
            done = min(times[act.request_id], 1)
            if act.does == "begin":
                begun[act.subject] += done
            elif act.does == "end":
                ended[act.subject] += done
            elif act.event is EventKind.VACCINATION_RECORDED and bool(done) != (
                f"urn:uuid:{act.request_id}" in recorded
            ):
                yield f"{act} has its row without its event, or its event without its row"
        for subject in begun:
            expected = (begun[subject], begun[subject] - ended[subject])
            rows = connection.execute(_ROWS[subject[0]], subject[1:]).fetchone()
            if rows != expected:
                yield f"{subject}: {rows} (rows, in force), by the events {expected}"
        for what, query in _PAIRS.items():
            yield from (f"{what}: {row}" for row in connection.execute(query, self._before))

    def _unread(self, connection: psycopg.Connection) -> Iterator[str]:
        """Open each document that was filed since the last look; raises ContentDamaged."""
        rows = connection.execute(
            """select document_id, person_id, pack, position, size, sha256, wrapped_key
            from shared_record_documentcontent join shared_record_document on id = document_id
            where document_id > %s order by document_id""",
            [self._opened],
        ).fetchall()
        for document, person, pack, position, size, sha256, wrapped_key in rows:
            stored = StoredContent(
                pack=pack, position=position, size=size, sha256=sha256, wrapped_key=wrapped_key
            )
            content = self._store.open(document=document, person=person, stored=stored)
            if b"Walk. Walk." not in content:
                yield f"document {document} is another one"
            self._opened = document
