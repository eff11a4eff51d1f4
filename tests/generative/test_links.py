"""Any sequence of links, replacements and separations, against a plain model in memory: the same human beings."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.kernel.errors import Conflict
from salus.mpi.identities import humans
from tests.links import SYSTEM, linked, parted, registered, replaced

pytestmark = pytest.mark.usefixtures("database")

EXAMPLES = 300 if "SALUS_PROVE" in os.environ else 10
PEOPLE = 5  # the last is the national register's, the others are in order of age


@dataclass
class Edge:
    person: int
    target: int
    by_sender: bool
    number: int = 0  # of the link in the database
    previous: "Edge | None" = None
    in_force: bool = True


@dataclass
class Model:
    """The rules as one would tell them, over lists and sets."""

    edges: list[Edge] = field(default_factory=list)
    different: set[frozenset[int]] = field(default_factory=set)

    def away(self, person: int) -> Edge | None:
        return next((e for e in self.edges if e.in_force and e.person == person), None)

    def root(self, person: int) -> int:
        edge = self.away(person)
        return self.root(edge.target) if edge else person

    def human(self, person: int) -> set[int]:
        return {one for one in range(PEOPLE) if self.root(one) == self.root(person)}

    def below(self, person: int) -> set[int]:
        children = [e.person for e in self.edges if e.in_force and e.target == person]
        return {person}.union(*(self.below(child) for child in children))

    def are_two(self, some: set[int], others: set[int]) -> bool:
        return any(frozenset((a, b)) in self.different for a in some for b in others)

    def link(self, person: int, target: int) -> Edge | None:
        mine, theirs = self.root(person), self.root(target)
        if mine == theirs or self.are_two(self.human(person), self.human(target)):
            return None
        stays = PEOPLE - 1 if PEOPLE - 1 in (mine, theirs) else min(mine, theirs)
        edge = (
            Edge(theirs, person, by_sender=False)
            if stays == mine
            else Edge(mine, target, by_sender=False)
        )
        self.edges.append(edge)
        return edge

    def replace(self, person: int, target: int) -> Edge | None:
        if self.root(person) == self.root(target):
            own = self.away(person)
            return own if own and own.target == target else None
        if self.are_two(self.human(person), self.human(target)):
            return None
        for one in self.below(person) - {person}:
            edge = self.away(one)
            if edge and not edge.by_sender:
                return None
        before = self.away(person)
        if before:
            before.in_force = False
        edge = Edge(person, target, by_sender=True, previous=before)
        self.edges.append(edge)
        return edge

    def separate(self, edge: Edge, *, by_steward: bool) -> None:
        going = self.below(edge.person)
        edge.in_force = False
        if by_steward:
            self.different.add(frozenset((edge.person, edge.target)))
        back = edge.previous
        if back and back.target not in going:
            back.in_force = not self.are_two(going, self.human(back.target))

    def state(self) -> list[tuple[int, int]]:
        return sorted((e.person, e.target) for e in self.edges if e.in_force)


Act = tuple[str, int, int]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["link", "replace", "separate", "take back"]),
        st.integers(0, PEOPLE - 1),
        st.integers(0, PEOPLE - 1),
    ),
    max_size=10,
)
_serials = count()


def done(act: Callable[[], int | None]) -> int | None:
    try:
        return act()
    except Conflict:
        return None


def apply(model: Model, people: list[int], act: Act) -> None:
    """To the model and to the database."""
    what, one, other = act
    edge: Edge | None
    if what in ("separate", "take back"):
        by_steward = what == "separate"
        there = [e for e in model.edges if e.in_force and (by_steward or e.by_sender)]
        if there:
            edge = there[(one * PEOPLE + other) % len(there)]
            model.separate(edge, by_steward=by_steward)
            parted(edge.number) if by_steward else parted(edge.number, by=SYSTEM)
    elif one != other:
        model_act, real_act = (model.link, linked) if what == "link" else (model.replace, replaced)
        edge = model_act(one, other)
        number = done(lambda: real_act(people[one], people[other]))
        assert (number is None) == (edge is None)
        if edge and number:
            assert edge.number in (0, number)
            edge.number = number


def alike(model: Model, people: list[int]) -> None:
    """Each human being has the same identities, and is known by the same number."""
    known = humans(people)
    for one, person in enumerate(people):
        assert known[person].root == people[model.root(one)]
        assert set(known[person].all) == {people[n] for n in model.human(one)}


def _people() -> list[int]:
    hospital = [registered() for _ in range(PEOPLE - 1)]
    day, serial = divmod(next(_serials), 1000)
    return [*hospital, registered(serial=serial, birth_date=date(1980, 1, 1 + day))]


@settings(max_examples=EXAMPLES)
@given(acts=ACTS)
def test_any_sequence_of_acts_leaves_the_human_beings_of_the_model(
    database: object, acts: list[Act]
) -> None:
    model, people = Model(), _people()
    for act in acts:
        apply(model, people, act)
        alike(model, people)


@settings(max_examples=EXAMPLES)
@given(acts=ACTS, last=st.sampled_from(["link", "replace"]), data=st.data())
def test_what_is_linked_and_parted_is_as_it_was(
    database: object, acts: list[Act], last: str, data: st.DataObject
) -> None:
    model, people = Model(), _people()
    for act in acts:
        apply(model, people, act)
    before, known, made = model.state(), humans(people), len(model.edges)
    one, other = data.draw(st.permutations(range(PEOPLE)))[:2]
    apply(model, people, (last, one, other))
    if len(model.edges) > made:
        edge = model.edges[-1]
        model.separate(edge, by_steward=False)
        parted(edge.number)
    assert model.state() == before
    assert humans(people) == known
