"""Every life of the synthetic nation is coherent: each contradiction is a query that finds nobody."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from salus.country.lu import check_matricule
from salus.kernel.postgres import login

# What must not be; each query returns the rows that contradict it.
NEVER: dict[str, LiteralString] = {
    "a record before birth": """
        select from shared_record_record record join mpi_person on id = person_id
        where opened_at::date < birth_date or opened_at < registered_at""",
    "a death before birth or registration": """
        select from mpi_person where deceased_on < birth_date or deceased_on < registered_at::date""",
    "a document before the record is open": """
        select from shared_record_document document join shared_record_record using (person_id)
        where filed_at < opened_at""",
    "a document without a record": """
        select from shared_record_document where person_id not in
            (select person_id from shared_record_record)""",
    "a document made before birth or after its filing": """
        select from shared_record_document document join mpi_person person on person.id = person_id
        where created_on < birth_date or created_on > filed_at::date""",
    "a document after death": """
        select from shared_record_document document join mpi_person person on person.id = person_id
        where filed_at::date > deceased_on""",
    "a document filed into a closed record": """
        select from shared_record_document document
        join shared_record_closure closure on record_id = person_id
        where filed_at >= closed_at and (reopened_at is null or filed_at < reopened_at)""",
    "a document of a professional who was not there": """
        select from shared_record_document document
        join directory_practitioner practitioner on practitioner.id = practitioner_id
        where filed_at < registered_at or filed_at > deregistered_at""",
    "a document of someone who does not work at its place": """
        select from shared_record_document document where not exists (
            select from directory_practitionerrole role
            where role.practitioner_id = document.practitioner_id
              and role.organization_id = document.organization_id
              and since <= filed_at::date and (until is null or until > filed_at::date))""",
    "a version that replaces another person's, or one that is still current": """
        select from shared_record_document later
        join shared_record_document earlier on earlier.id = later.replaces_id
        where later.person_id <> earlier.person_id or earlier.ended_at is distinct from later.filed_at
           or earlier.ended_reason <> 1 or later.type <> earlier.type""",
    "an account activated by a minor": """
        select from accounts_account account
        join access_accountperson on account_id = account.id
        join mpi_person person on person.id = person_id
        where activated_at < birth_date + interval '18 years' or activated_at < registered_at
           or activated_at::date > deceased_on""",
    "an account of a professional before registration": """
        select from accounts_account account
        join access_accountpractitioner on account_id = account.id
        join directory_practitioner practitioner on practitioner.id = practitioner_id
        where activated_at < registered_at""",
    "a role before or after the professional is registered": """
        select from directory_practitionerrole role
        join directory_practitioner practitioner on practitioner.id = practitioner_id
        where since < practitioner.registered_at::date
           or until > practitioner.deregistered_at::date""",
    "a professional at a place that does not exist yet": """
        select from directory_practitionerrole role
        join directory_organization organization on organization.id = organization_id
        where since < organization.registered_at::date""",
    "an assistant who is a child or dead": """
        select from access_assistant assistance join mpi_person person on person.id = assistant_id
        where since < birth_date + interval '18 years' or since::date > deceased_on""",
    "an assistant named before the record is open": """
        select from access_assistant left join shared_record_record using (person_id)
        where opened_at is null or since < opened_at""",
    "a professional in a circle before the patient could sign in": """
        select from access_trustedprofessional trust
        left join access_accountperson bound on bound.person_id = trust.person_id
        left join accounts_account account on account.id = bound.account_id
        left join shared_record_record record on record.person_id = trust.person_id
        where activated_at is null or since < activated_at or opened_at is null or since < opened_at""",
    "a professional in a circle who is not registered": """
        select from access_trustedprofessional
        join directory_practitioner practitioner on practitioner.id = practitioner_id
        where since < registered_at or deregistered_at < coalesce(until, 'infinity')""",
    "a vaccination before birth or after its recording": """
        select from vaccination_immunization join mpi_person person on person.id = record_id
        where occurred_on < birth_date or occurred_on > recorded_at::date""",
    "a vaccination after death": """
        select from vaccination_immunization join mpi_person person on person.id = record_id
        where occurred_on > deceased_on or recorded_at::date > deceased_on""",
    "a vaccination before its record": """
        select from vaccination_immunization join vaccination_vaccinationrecord record
            on record.person_id = record_id
        where recorded_at < opened_at""",
    "a COVID-19 dose before the vaccine": """
        select from vaccination_immunization
        where vaccine_code = 'J07BN01' and occurred_on < '2020-12-27'""",
    "a transfer consent before either record": """
        select from vaccination_transferconsent consent
        join vaccination_vaccinationrecord vaccination on vaccination.person_id = record_id
        left join shared_record_record record on record.person_id = record_id
        where given_at < vaccination.opened_at or record.opened_at is null
           or given_at < record.opened_at""",
    "a closure before the patient could sign in": """
        select from shared_record_closure closure
        left join access_accountperson bound on bound.person_id = record_id
        left join accounts_account account on account.id = bound.account_id
        where activated_at is null or closed_at < activated_at""",
    "a residence that begins before birth, or none": """
        select from mpi_person person left join mpi_residence on person_id = person.id
        where since is null or since < birth_date""",
    "two residences at once, or a gap between them": """
        select from mpi_residence one join mpi_residence other using (person_id)
        where one.id <> other.id and one.since <= other.since
          and (one.until is distinct from other.since)""",
    "cover before birth, or that outlives its person": """
        select from eligibility_affiliation cover join mpi_person person on person.id = person_id
        where since < birth_date or since > deceased_on or until > deceased_on + 1
           or (deceased_on is not null and until is null)""",
    "an opening of a document not yet filed, or ended": """
        select from audit_event event join shared_record_document document on document.id = document_id
        where kind = 'document_opened' and (at < filed_at or at > ended_at
            or event.person_id <> document.person_id)""",
    "an opening by a patient without an account": """
        select from audit_event event
        left join access_accountperson bound
            on bound.person_id = event.person_id and bound.account_id = event.account_id
        left join accounts_account account on account.id = bound.account_id
        where event.kind = 'document_opened' and agent = 'patient'
          and (activated_at is null or at < activated_at or at > deleted_at)""",
    "an opening by a professional outside the circle": """
        select from audit_event event where kind = 'document_opened' and agent = 'professional'
        and not exists (
            select from access_trustedprofessional trust
            where trust.person_id = event.person_id
              and trust.practitioner_id = event.practitioner_id
              and at >= since and (until is null or at < until))""",
    "an opening by a professional without an account": """
        select from audit_event event
        left join access_accountpractitioner bound using (practitioner_id, account_id)
        left join accounts_account account on account.id = bound.account_id
        where event.kind = 'document_opened' and agent = 'professional'
          and (activated_at is null or at < activated_at)""",
    "an opening of a closed record": """
        select from audit_event event join shared_record_closure on record_id = person_id
        where kind = 'document_opened' and at >= closed_at
          and (reopened_at is null or at < reopened_at)""",
    "an event that concerns a person not yet registered": """
        select from audit_event event join mpi_person person on person.id = person_id
        where at < registered_at""",
    "a check of eligibility by an organisation of another type": """
        select from audit_event event
        left join directory_organization organization on organization.id = organization_id
        where kind = 'eligibility_check' and type is distinct from agent::text""",
    "a document filed without its event, or twice": """
        select from shared_record_document document
        where (select count(*) from audit_event where kind = 'document_filed'
               and document_id = document.id and at = filed_at) <> 1""",
    "a vaccination recorded without its event": """
        select from (
            select record_id, recorded_at, count(*) from vaccination_immunization group by 1, 2
            except all
            select person_id, at, count(*) from audit_event where kind = 'vaccination_recorded'
            group by 1, 2) missing""",
    "something in the future": """
        select from audit_event where at >= (
            select until + interval '1 month' from simulation_nation)""",
    "a twin without the other": """
        select from mpi_person one where multiple_birth is not null and 1 <> (
            select count(*) from mpi_person other where other.household = one.household
            and other.birth_date = one.birth_date and other.multiple_birth = 3 - one.multiple_birth)""",
    "a person without a national identifier": """
        select from mpi_person person where 1 <> (
            select count(*) from mpi_personidentifier where person_id = person.id)""",
    "a mail identity of a professional not yet registered": """
        select from secure_mail_mailidentity
        join directory_practitioner practitioner on practitioner.id = practitioner_id
        where since < registered_at""",
    "a share of a professional not yet registered": """
        select from file_share_shareuser
        join directory_practitioner practitioner on practitioner.id = practitioner_id
        where since < registered_at""",
}


@pytest.fixture(scope="module")
def rows(nation: Path) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(**asdict(login(nation, "superuser"))) as connection:
        connection.execute("set time zone 'Europe/Luxembourg'")
        connection.execute("analyze")
        yield connection


@pytest.mark.parametrize("contradiction", NEVER)
def test_never(rows: psycopg.Connection[Any], contradiction: str) -> None:
    found = rows.execute(NEVER[contradiction]).fetchall()
    assert not found, f"{contradiction}: {len(found)}"


def test_matricules_are_valid_and_begin_with_the_birth_date(rows: psycopg.Connection[Any]) -> None:
    people = rows.execute("""
        select value, birth_date from mpi_personidentifier join mpi_person on mpi_person.id = person_id
    """).fetchall()
    assert len(people) > 1000
    for value, birth_date in people:
        assert check_matricule(value, today=date(2026, 1, 1)).startswith(f"{birth_date:%Y%m%d}")


def test_the_nation_is_a_mixed_one(rows: psycopg.Connection[Any]) -> None:
    def count(query: LiteralString) -> int:
        found = rows.execute(query).fetchone()
        assert found is not None
        return int(found[0])

    people = count("select count(*) from mpi_person")
    records = count("select count(*) from shared_record_record")
    assert 0.02 < 1 - records / people < 0.15  # objected, died before, come just now
    assert count("select count(*) from mpi_person where deceased_on is not null") > people * 0.02
    assert count("select count(*) from mpi_person where birth_family <> ''") > people * 0.03
    assert count("select count(*) from mpi_person where multiple_birth = 1") > 0
    assert count("select count(*) from mpi_residence where until is not null") > people * 0.01
    assert count("select count(distinct family) from mpi_person") > 250
    assert count("select count(distinct type) from shared_record_document") == 8
    pdf = count("select count(*) from shared_record_document where format = 3")
    assert 0.03 < pdf / count("select count(*) from shared_record_document") < 0.07
    children = count("""
        select count(*) from vaccination_vaccinationrecord join mpi_person on id = person_id
        where birth_date > '2010-01-01'""")
    assert children > count("select count(*) from vaccination_vaccinationrecord") / 2
