"""Files of the social-security register: what they change and leave; cut short, implausible, of people unknown."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction

from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.eligibility.models import Delivery, Notice, WaitingPeriod
from salus.eligibility.queries import heard, insured
from salus.eligibility.register.actions import bring_in_waiting
from salus.eligibility.register.files import END
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput
from salus.kernel.postgres import login
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.portal.access_log import access_log
from tests.affiliations import PEOPLE, Sending, Sent, as_csv, periods, person, send, standing
from tests.links import SYSTEM, linked, parted

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Each test finds no period."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def many(number: int, value: str, *, sequence: int = 1) -> list[Sent]:
    return [
        Sent(key=f"K{n}", value=value, since="2020-01-01", sequence=sequence) for n in range(number)
    ]


def notices() -> list[tuple[str, str, str]]:
    with finding_in(Scope.REGISTER):
        return list(Notice.objects.order_by("pk").values_list("key", "outcome", "problem"))


def test_two_jobs_overlap_and_a_refused_line_says_why_and_where() -> None:
    who, value = person(1)
    done = send(
        periods(
            Sent(key="A", value=value, since="2024-02-29", until="2024-03-31", sequence=1),
            Sent(key="B", value=value, since="2024-03-01", sequence=2),
            Sent(key="C", value=value, since="2023-02-29", sequence=3),
            Sent(key="A", value=value, since="2024-02-28", sequence=1),
            Sent(key="B", value=value, since="never", sequence=4),
        )
    )
    assert standing() == {
        "A": (who, date(2024, 2, 29), date(2024, 3, 31)),
        "B": (who, date(2024, 3, 1), None),
    }
    assert [line for line, _ in done.refused] == [4, 5, 6]
    assert done.refused[0][1] == "since: should be a date, year-month-day"
    assert [outcome for _, outcome, _ in notices()] == ["applied"] * 2 + ["refused"] * 3
    with insured(MATRICULE_SYSTEM, value) as known:
        assert len(known.periods) == 2


def test_whose_cover_changes_sees_it_in_the_log_and_a_delivery_is_one_event() -> None:
    (one, first), (other, second) = person(2), person(3)
    before = Event.objects.count()
    send(
        periods(
            Sent(key="A", value=first, since="2020-01-01", sequence=1),
            Sent(key="B", value=second, since="2020-01-01", sequence=1),
        )
    )
    for who in (one, other):
        with rows_of([who]):
            events = Event.objects.filter(kind=EventKind.AFFILIATIONS_CHANGED)
            assert [event.persons for event in events] == [[one, other]]
    assert before == 0


def test_a_period_waits_for_its_person() -> None:
    value = matricule(date(1980, 1, 1), 4)
    send(periods(Sent(key="A", value=value, since="2020-01-01", sequence=5)))
    send(periods(Sent(key="A", value=value, since="2019-01-01", sequence=4)))
    other = send(periods(Sent(key="A", value="other", since="2020-01-01", sequence=5)))
    assert other.refused == [(2, "sequence: was another message's of this period")]
    newest = send(periods(Sent(key="A", value=value, since="2020-01-01", sequence=6)))
    assert not standing()
    who, _ = person(4)
    assert bring_in_waiting(actor=SYSTEM, at=now()) == 1
    assert standing() == {"A": (who, date(2020, 1, 1), None)}
    with finding_in(Scope.REGISTER):
        assert not WaitingPeriod.objects.exists()
    assert [outcome for _, outcome, _ in notices()] == [
        "waiting",
        "late",
        "refused",
        "waiting",
        "applied",
    ]
    with finding_in(Scope.REGISTER):
        applied = Notice.objects.latest("pk")
    assert (applied.delivery_id, applied.line) == (newest.number, 0)
    # The same number in another numbering is somebody else's.
    theirs = Sending(messages=(Sent(key="O", value=value, since="2020-01-01", sequence=6),))
    assert send(as_csv(theirs)).counts["waiting"] == 1
    assert bring_in_waiting(actor=SYSTEM, at=now()) == 0 and set(standing()) == {"A"}


def test_each_delivery_brings_in_what_waits_for_people_who_are_there_by_now() -> None:
    value = matricule(date(1980, 1, 1), 22)
    send(periods(Sent(key="A", value=value, since="2020-01-01", sequence=5)))
    who, _ = person(22)
    send(periods())
    assert standing() == {"A": (who, date(2020, 1, 1), None)} and _told(who) == [[who]]


def test_a_file_that_was_cut_short_does_nothing() -> None:
    _, value = person(5)
    body = periods(*many(10, value))
    for cut in (
        body[: body.index(END.encode())],
        body.replace(b"#end,10", b"#end,11"),
        body.replace(b"#end,10", b"#end,9"),
    ):
        with pytest.raises(InvalidInput):
            send(cut)
    assert not standing() and not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("in_state", "likely"), [(100, 5), (300, 6), (12_000, 240)], ids=["few", "some", "many"]
)
def test_a_delta_is_held_when_it_withdraws_more_than_two_in_a_hundred_and_than_five(
    in_state: int, likely: int
) -> None:
    who, value = person(10)
    with finding_in(Scope.REGISTER), connection.cursor() as cursor:
        cursor.execute(
            """
            insert into eligibility_affiliation (person_id, key, since)
            select %s, 'K' || n, '2020-01-01' from generate_series(0, %s - 1) n
            """,
            [who, in_state],
        )
    gone = [replace(one, withdrawn=True) for one in many(likely + 1, value)]
    held = send(periods(*gone))
    assert held.held_for == f"{likely + 1} of {in_state} periods would be withdrawn"
    assert held.counts["withdrawn"] == likely + 1 and not notices()
    assert not send(periods(*gone[:likely])).held_for
    assert len(standing()) == in_state - likely


def test_of_a_full_file_what_it_names_withdrawn_and_what_it_does_not_name_count_together() -> None:
    _, value = person(11)
    known = many(300, value)
    send(periods(*known))
    gone = [replace(one, withdrawn=True) for one in known[:3]]
    stranger = matricule(date(1980, 1, 1), 999)
    theirs = [replace(one, value=stranger) for one in known[3:5]]  # nobody's yet
    held = send(periods(*gone, *theirs, *known[7:], sequence=10), full=True)
    assert held.held_for == "7 of 300 periods would be withdrawn" and len(standing()) == 300
    likely = send(periods(*gone, *theirs, *known[6:], sequence=10), full=True)
    assert not likely.held_for and len(standing()) == 294
    assert likely.counts == {
        "applied": 3,
        "late": 0,
        "repeated": 294,
        "waiting": 2,
        "refused": 0,
        "withdrawn": 6,
    }
    again = [replace(one, sequence=11) for one in gone]
    late = replace(known[50], withdrawn=True, sequence=9)
    assert send(periods(*again, late)).counts["withdrawn"] == 0
    # What came meanwhile is newer than a full file, which then withdraws nothing of it.
    send(periods(*many(20, value, sequence=12)))
    few = send(periods(*known[20:], sequence=11), full=True)
    assert few.counts["withdrawn"] == 0 and len(standing()) == 300


def test_a_full_file_that_withdraws_much_is_held_until_confirmed() -> None:
    who, value = person(6)
    send(periods(*many(300, value)))
    rest = periods(*many(290, value), sequence=10)
    held = send(rest, full=True)
    assert held.held_for == "10 of 300 periods would be withdrawn"
    assert len(standing()) == 300
    assert not Delivery.objects.filter(kind="full", applied_at__isnull=False).exists()
    assert not send(rest, full=True, confirmed=True).held_for
    assert len(standing()) == 290 and _told(who) == [[who], [who]]
    fewer = send(periods(*many(280, value), sequence=11), full=True)
    assert fewer.held_for == "10 of 290 periods would be withdrawn"
    few = periods(*many(286, value), sequence=11)
    assert not send(few, full=True).held_for and len(standing()) == 286
    for sequence in (
        10,
        11,
    ):  # no newer than what was applied: what it does not name it does not withdraw
        again = send(periods(*many(282, value), sequence=sequence), full=True)
        assert again.counts["withdrawn"] == 0 and len(standing()) == 286


def test_a_file_with_many_refused_lines_is_held_and_withdraws_none_of_them() -> None:
    _, value = person(7)
    send(periods(*many(100, value)))
    broken = [Sent(key=f"K{n}", value=value, since="never") for n in range(6)]
    body = periods(*broken, *many(100, value)[6:], sequence=10)
    assert send(body, full=True).held_for == "6 of 100 lines are refused"
    assert not send(body, full=True, confirmed=True).held_for
    assert len(standing()) == 100


def test_a_file_with_refused_lines_is_held_beyond_five_and_beyond_one_in_a_hundred() -> None:
    _, value = person(12)
    for lines, likely in ((100, 5), (700, 7)):
        known = many(lines, value)
        for refused, is_held in ((likely, False), (likely + 1, True)):
            broken = [replace(one, since="never") for one in known[:refused]]
            held_for = f"{refused} of {lines} lines are refused" if is_held else ""
            assert send(periods(*broken, *known[refused:])).held_for == held_for


def test_what_a_file_leaves() -> None:
    (first, one), (second, two) = person(13), person(14)
    send(periods(*many(2, one), Sent(key="T", value=two, since="2020-01-01", sequence=1)))
    assert (len(notices()), _told(first, second)) == (3, [[first, second]])
    body = periods(
        *many(2, one),
        Sent(key="T", value=two, since="2021-01-01"),
        Sent(key="N", value="nobody", since="2021-01-01"),
        Sent(key="R", value=one, since=""),
        sequence=5,
    )
    send(body, full=True)
    # Of a full file not the lines that say what stands, and of a person whose cover is as it was no event.
    assert [outcome for _, outcome, _ in notices()[3:]] == ["applied", "waiting", "refused"]
    assert _told(first, second)[1:] == [[second]]
    send(body, full=True)
    assert [outcome for _, outcome, _ in notices()[6:]] == ["refused"]
    before = [
        Sent(key="T", value=two, since="2021-01-01", sequence=4),
        Sent(key="K0", value=one, since="2020-01-01", sequence=5),
        Sent(key="K1", value=one, since="2020-01-01", sequence=3),
        *(Sent(key=f"L{n}", value=one, since="2019-01-01", sequence=n) for n in (4, 5)),
    ]
    send(periods(*before, Sent(key="K0", value=one, since="2019-01-01", sequence=5)))
    told = [outcome for _, outcome, _ in notices()[7:]]
    assert told == ["repeated"] * 3 + ["late"] * 2 + ["refused"]
    send(
        periods(*(Sent(key=key, value=one, since="2019-01-01", sequence=5) for key in ("K0", "T")))
    )
    assert notices()[13:] == [("K0", "late", ""), ("T", "late", "")]
    # Whose it was, and whose it is; what is said twice under one sequence is not heard the second time.
    send(periods(Sent(key="T", value=one, since="2021-01-01", sequence=6)))
    send(periods(Sent(key="T", value=two, since="2021-01-01", sequence=6)))
    assert notices()[16:] == [("T", "refused", "sequence: was another message's of this period")]
    assert _told(first, second)[2:] == [[first, second]]
    # Whose it was, when it is of somebody who waits, or is not named any more.
    send(periods(Sent(key="K0", value="nobody", since="2021-01-01", sequence=8)))
    newer = Sent(key="Z", value="nobody", since="2021-01-01", sequence=9)
    send(periods(Sent(key="M", value=two, since="2021-01-01", sequence=8), newer))
    whole = periods(Sent(key="T", value=one, since="2021-01-01"), sequence=8)
    assert send(whole, full=True).counts["withdrawn"] == 2
    assert _told(first, second)[3:] == [[first], [second], [first, second]]
    assert standing() == {"T": (first, date(2021, 1, 1), None)}
    with finding_in(Scope.REGISTER):
        assert [one.key for one in WaitingPeriod.objects.all()] == ["Z"]
    kinds = ["delta", "full", "full", *["delta"] * 6, "full"]
    assert list(Delivery.objects.order_by("pk").values_list("kind", flat=True)) == kinds


def _told(*whom: int) -> list[list[int]]:
    """Whom each event names that tells of cover of these people."""
    with rows_of(whom):
        events = Event.objects.filter(kind=EventKind.AFFILIATIONS_CHANGED).order_by("id")
        return [event.persons or [] for event in events]


def test_the_log_has_one_event_for_a_thousand_people(database: Path) -> None:
    body = as_csv(
        Sending(
            messages=tuple(
                Sent(key=f"E{n}", value=f"E{n}", since="2020-01-01", sequence=1)
                for n in range(1_001)
            )
        )
    )
    assert send(body).counts["waiting"] == 1_001
    with psycopg.connect(**asdict(login(database, "superuser"))) as rows:
        rows.execute(_MANY, {"system": PEOPLE, "people": 1_001})
    assert bring_in_waiting(actor=SYSTEM, at=now()) == 1_001
    whom = sorted(who for who, *_ in standing().values())
    assert _told(*whom) == [whom[:1_000], whom[1_000:]]


_MANY = """
    with person as (
        insert into mpi_person (family, given, birth_family, birth_date, gender, registered_at, family_key, given_key)
        select 'Weber', 'Anna', '', '1980-01-01', 'female', now(), 'weber', 'anna' from generate_series(1, %(people)s)
        returning id
    )
    insert into mpi_personidentifier (person_id, system, value)
    select id, %(system)s, 'E' || row_number() over () - 1 from person
"""


def test_what_the_register_says_of_either_row_of_one_human_being_is_seen_for_both() -> None:
    (first, one), (second, two) = person(15), person(16)
    link = linked(second, first)
    send(
        periods(
            Sent(key="A", value=one, since="2020-01-01", until="2021-01-01", sequence=1),
            Sent(key="B", value=two, since="2022-01-01", sequence=2),
        )
    )
    days = {"A": date(2020, 1, 1), "B": date(2022, 1, 1)}
    assert _since(one) == _since(two) == set(days.values())
    patient = Actor(role=Role.PATIENT, account=2**40, person=first)
    told, *_ = access_log(actor=patient, person=first, at=now())
    assert told.kind is EventKind.AFFILIATIONS_CHANGED
    # A period stays with the number that the register has named, whoever that turns out to be.
    assert {key: who for key, (who, *_) in standing().items()} == {"A": first, "B": second}
    parted(link)
    assert (_since(one), _since(two)) == ({days["A"]}, {days["B"]})
    # The register corrects itself: the period of the one is the other's.
    send(periods(Sent(key="B", value=one, since="2022-01-01", sequence=3)))
    assert (_since(one), _since(two)) == (set(days.values()), set())
    assert _told(second)[1:] == [[first, second]]


def _since(value: str) -> set[date | None]:
    with insured(MATRICULE_SYSTEM, value) as known:
        return {period.since for period in known.periods}


def test_a_preview_changes_nothing() -> None:
    _, value = person(8)
    done = send(periods(*many(3, value)), preview=True)
    assert done.counts["applied"] == 3 and done.number is None
    assert not standing() and not notices()


def test_until_when_the_register_was_heard() -> None:
    at = now() - timedelta(hours=2)
    send(as_csv(Sending(messages=()), as_of=at.isoformat()))
    send(as_csv(Sending(messages=()), as_of=(at - timedelta(days=1)).isoformat()))
    assert heard() == at
    with pytest.raises(InvalidInput):
        send(as_csv(Sending(messages=()), as_of=(now() + timedelta(days=1)).isoformat()))


def test_the_first_twenty_refused_lines_are_told() -> None:
    _, value = person(19)
    broken = [replace(one, since="never") for one in many(21, value)]
    done = send(periods(*broken), preview=True)
    assert [line for line, _ in done.refused] == list(range(2, 22))


def test_what_stands_behind_the_end_refuses_the_file() -> None:
    _, value = person(20)
    body = periods(*many(1, value))
    for more in (body.splitlines()[1], body.splitlines()[2]):
        with pytest.raises(InvalidInput, match="behind the end"):
            send(body + more)


def test_text_of_any_kind_is_kept_as_it_came() -> None:
    _, value = person(21)
    keys = ["a\\b", "a\\tb", "\\N", "ä€😀", "\\."]
    send(periods(*(Sent(key=key, value=value, since="2020-01-01", sequence=1) for key in keys)))
    assert set(standing()) == set(keys)
    odd = b'"a\tb\\","1\r\n2",never,\0,\x0b,\xff\n'
    send(b"key,value,since,until,withdrawn,sequence\n" + odd + b"#end,1,,2026-01-01T00:00:00Z\n")
    with finding_in(Scope.REGISTER):
        notice = Notice.objects.latest("pk")
    assert (notice.key, notice.text) == ("a\tb\\", "a\tb\\,1\r\n2,never,\ufffd,\x0b,?")
