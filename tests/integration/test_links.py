"""Links: who may join and part whom, under which number a human being is known, and that each link can be undone."""

import pytest
from django.db import IntegrityError, transaction

from salus.audit.models import EventKind
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, NotFound
from salus.kernel.rows import rows_of
from salus.mpi.models import Link, Pair
from tests.links import (
    SYSTEM,
    confirmed,
    events,
    judged,
    linked,
    merged,
    one,
    pair_of,
    parted,
    proposed,
    registered,
    replaced,
    root,
    row,
)

pytestmark = pytest.mark.usefixtures("database")


def test_an_automatic_link_keeps_its_explanation() -> None:
    older, newer = registered(), registered()
    made = row(linked(newer, older))
    assert (made.person_id, made.target_id, made.made_by) == (newer, older, "matcher")
    assert made.weight == 20.0
    assert made.explanation == {
        "evidence": [{"field": "name", "level": "equal", "weight": 8.0}],
        "guards": [],
    }
    assert root(newer) == root(older) == older


def test_the_national_register_s_number_stays_though_it_came_later() -> None:
    hospital = registered()
    national = registered(serial=101)
    made = row(linked(national, hospital))
    assert (made.person_id, made.target_id) == (hospital, national)
    assert root(hospital) == national


def test_who_is_one_already_is_not_linked_again() -> None:
    older, newer, third = registered(), registered(), registered()
    linked(newer, older)
    linked(third, newer)
    for person, target in ((newer, older), (older, newer), (third, older)):
        with pytest.raises(Conflict):
            linked(person, target)


def test_who_is_parted_takes_along_who_was_compared_with_him() -> None:
    national, other = registered(serial=102), registered(serial=103)
    hospital = registered()
    join = merged(national, other)
    linked(hospital, other)
    assert one(hospital) == {national, other, hospital}
    separation = parted(join)
    assert (separation.person, separation.separated) == (other, (other, hospital))
    assert separation.root == national
    assert (one(other), one(national)) == ({other, hospital}, {national})


def test_each_act_is_one_event_that_names_all_whose_rows_it_touches() -> None:
    a, b, c = registered(), registered(), registered()
    linked(b, a)
    pair = proposed(c, b)
    link = confirmed(pair)
    parted(link)
    everybody = {a, b, c}
    for person in everybody:
        assert events(EventKind.PERSONS_SEPARATED, person) == [everybody]
        assert events(EventKind.PAIR_JUDGED, person) == [everybody]
    assert events(EventKind.PERSONS_LINKED, c) == [everybody]
    assert events(EventKind.PERSONS_LINKED, a) == [{a, b}, everybody]


def test_the_database_takes_no_ring() -> None:
    a, b, c = registered(), registered(), registered()
    linked(b, a)
    linked(c, b)
    with pytest.raises(IntegrityError, match="ring"), rows_of([a, c]):
        Link.objects.create(person_id=a, target_id=c, made_by="sender", made_at=now())
    elsewhere = registered()
    with rows_of([a, elsewhere]):
        Link.objects.create(person_id=a, target_id=elsewhere, made_by="sender", made_at=now())
    assert one(c) == {a, b, c, elsewhere}


# What a sender may say of its own records


def test_a_sender_s_record_goes_over_to_the_one_that_survives() -> None:
    survivor, gone = registered(), registered()
    made = row(replaced(gone, survivor))
    assert (made.person_id, made.target_id, made.made_by) == (gone, survivor, "sender")
    assert root(gone) == survivor
    # Though it was there first: the sender goes on using the other.
    early, late = registered(), registered()
    replaced(early, late)
    assert root(early) == late


def test_the_same_said_twice_is_the_same() -> None:
    survivor, gone = registered(), registered()
    first = replaced(gone, survivor)
    assert replaced(gone, survivor) == first
    assert len(events(EventKind.PERSONS_LINKED, gone)) == 1


def test_a_sender_never_joins_two_golden_records() -> None:
    national, other = registered(serial=111), registered(serial=112)
    gone, survivor = registered(), registered()
    before = linked(gone, national)
    linked(survivor, other)
    made = replaced(gone, survivor)
    assert (one(national), one(other)) == ({national}, {other, survivor, gone})
    assert row(before).ended_at is not None
    assert row(made).previous_id == before
    assert pair_of(national, other)
    # And undone, all is as it was.
    assert parted(made or 0).restored == before
    assert row(before).ended_at is None
    assert (one(national), one(other)) == ({national, gone}, {other, survivor})


def test_a_record_below_which_others_stand_stays_until_stewards_judge() -> None:
    gone, survivor = registered(), registered()
    hospital = registered()
    linked(hospital, gone)
    assert replaced(gone, survivor) is None
    assert (one(gone), one(survivor)) == ({gone, hospital}, {survivor})
    assert pair_of(gone, survivor)


def test_a_record_takes_along_what_it_had_replaced() -> None:
    first, second, third = registered(), registered(), registered()
    replaced(first, second)
    replaced(second, third)
    assert one(first) == {first, second, third}
    assert root(first) == third
    assert pair_of(second, third) is None


def test_a_sender_takes_back_what_a_sender_said_and_nothing_else() -> None:
    survivor, gone, other = registered(), registered(), registered()
    said = replaced(gone, survivor)
    found = linked(other, survivor)
    with pytest.raises(NotFound):
        parted(found, by=SYSTEM)
    parted(said or 0, by=SYSTEM)
    assert one(gone) == {gone}
    linked(gone, survivor)  # nobody judged that they are two


# Parting


def test_what_is_ended_is_not_ended_again() -> None:
    a, b = registered(), registered()
    link = linked(b, a)
    parted(link)
    with pytest.raises(Conflict):
        parted(link)
    ended = row(link)
    assert ended.ended_at and ended.ended_reason == "two people"


def test_a_link_does_not_come_back_to_who_stands_below_by_now() -> None:
    survivor, home, gone = registered(), registered(), registered()
    before = linked(gone, home)
    moved = replaced(gone, survivor)
    linked(home, gone)
    assert one(gone) == {survivor, gone, home}
    assert parted(moved or 0).restored is None
    assert row(before).ended_at is not None
    assert (one(survivor), one(gone)) == ({survivor}, {gone, home})


def test_a_link_does_not_come_back_against_what_stewards_judged_meanwhile() -> None:
    home, gone, survivor = registered(), registered(), registered()
    linked(gone, home)
    moved = replaced(gone, survivor)
    pair = pair_of(home, survivor)
    assert pair
    judged(pair.pk, Pair.Judgement.DIFFERENT)
    judged_too = proposed(home, gone)
    judged(judged_too, Pair.Judgement.DIFFERENT)
    assert parted(moved or 0).restored is None
    assert one(gone) == {gone}


def test_who_is_not_in_the_index_is_not_linked() -> None:
    a = registered()
    for act in (linked, replaced, proposed):
        with pytest.raises(NotFound):
            act(a, 10**9)
        with pytest.raises(NotFound):
            act(10**9, a)


def test_what_fails_leaves_nothing() -> None:
    a, b = registered(), registered()
    with pytest.raises(LookupError):
        link_and_fail(b, a)
    assert one(b) == {b}
    assert events(EventKind.PERSONS_LINKED, b) == []


def link_and_fail(person: int, target: int) -> None:
    with transaction.atomic():
        linked(person, target)
        raise LookupError
