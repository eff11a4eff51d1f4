"""What the log is good for: proofs that anyone can check, and months that may go without harm."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings

from salus.audit import log, merkle
from salus.audit.findings import Fault
from salus.audit.heads import heads_after
from salus.audit.pruning import NotPrunable, Pruned, prune
from salus.audit.queries import NotInLogYet, consistency_proof, inclusion_proof
from salus.country.retention import Retention
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import NotFound
from salus.kernel.month import Month
from salus.kernel.postgres import login
from salus.kernel.signing import PublicKeys
from tests.event_log import EVENTS, Log, a_log, write

ANNA = Actor(role=Role.PATIENT, account=1, person=250)
ZONE = ZoneInfo("Europe/Luxembourg")
ROLLED_UP = Month(2022, 12)
OLD = "'2020-03-05 12:00+01'"


@pytest.fixture
def whole(database: Path) -> Iterator[Log]:
    with a_log(database) as made, override_settings(HEADS=made.copies.keys_file.parent):
        yield made
        for table in ("audit_event", "audit_tile", "audit_head", "audit_pruning"):
            made.execute(f"delete from {table}")
            made.execute(f"drop table saved_{table}")


def about(whole: Log, person: int | None) -> int:
    return int(
        str(whole.rows("select max(id) from audit_event where person_id = %s", person)[0][0])
    )


def test_a_proof_of_inclusion_holds_without_us(whole: Log) -> None:
    event = about(whole, ANNA.person)
    proof = inclusion_proof(actor=ANNA, event=event)
    row = base64.b64decode(proof["row"])
    assert merkle.leaf_hash(row).hex() == proof["leaf"]
    assert int.from_bytes(row[18:26]) == event  # behind count, length, at, length
    PublicKeys(whole.copies.keys_file).check(proof["head"])
    found = {
        "index": proof["index"],
        "size": proof["head"]["size"],
        "path": [bytes.fromhex(hash_) for hash_ in proof["path"]],
        "root": bytes.fromhex(proof["head"]["root"]),
    }
    assert merkle.includes(merkle.leaf_hash(row), **found)
    assert not merkle.includes(merkle.leaf_hash(row + b"x"), **found)


def test_asking_for_a_proof_is_logged(whole: Log) -> None:
    event = about(whole, ANNA.person)
    inclusion_proof(actor=ANNA, event=event)
    ((kind, account),) = whole.rows(
        "select kind::text, account_id from audit_event where id > %s", whole.ids[-1]
    )
    assert (kind, account) == ("record_viewed", ANNA.account)


def test_nobody_gets_the_proof_of_anothers_event(whole: Log) -> None:
    event = about(whole, ANNA.person)
    for actor in (
        replace(ANNA, person=251),
        Actor(role=Role.PROFESSIONAL, account=2, practitioner=3),
        Actor(role=Role.SYSTEM, system="test"),
    ):
        with pytest.raises(NotFound):
            inclusion_proof(actor=actor, event=event)


def test_a_row_that_names_others_is_not_shown(whole: Log) -> None:
    whole.execute(
        "insert into audit_event (at, kind, agent, persons)"
        " values (now(), 'patients_listed', 'professional', '{250,251}') "
    )
    ((event,),) = whole.rows("select max(id) from audit_event")
    with pytest.raises(NotInLogYet):
        inclusion_proof(actor=ANNA, event=int(str(event)))
    whole.sequence()
    proof = inclusion_proof(actor=ANNA, event=int(str(event)))
    assert proof["row"] is None
    assert proof["leaf"]


def test_a_proof_of_consistency_holds_between_all_heads(whole: Log) -> None:
    sizes = [head.size for head in heads_after(whole.superuser, 0)]
    for first in sizes:
        for second in [*(size for size in sizes if size >= first), None]:
            proof = consistency_proof(first=first, second=second)
            assert merkle.extends(
                first=first,
                first_root=bytes.fromhex(proof["first"]["root"]),
                second=second or EVENTS,
                second_root=bytes.fromhex(proof["second"]["root"]),
                path=[bytes.fromhex(hash_) for hash_ in proof["path"]],
            )
    for first, second in ((3, 5), (sizes[-1], sizes[0])):
        with pytest.raises(NotFound):
            consistency_proof(first=first, second=second)


def old_events(whole: Log, count: int = 300) -> None:
    whole.execute(
        f"insert into audit_event (at, kind, agent) select {OLD}, 'sign_in', 'patient'"
        f" from generate_series(1, {count})"
    )
    write(5)


def pruned(
    whole: Log, *, rolled_up_until: Month | None = ROLLED_UP, really: bool = True
) -> list[Pruned]:
    with log.connect(login(whole.data, "owner")) as owner:
        return list(
            prune(
                whole.sequencer,
                owner,
                whole.signer,
                retention=Retention(rule="TEST-6", years=6),
                now=datetime(2026, 4, 1, 12, tzinfo=UTC),
                zone=ZONE,
                rolled_up_until=rolled_up_until,
                really=really,
            )
        )


@pytest.mark.parametrize("rolled_up_until", [None, Month(2014, 12)])
def test_nothing_is_dropped_that_figures_still_need(
    whole: Log, rolled_up_until: Month | None
) -> None:
    with pytest.raises(NotPrunable, match="not rolled up"):
        pruned(whole, rolled_up_until=rolled_up_until)


def test_nothing_is_dropped_that_is_not_in_the_log_as_it_stands(whole: Log) -> None:
    whole.execute(f"insert into audit_event (at, kind, agent) values ({OLD}, 'sign_in', 'patient')")
    ((event,),) = whole.rows(f"select id from audit_event where at = {OLD}")
    with pytest.raises(NotPrunable, match=f"event {event} is not"):
        pruned(whole, really=False)
    whole.sequence()
    whole.execute("update audit_event set denied = true where id = %s", event)
    with pytest.raises(NotPrunable, match=f"event {event} is not"):
        pruned(whole, really=False)


def test_events_are_kept_for_three_years_at_least() -> None:
    with pytest.raises(ValueError, match="at least 3 years"):
        Retention(rule="TEST-2", years=2)


def test_months_are_dropped_by_rule_and_the_log_still_holds(whole: Log) -> None:
    old_events(whole)
    whole.sequence()
    assert pruned(whole, really=False)[-1] == Pruned(month=Month(2020, 3), events=300)
    assert whole.verify().pruned == {}
    assert pruned(whole)[-1] == Pruned(month=Month(2020, 3), events=300)
    assert pruned(whole) == []  # gone already; the next month is younger than the rule
    verdict = whole.verify()
    assert verdict.findings == []
    assert verdict.pruned == {"TEST-6": 300}
    sizes = [head.size for head in heads_after(whole.superuser, 0)]
    consistency_proof(first=sizes[0], second=sizes[-1])
    write(1)
    whole.sequence()
    assert whole.verify().findings == []
    # Without its statement, or with another, the month is what it is: deleted.
    whole.execute("update audit_pruning set statement = jsonb_set(statement, '{rule}', '\"X\"')")
    faults = {finding.fault for finding in whole.verify().findings}
    assert faults == {Fault.PRUNING_FORGED, Fault.EVENT_DELETED}
