"""`salus index`: weights learned from the people of the index, and who is in it twice."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from config.index import deduplicate, learn
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.actions import Address, register_person
from salus.mpi.identities import identities_of
from salus.mpi.learned import model_in_force
from salus.mpi.matching.levels import Field, Level
from salus.mpi.matching.model import default_model
from salus.mpi.matching.score import Band, score
from salus.mpi.models import LearnedModel, Link, Pair, Person, Residence
from salus.mpi.traits import traits_of

SYSTEM = Actor(role=Role.SYSTEM, system="test")
TWICE = range(101, 111)


@pytest.fixture(scope="module")
def learned(nation: Path) -> None:
    with override_settings(DATA=nation):
        learn()


@pytest.fixture(scope="module")
def copies(nation: Path) -> dict[int, int]:
    """Person -> a second record of theirs, which nobody matched when it came."""
    return {person: copied(person) for person in TWICE}


def copied(person: int) -> int:
    with rows_of([person]):
        row = Person.objects.get(pk=person)
        home = Residence.objects.get(person=person, until=None)
    copy, _ = register_person(
        actor=SYSTEM,
        at=now(),
        identifiers=[("urn:copy", str(person))],
        family=row.family,
        given=row.given,
        birth_date=row.birth_date,
        gender=row.gender,
        address=Address(
            country=home.country,
            postal_code=home.postal_code,
            municipality=home.municipality,
            line=home.line,
        ),
    )
    return copy


def pairs() -> dict[tuple[int, int], int]:
    with finding_in(Scope.INDEX):
        return {(pair.one_id, pair.other_id): pair.pk for pair in Pair.objects.all()}


def test_who_is_there_twice_is_queued_and_linked_when_asked(copies: dict[int, int]) -> None:
    deduplicate(links=False)
    queued = pairs()
    assert {*copies.items()} <= queued.keys()
    with finding_in(Scope.INDEX):
        assert not Link.objects.exists()
    first, *others = copies
    judge_different(first, copies[first], queued[first, copies[first]])

    deduplicate(links=True)
    assert pairs().keys() == queued.keys()
    assert identities_of(first).all == (first,)
    linked = {person for person in others if len(identities_of(person).all) > 1}
    assert linked  # those whom the weights make sure of
    with finding_in(Scope.INDEX):
        made = Link.objects.count()
        ends = {frozenset((link.person_id, link.target_id)) for link in Link.objects.all()}
        assert all(link.explanation for link in Link.objects.all())
    assert ends == {frozenset((person, copies[person])) for person in linked}

    deduplicate(links=True)  # once more is the same
    with finding_in(Scope.INDEX):
        assert Link.objects.count() == made


def judge_different(one: int, other: int, pair: int) -> None:
    with rows_of([one, other]):
        Pair.objects.filter(pk=pair).update(
            judgement=Pair.Judgement.DIFFERENT, judged_by=1, judged_at=now()
        )


def test_what_was_learned_is_in_force(learned: None) -> None:
    model, kept = model_in_force(), LearnedModel.objects.latest("id")
    assert kept.people > 1000
    assert model != default_model() and model.dump() == kept.weights
    assert model.terms[Field.FAMILY].frequency  # names of this nation, by how many have them
    assert model.fields[Field.BIRTH_DATE][Level.EQUAL].weight > 5
    assert not (Path(settings.DATA) / "index").exists()


def test_who_comes_in_again_is_linked_by_what_was_learned(
    learned: None, copies: dict[int, int]
) -> None:
    """An index that hardly holds anybody twice does not learn that nobody ever comes again."""
    traits = traits_of([*copies, *copies.values()])
    bands = [
        score(traits[person], traits[copy], model_in_force()).band
        for person, copy in copies.items()
    ]
    assert bands.count(Band.LINK) > len(bands) / 2
