"""Two who link at the same moment: no ring, no link lost, no one judged by whom nobody asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from salus.kernel.errors import Conflict
from salus.kernel.rows import Scope, finding_in
from salus.mpi.models import Link
from tests.at_once import after
from tests.links import (
    confirmed,
    linked,
    one,
    parted,
    proposed,
    registered,
    replaced,
    root,
)

pytestmark = pytest.mark.usefixtures("database")


def links_away(person: int) -> list[int]:
    with finding_in(Scope.INDEX):
        in_force = Link.objects.filter(person=person, ended_at=None)
        return list(in_force.values_list("target", flat=True))


def test_three_in_a_circle_make_no_ring() -> None:
    a, b, c = registered(), registered(), registered()
    replaced(a, b)
    assert after(lambda: replaced(b, c), lambda: replaced(c, a)).result() is None
    assert one(a) == {a, b, c}
    assert root(a) == c


def test_two_ways_round_are_one_link() -> None:
    a, b = registered(), registered()
    second = after(lambda: replaced(a, b), lambda: replaced(b, a))
    assert second.result() is None
    assert (links_away(a), links_away(b)) == ([b], [])


def test_who_comes_second_links_to_the_tree_as_it_is_then() -> None:
    a, b, c = registered(), registered(), registered()
    after(lambda: linked(b, a), lambda: linked(c, b)).result()
    assert one(c) == {a, b, c}
    assert (links_away(b), links_away(c)) == ([a], [b])


def test_roots_that_move_while_somebody_waits_are_locked_anew() -> None:
    """The one who waits for a root finds that it is none any more, and that another has to be held."""
    top, a, b = registered(), registered(), registered()
    after(lambda: linked(a, top), lambda: replaced(b, a)).result()
    assert one(b) == {top, a, b}


def test_one_link_is_ended_once() -> None:
    a, b = registered(), registered()
    link = linked(b, a)
    assert isinstance(after(lambda: parted(link), lambda: parted(link)).exception(), Conflict)
    assert one(b) == {b}


def test_a_separation_does_not_meet_who_is_linked_meanwhile_halfway() -> None:
    a, b, c = registered(), registered(), registered()
    link = linked(b, a)
    after(lambda: parted(link), lambda: linked(c, b)).result()
    assert (one(a), one(b)) == ({a}, {b, c})


def test_a_proposal_is_confirmed_once() -> None:
    a, b = registered(), registered()
    pair = proposed(a, b)
    second = after(lambda: confirmed(pair), lambda: confirmed(pair))
    assert isinstance(second.exception(), Conflict)
    assert links_away(b) == [a]


def test_many_at_once_leave_one_tree_and_nobody_waits_for_ever() -> None:
    persons = [registered() for _ in range(6)]
    pairs = [(p, q) for p in persons for q in persons if p < q]

    def link(pair: tuple[int, int]) -> bool:
        try:
            linked(*pair)
        except Conflict:  # they are one already
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        made = sum(pool.map(link, pairs))
    assert made == len(persons) - 1
    assert one(persons[0]) == set(persons)
