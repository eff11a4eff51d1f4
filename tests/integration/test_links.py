"""Links: who may join and part whom, under which number a human being is known, and that each link can be undone."""

import pytest

from salus.kernel.rows import Scope, finding_in
from salus.mpi.models import Link, Pair
from tests.links import (
    linked,
    merged,
    one,
    parted,
    registered,
    root,
)

pytestmark = pytest.mark.usefixtures("database")


def row(link: int) -> Link:
    with finding_in(Scope.INDEX):
        return Link.objects.get(pk=link)


def pair_of(person: int, other: int) -> Pair | None:
    with finding_in(Scope.INDEX):
        first, second = sorted((person, other))
        return Pair.objects.filter(one=first, other=second).first()


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


def test_who_is_parted_takes_along_who_was_compared_with_him() -> None:
    national, other = registered(serial=102), registered(serial=103)
    hospital = registered()
    join = merged(national, other)
    linked(hospital, other)
    assert one(hospital) == {national, other, hospital}
    separation = parted(join)
    assert separation.separated == (other, hospital)
    assert (one(other), one(national)) == ({other, hospital}, {national})
