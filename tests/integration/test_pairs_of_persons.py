"""Pairs that may be one human being: two stewards join, one refuses, and what they said is remembered."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError

from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, InvalidInput, NotFound
from salus.kernel.rows import rows_of
from salus.mpi import merging
from salus.mpi.models import Pair
from salus.mpi.rules import Contradiction
from tests.links import (
    ANNA,
    BEN,
    SYSTEM,
    confirmed,
    judged,
    linked,
    merged,
    one,
    pair_of,
    parted,
    proposed,
    queued,
    registered,
    replaced,
    root,
    row,
)

pytestmark = pytest.mark.usefixtures("database")


# Two stewards


def test_two_stewards_join_and_one_alone_does_not() -> None:
    a, b = registered(), registered()
    pair = proposed(a, b)
    assert root(b) == b
    with pytest.raises(Conflict):
        confirmed(pair, by=ANNA)
    made = row(confirmed(pair, by=BEN))
    assert made.made_by == "stewards"
    assert root(b) == root(a) == a
    kept = pair_of(a, b)
    assert kept and (kept.judged_by, kept.confirmed_by, kept.link_id) == (1, 2, made.pk)


def test_the_database_too_wants_two_of_them() -> None:
    a, b = registered(), registered()
    proposed(a, b)
    made = linked(b, a)
    with pytest.raises(IntegrityError, match="confirmed_by_another"), rows_of([a, b]):
        Pair.objects.filter(one=a, other=b).update(confirmed_by=1, link=made)


def test_what_nobody_proposed_is_not_confirmed() -> None:
    a, b = registered(), registered()
    pair = queued(a, b) or 0
    with pytest.raises(Conflict):
        confirmed(pair)
    judged(pair, Pair.Judgement.UNSURE)
    with pytest.raises(Conflict):
        confirmed(pair)


def test_a_proposal_that_is_declined_stays_in_the_queue_with_who_did() -> None:
    a, b = registered(), registered()
    pair = proposed(a, b)
    merging.decline_merge(actor=BEN, at=now(), pair=pair)
    kept = pair_of(a, b)
    assert kept and (kept.judgement, kept.judged_by) == ("unsure", 2)
    with pytest.raises(Conflict):
        confirmed(pair, by=ANNA)
    judged(pair, Pair.Judgement.SAME, by=BEN)
    confirmed(pair, by=ANNA)


def test_the_second_who_says_same_is_told_to_confirm() -> None:
    a, b = registered(), registered()
    pair = proposed(a, b)
    with pytest.raises(Conflict):
        judged(pair, Pair.Judgement.SAME, by=BEN)
    judged(pair, Pair.Judgement.SAME, by=ANNA)  # said already


@pytest.mark.parametrize(
    ("one_says", "other_says", "what"),
    [
        ({"serial": 1}, {"serial": 2}, Contradiction.MATRICULE),
        ({"multiple_birth": 1}, {"multiple_birth": 2}, Contradiction.MULTIPLE_BIRTH),
        ({}, {"birth_date": date(1981, 1, 1)}, Contradiction.BIRTH_DATE),
        ({}, {"gender": "male"}, Contradiction.GENDER),
        (
            {"deceased_on": date(2024, 1, 1)},
            {"deceased_on": date(2024, 1, 2)},
            Contradiction.DECEASED,
        ),
    ],
)
def test_in_spite_of_a_contradiction_a_reason_is_stated(
    one_says: dict[str, Any], other_says: dict[str, Any], what: Contradiction
) -> None:
    a, b = registered(**_apart(one_says)), registered(**_apart(other_says))
    shown = merging.preview_merge(actor=BEN, at=now(), person=a, target=b)
    assert shown.contradictions == [what]
    pair = proposed(a, b)
    for nothing in ("", "  "):
        with pytest.raises(InvalidInput):
            confirmed(pair, reason=nothing)
    assert row(confirmed(pair, reason="seen by me")).reason == "seen by me"


_serials = iter(range(200, 300))


def _apart(said: dict[str, Any]) -> dict[str, Any]:
    return said | ({"serial": next(_serials)} if "serial" in said else {})


def test_what_one_does_not_say_contradicts_nobody() -> None:
    a = registered(multiple_birth=1, deceased_on=date(2024, 1, 1))
    b = registered(gender="unknown")
    assert merging.preview_merge(actor=BEN, at=now(), person=a, target=b).contradictions == []
    confirmed(proposed(a, b))


# What is remembered


def test_different_is_remembered_of_all_records_of_the_two() -> None:
    a, b, below_a, below_b = registered(), registered(), registered(), registered()
    linked(below_a, a)
    linked(below_b, b)
    judged(queued(a, b) or 0, Pair.Judgement.DIFFERENT)
    for person, target in ((a, b), (b, a), (below_a, below_b)):
        assert queued(person, target) is None
        with pytest.raises(Conflict):
            linked(person, target)
        with pytest.raises(Conflict):
            replaced(person, target)
    assert (one(a), one(b)) == ({a, below_a}, {b, below_b})


def test_two_stewards_may_find_that_different_was_wrong() -> None:
    a, b = registered(), registered()
    pair = queued(a, b) or 0
    judged(pair, Pair.Judgement.DIFFERENT)
    with pytest.raises(Conflict):
        judged(pair, Pair.Judgement.SAME)  # it is in no queue
    assert proposed(a, b, by=BEN) == pair
    confirmed(pair, by=ANNA)
    assert one(a) == {a, b}


def test_who_was_parted_by_a_steward_is_not_linked_again() -> None:
    a, b = registered(), registered()
    parted(linked(b, a))
    with pytest.raises(Conflict):
        linked(b, a)
    assert queued(a, b) is None
    join = merged(a, b)
    parted(join)
    with pytest.raises(Conflict):
        linked(b, a)


def test_one_pair_of_two_human_beings_is_in_the_queue() -> None:
    a, b, below_a = registered(), registered(), registered()
    linked(below_a, a)
    pair = queued(b, below_a)
    assert queued(a, b) == pair
    assert proposed(a, b) == pair
    assert pair_of(a, b) is None
    linked_meanwhile = registered()
    linked(linked_meanwhile, b)
    confirmed(pair or 0)
    assert one(a) == {a, b, below_a, linked_meanwhile}
    assert queued(a, linked_meanwhile) is None


def test_unsure_stays_in_the_queue_with_who_was() -> None:
    a, b = registered(), registered()
    pair = queued(a, b) or 0
    judged(pair, Pair.Judgement.UNSURE)
    kept = pair_of(a, b)
    assert kept and (kept.judgement, kept.judged_by) == ("unsure", 1)
    assert queued(b, a) == pair
    judged(pair, Pair.Judgement.SAME, by=BEN)
    confirmed(pair, by=ANNA)


@pytest.mark.parametrize(
    "actor",
    [
        SYSTEM,
        Actor(role=Role.AGENCY, account=1),
        Actor(role=Role.PROFESSIONAL, account=1, practitioner=1),
        Actor(role=Role.PATIENT, account=1, person=1),
    ],
    ids=lambda actor: str(actor.role),
)
@pytest.mark.parametrize(
    "act",
    [
        lambda actor, a, b, pair, link: proposed(a, b, by=actor),
        lambda actor, a, b, pair, link: confirmed(pair, by=actor),
        lambda actor, a, b, pair, link: judged(pair, Pair.Judgement.DIFFERENT, by=actor),
        lambda actor, a, b, pair, link: merging.decline_merge(actor=actor, at=now(), pair=pair),
        lambda actor, a, b, pair, link: parted(link, by=actor),
        lambda actor, a, b, pair, link: merging.preview_merge(
            actor=actor, at=now(), person=a, target=b
        ),
        lambda actor, a, b, pair, link: merging.preview_separation(
            actor=actor, at=now(), link=link
        ),
    ],
    ids=["propose", "confirm", "judge", "decline", "separate", "preview", "preview separation"],
)
def test_pairs_are_the_stewards_alone(
    two_and_a_pair: tuple[int, int, int, int], actor: Actor, act: Callable[..., object]
) -> None:
    with pytest.raises(NotFound):
        act(actor, *two_and_a_pair)


@pytest.fixture(scope="module")
def two_and_a_pair(database: object) -> tuple[int, int, int, int]:
    """Two, the pair of them that is proposed, and a link."""
    a, b, c = registered(), registered(), registered()
    return a, b, proposed(a, b), linked(c, a)
