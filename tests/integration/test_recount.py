"""Every figure counted a second time, in plain SQL over the raw rows, written apart from the indicators.

Where an indicator aggregates, this asks each row by itself "do you count at the end of the month?" and adds
the answers up in Python: slow, plain, and wrong in other ways if wrong at all.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from salus.activity_report.edition import Edition
from salus.kernel.month import Month
from salus.kernel.postgres import login
from tests.conftest import as_role
from tests.counted import count_edition

ZONE = ZoneInfo("Europe/Luxembourg")
MONTHS = [Month(2024, 12), Month(2024, 2), Month(2025, 2)]


# What is in force: its key, its begin, its end, and what else the end needs.
SPANS = {
    "accounts_account": ("id", "activated_at", "deleted_at", ""),
    "directory_practitioner": ("id", "registered_at", "deregistered_at", ""),
    "mpi_residence": ("id", "since", "until", ""),
    "shared_record_record": ("person_id", "opened_at", "erased_at", ""),
    "shared_record_document": ("id", "filed_at", "ended_at", "ended_reason = 2,"),
    "shared_record_closure": ("id", "closed_at", "reopened_at", ""),
    "access_assistant": ("id", "since", "until", ""),
    "access_trustedprofessional": ("id", "since", "until", ""),
    "vaccination_immunization": ("id", "recorded_at", "entered_in_error_at", ""),
    "vaccination_transferconsent": ("id", "given_at", "withdrawn_at", ""),
    "secure_mail_mailidentity": ("id", "since", "until", ""),
    "file_share_shareuser": ("id", "since", "until", ""),
}


@pytest.fixture(scope="module")
def rows(nation: Path) -> Iterator[psycopg.Connection[Any]]:
    """The nation, with what tells right counting from nearly right: ends of months, retries, denials."""
    with psycopg.connect(
        **asdict(login(nation, "superuser")), row_factory=namedtuple_row
    ) as connection:
        connection.execute("set time zone 'Europe/Luxembourg'")
        for table, (key, begin, end, reason) in SPANS.items():
            chosen = f"{key} = (select max({key}) from {table} where {begin} < %(end)s and {end} is null)"
            for change in (f"{begin} = %(end)s", f"{reason} {end} = %(end)s"):
                done = connection.execute(
                    f"update {table} set {change} where {chosen}", {"end": MONTHS[0].end(ZONE)}
                )
                assert done.rowcount == 1, table
        connection.execute(
            "update vaccination_vaccinationrecord set opened_at = %(end)s where person_id = ("
            " select max(person_id) from vaccination_vaccinationrecord where opened_at < %(end)s)",
            {"end": MONTHS[0].end(ZONE)},
        )
        connection.execute(
            """
            insert into audit_event (at, kind, agent, repeated, denied)
            select distinct new.at, kind, agent, new.repeated, new.denied from audit_event,
                (values (%(start)s, false, false), (%(end)s, false, false),
                        (%(start)s, true, false), (%(start)s, false, true)
                ) new (at, repeated, denied)
            """,
            {"start": MONTHS[0].start(ZONE), "end": MONTHS[0].end(ZONE)},
        )
        # Joins by each maker, made or ended at either edge of the month; one has another in its place.
        connection.execute(
            """
            insert into mpi_link (person_id, target_id, made_by, made_at, ended_at, ended_reason,
                                  weight, explanation, previous_id)
            select row_number() over (), 500, made_by, made_at, ended_at, '', 1, '{}', null
            from unnest(array['matcher', 'sender', 'stewards']) as made_by,
                (values (%(start)s, null), (%(start)s, %(end)s), (%(start)s, %(start)s), (%(end)s, null)
                ) edge (made_at, ended_at)
            """,
            {"start": MONTHS[0].start(ZONE), "end": MONTHS[0].end(ZONE)},
        )
        connection.execute(
            """
            insert into mpi_link (person_id, target_id, made_by, made_at, ended_reason, previous_id)
            select 400, 500, 'sender', made_at, '', id from mpi_link
            where made_by = 'matcher' and ended_at = made_at
            """
        )
        connection.commit()
        yield connection


@pytest.fixture(scope="module", params=MONTHS, ids=str)
def month(request: pytest.FixtureRequest) -> Month:
    assert isinstance(request.param, Month)
    return request.param


@pytest.fixture(scope="module")
def edition(rows: psycopg.Connection[Any], month: Month) -> Edition:
    with as_role("reporter"):
        return count_edition(month, as_of=datetime.now(ZONE))


class Recount:
    """The figures of one month, from every row there is."""

    def __init__(self, rows: psycopg.Connection[Any], month: Month) -> None:
        self.rows = rows
        self.start, self.end, self.last_day = month.start(ZONE), month.end(ZONE), month.last_day

    def table(self, name: str) -> Iterator[Any]:
        yield from self.rows.execute(f"select * from {name}")

    def in_force(self, since: datetime, until: datetime | None) -> bool:
        return since < self.end and (until is None or until >= self.end)

    def in_month(self, at: datetime | None) -> bool:
        return at is not None and self.start <= at < self.end

    def joins_by_the_index(self) -> list[Any]:
        return [link for link in self.table("mpi_link") if link.made_by == "matcher"]

    def replaced(self) -> set[int]:
        return {link.previous_id for link in self.table("mpi_link")}

    def accounts(self, kind: str) -> int:
        return sum(
            account.kind == kind
            and account.activated_at is not None
            and self.in_force(account.activated_at, account.deleted_at)
            for account in self.table("accounts_account")
        )

    def records(self) -> set[int]:
        return {
            record.person_id
            for record in self.table("shared_record_record")
            if self.in_force(record.opened_at, record.erased_at)
        }

    def documents(self) -> Counter[int]:
        return Counter(
            document.person_id
            for document in self.table("shared_record_document")
            if self.in_force(document.filed_at, document.ended_at)
        )

    def closed(self) -> set[int]:
        return {
            closure.record_id
            for closure in self.table("shared_record_closure")
            if self.in_force(closure.closed_at, closure.reopened_at)
        }

    def residences(self) -> Counter[str]:
        home = {
            residence.person_id: residence.country
            for residence in self.table("mpi_residence")
            if residence.since <= self.last_day
            and (residence.until is None or residence.until > self.last_day)
        }
        named = {"LU", "FR", "BE", "DE"}
        return Counter(
            home[person] if home.get(person) in named else "other" for person in self.records()
        )

    def events(self, kind: str, agent: str = "", *, in_month: bool = True) -> int:
        return sum(
            event.kind == kind
            and (not agent or event.agent == agent)
            and event.at < self.end
            and (not in_month or event.at >= self.start)
            and not event.repeated
            and not event.denied
            for event in self.table("audit_event")
        )

    def relations(self, table: str, column: str) -> int:
        return len(
            {
                getattr(relation, column)
                for relation in self.table(table)
                if self.in_force(relation.since, relation.until)
            }
        )

    def locked_out(self) -> int:
        opens = {
            account.id
            for account in self.table("accounts_account")
            if account.activated_at and self.in_force(account.activated_at, account.deleted_at)
        }
        registered = {
            practitioner.id
            for practitioner in self.table("directory_practitioner")
            if self.in_force(practitioner.registered_at, practitioner.deregistered_at)
        }
        gets_in = {
            bound.practitioner_id
            for bound in self.table("access_accountpractitioner")
            if bound.account_id in opens and bound.practitioner_id in registered
        }
        declared = {
            trust.practitioner_id
            for trust in self.table("access_trustedprofessional")
            if self.in_force(trust.since, trust.until)
        }
        return len(declared - gets_in)

    def figures(self) -> dict[str, float]:
        records, documents, homes = self.records(), self.documents(), self.residences()
        vaccination_records = {
            record.person_id
            for record in self.table("vaccination_vaccinationrecord")
            if record.opened_at < self.end
        }

        def share(part: int) -> float:
            return 100 * part / len(records)

        return {
            "patient_accounts_total": self.accounts("patient"),
            "professional_accounts_total": self.accounts("professional"),
            "records_total": len(records),
            "documents_total": sum(documents.values()),
            "records_with_document_share": share(len(records & documents.keys())),
            "records_deactivated_by_patient_share": share(len(records & self.closed())),
            "assistants_declared_total": self.relations("access_assistant", "assistant_id"),
            "professionals_declared_total": self.relations(
                "access_trustedprofessional", "practitioner_id"
            ),
            "patients_with_declared_professional_total": self.relations(
                "access_trustedprofessional", "person_id"
            ),
            "professionals_locked_out_total": self.locked_out(),
            **{
                f"records_residence_{country.lower()}_share": share(homes[country])
                for country in ("LU", "FR", "BE", "DE", "other")
            },
            "vaccination_records_total": len(vaccination_records),
            "vaccinations_total": sum(
                self.in_force(act.recorded_at, act.entered_in_error_at)
                for act in self.table("vaccination_immunization")
            ),
            "record_transfer_consents_total": sum(
                self.in_force(consent.given_at, consent.withdrawn_at)
                for consent in self.table("vaccination_transferconsent")
            ),
            "index_requests_in_month": self.events("index_request"),
            "index_entries_joined_in_month": sum(
                self.in_month(link.made_at) for link in self.joins_by_the_index()
            ),
            "index_joins_undone_in_month": sum(
                self.in_month(link.ended_at) and link.id not in self.replaced()
                for link in self.joins_by_the_index()
            ),
            **{
                f"uses_{agent}_total": self.events("eligibility_check", agent, in_month=False)
                for agent in ("pharmacy", "laboratory", "rescue")
            },
            **{
                f"uses_{agent}_in_month": self.events("eligibility_check", agent)
                for agent in ("pharmacy", "laboratory", "rescue")
            },
            "mail_users_total": sum(
                self.in_force(mail.since, mail.until)
                for mail in self.table("secure_mail_mailidentity")
            ),
            "file_share_users_total": sum(
                self.in_force(user.since, user.until) for user in self.table("file_share_shareuser")
            ),
            "professionals_registered_total": sum(
                self.in_force(professional.registered_at, professional.deregistered_at)
                for professional in self.table("directory_practitioner")
            ),
        }


def test_every_figure_is_counted_alike(
    rows: psycopg.Connection[Any], edition: Edition, month: Month
) -> None:
    published = {figure.id: figure.value for figure in edition.figures}
    assert published == pytest.approx(Recount(rows, month).figures())
    assert len(published) == 30


def test_flows_are_compared_with_the_month_before(
    rows: psycopg.Connection[Any], edition: Edition, month: Month
) -> None:
    before = Recount(rows, month + -1)
    flows = {"index_requests_in_month": before.events("index_request")} | {
        f"uses_{agent}_in_month": before.events("eligibility_check", agent)
        for agent in ("pharmacy", "laboratory", "rescue")
    }
    recounted = before.figures()
    flows |= {
        figure: round(recounted[figure])
        for figure in ("index_entries_joined_in_month", "index_joins_undone_in_month")
    }
    for figure in edition.figures:
        if flows.get(figure.id):  # to nothing, nothing is compared
            value, base = figure.value, flows[figure.id]
            assert value is not None
            assert figure.change == pytest.approx(100 * (value / base - 1))
        else:
            assert figure.change is None


def test_part_of_a_month_is_not_compared_with_a_whole_one(nation: Path) -> None:
    with as_role("reporter"):
        running = count_edition(MONTHS[0], as_of=datetime(2024, 12, 15, tzinfo=ZONE))
    assert all(figure.change is None for figure in running.figures)


def test_flow_charts_add_up_the_same_rows(
    rows: psycopg.Connection[Any], edition: Edition, month: Month
) -> None:
    for chart, kind, agent in (
        ("documents_opened_by_patients", "document_opened", "patient"),
        ("documents_opened_by_professionals", "document_opened", "professional"),
    ):
        for point in edition.chart(chart).series:
            recounted = Recount(rows, Month.parse(point.period)).events(kind, agent)
            assert point.value == recounted, (chart, point.period)


def test_stock_charts_end_at_the_figure(edition: Edition) -> None:
    for chart, figure in (
        ("documents_stock", "documents_total"),
        ("vaccination_records_stock", "vaccination_records_total"),
    ):
        assert edition.chart(chart).series[-1].value == edition.figure(figure).value
    by_age = [
        point.value or 0
        for point in edition.chart("vaccinations_by_age").series
        if point.period == edition.period
    ]
    assert sum(by_age) == edition.figure("vaccinations_total").value
    for point in edition.chart("records_by_residence").series:
        if point.period == edition.period:
            share = edition.figure(f"records_residence_{point.dimension.lower()}_share").value
            assert point.value == pytest.approx(share)


def test_parts_add_up_to_their_whole(edition: Edition) -> None:
    by_type: Counter[str] = Counter()
    for point in edition.chart("vaccinations_by_type").series:
        by_type[point.period] += int(point.value or 0)
    recorded = {
        point.period: point.value for point in edition.chart("vaccinations_recorded").series
    }
    assert by_type == recorded
    for chart in ("records_by_residence", "vaccination_records_by_age"):
        shares: dict[str, float] = {}
        for point in edition.chart(chart).series:
            shares[point.period] = shares.get(point.period, 0) + (point.value or 0)
        assert all(total == pytest.approx(100) for total in shares.values()), chart
