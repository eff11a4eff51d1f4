"""Records that senders keep of people: whose they are is found out when they come in; what is not sure is queued."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import Conflict
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.actions import Address, Demographics
from salus.mpi.candidates import Candidate, candidates
from salus.mpi.identities import identities_of
from salus.mpi.matching.record import Traits
from salus.mpi.matching.score import Band
from salus.mpi.models import Link, Pair, Person, PersonIdentifier, PersonVersion
from salus.mpi.receiving import Received, receive_person
from tests.fhir_patients import HOSPITAL

pytestmark = pytest.mark.usefixtures("database")

REGISTER = Actor(role=Role.SYSTEM, system="register")
HOME = Address(country="LU", postal_code="1313", municipality="Here", line="7, rue X")
NUMBERS = count(1)
BORN = (date(1960, 3, 2) + timedelta(days=37 * number) for number in NUMBERS)
NAMES = zip(
    [
        "Schneider",
        "Ferreira",
        "Wagener",
        "Lambert",
        "Krüger",
        "Thill",
        "Rossi",
        "Kowalski",
        "Haas",
        "Oliveira",
    ]
    * 2,
    ["Claudine", "Joaquim", "Tessy", "Odile", "Wolfgang", "Marc", "Chiara", "Piotr", "Nadine"] * 3,
    strict=False,
)


@pytest.fixture
def someone() -> Demographics:
    """Whom the index does not know yet."""
    family, given = next(NAMES)
    return Demographics(
        family=family,
        given=given,
        birth_family="",
        birth_date=next(BORN),
        gender="female",
        multiple_birth=None,
        deceased_on=None,
        address=HOME,
    )


def local() -> tuple[str, str]:
    return "urn:hospital", str(next(NUMBERS))


def number_of(someone: Demographics) -> tuple[str, str]:
    return MATRICULE_SYSTEM, matricule(someone.birth_date, next(NUMBERS))


def said(someone: Demographics, **changed: Any) -> Demographics:
    return Demographics(**{**vars(someone), **changed})


def received(
    someone: Demographics,
    *identifiers: tuple[str, str],
    actor: Actor = HOSPITAL,
    **options: Any,
) -> Received:
    return receive_person(
        actor=actor,
        at=now(),
        identifiers=identifiers,
        demographics=someone,
        received={
            "name": [{"family": someone.family}],
            "birthDate": str(someone.birth_date),
            "identifier": [{"system": system, "value": value} for system, value in identifiers],
        },
        shown=lambda _row: {},
        **options,
    )


def of(person: int, *kinds: EventKind) -> list[tuple[str, bool]]:
    with rows_of([person]):
        events = Event.objects.filter(person_id=person).order_by("id")
        return [(event.kind, event.repeated) for event in events if event.kind in kinds]


def judge_different(pair: int) -> None:
    with finding_in(Scope.INDEX):
        row = Pair.objects.get(pk=pair)
    with rows_of([row.one_id, row.other_id]):
        row.judgement, row.judged_by, row.judged_at = Pair.Judgement.DIFFERENT, 1, now()
        row.save()


def test_a_record_of_somebody_new_is_a_human_being(someone: Demographics) -> None:
    new = received(someone, local())
    assert new.created and new.root == new.person
    assert (new.linked, new.reviewed) == (None, ())


def test_a_hospitals_record_of_a_registered_person_is_linked_and_explained(
    someone: Demographics,
) -> None:
    number = number_of(someone)
    registered = received(someone, number, actor=REGISTER)
    new = received(someone, local(), number)
    assert new.created and new.linked and new.linked.band is Band.LINK
    assert set(identities_of(new.root).all) == {registered.person, new.person}
    with rows_of([registered.person, new.person]):
        link = Link.objects.get(ended_at=None)
        owners = set(PersonIdentifier.objects.values_list("value", "person"))
    assert link.made_by == Link.MadeBy.MATCHER and link.weight == new.linked.weight
    explanation = link.explanation or {}
    fields = {one["field"]: one for one in explanation["evidence"]}
    assert fields["national_id"]["level"] == fields["birth_date"]["level"] == "equal"
    assert someone.family not in str(link.explanation) and number[1] not in str(link.explanation)
    assert (number[1], registered.person) in owners and len(owners) == 2
    assert of(new.root, EventKind.PERSONS_LINKED) == [(EventKind.PERSONS_LINKED, False)]


def test_a_claimed_number_of_somebody_else_is_reviewed_and_never_linked(
    someone: Demographics,
) -> None:
    number = number_of(someone)
    registered = received(someone, number, actor=REGISTER)
    other = said(someone, family="Andersen", given="Niels", gender="male", birth_date=next(BORN))
    own = received(other, local())
    claims = received(other, local(), number)
    assert claims.linked is None and claims.root == claims.person
    with finding_in(Scope.INDEX):
        pairs = Pair.objects.filter(pk__in=claims.reviewed).values_list("one", "other")
        assert {person for pair in pairs for person in pair} == {
            registered.person,
            own.person,
            claims.person,
        }


def test_a_number_alone_is_changed_by_who_fits_it_and_refused_to_others(
    someone: Demographics,
) -> None:
    number = number_of(someone)
    first = received(someone, number, actor=REGISTER)
    moved = said(someone, address=Address(country="FR", municipality="There", line="1, rue Y"))
    assert received(moved, number, actor=REGISTER, filed=True) == Received(
        person=first.person, root=first.person, created=False
    )
    stranger = said(someone, family="Andersen", given="Niels", birth_date=next(BORN))
    with pytest.raises(Conflict) as refused:
        received(stranger, number)
    assert someone.family not in str(refused.value) and number[1] not in str(refused.value)


def test_what_stewards_judged_different_is_neither_raised_nor_linked_again(
    someone: Demographics,
) -> None:
    first = received(someone, local())
    twin = said(someone, given=someone.given[:2] + "bert")
    mine = local()
    (pair,) = received(twin, mine).reviewed
    judge_different(pair)
    again = received(someone, mine)  # now in every respect like the first
    assert not again.created and again.root != first.root
    assert (again.linked, again.reviewed) == (None, ())
    with finding_in(Scope.INDEX):
        assert Pair.objects.filter(one__in=[first.person, again.person]).count() == 1


def test_twins_are_not_linked(someone: Demographics) -> None:
    received(said(someone, multiple_birth=1), local())
    other = received(said(someone, given="Zoé", multiple_birth=2), local())
    assert other.linked is None
    same_name = received(said(someone, multiple_birth=2), local())
    assert same_name.linked is None and same_name.reviewed


def test_who_fits_two_equally_well_is_reviewed(someone: Demographics) -> None:
    first = received(someone, local())
    (pair,) = received(said(someone, given=someone.given[:2] + "bert"), local()).reviewed
    judge_different(pair)
    with rows_of([first.person]):
        (second,) = {*Pair.objects.values_list("one", "other").get(pk=pair)} - {first.person}
    with rows_of([second]):
        Person.objects.filter(pk=second).update(given=someone.given)
    third = received(someone, local())
    assert third.linked is None and len(third.reviewed) == 2


def test_one_identity_that_contradicts_speaks_for_its_human_being(someone: Demographics) -> None:
    number = number_of(someone)
    received(someone, number, actor=REGISTER)
    assert received(someone, local()).linked
    namesake = received(someone, local(), number_of(someone))
    assert namesake.linked is None and namesake.reviewed


def test_a_change_that_makes_it_sure_links(someone: Demographics) -> None:
    mine = local()
    registered = received(someone, number_of(someone), actor=REGISTER)
    strange = said(someone, birth_date=someone.birth_date + timedelta(days=4000))
    first = received(strange, mine)
    assert first.linked is None
    corrected = received(someone, mine)
    assert corrected.linked and not corrected.created
    assert identities_of(registered.person).root == corrected.root


def test_a_resend_has_no_effect_even_after_a_later_change(someone: Demographics) -> None:
    mine, request_id = local(), uuid4()
    first = received(someone, mine, request_id=request_id)
    renamed = said(someone, family="Anders")
    received(renamed, mine, request_id=uuid4())
    again = received(someone, mine, request_id=request_id)
    assert again == Received(person=first.person, root=first.root, created=False)
    with rows_of([first.person]):
        assert Person.objects.get(pk=first.person).family == "Anders"
        assert PersonVersion.objects.count() == 1
    registered, changed = EventKind.PERSON_REGISTERED, EventKind.PERSON_CHANGED
    assert of(first.person, registered, changed) == [
        (registered, False),
        (changed, False),
        (registered, True),
    ]


def test_the_same_again_is_no_version(someone: Demographics) -> None:
    mine = local()
    person = received(someone, mine).person
    received(someone, mine)
    with rows_of([person]):
        assert not PersonVersion.objects.exists()
        assert Person.objects.get(pk=person).version is None


def test_identifiers_of_two_entries_are_refused(someone: Demographics) -> None:
    one, other = local(), local()
    received(someone, one)
    received(said(someone, family="Andersen", given="Niels"), other)
    with pytest.raises(Conflict):
        received(someone, one, other)


def test_two_hospitals_at_once_end_in_one_tree(someone: Demographics) -> None:
    """Each finds nobody unless it waits for the other."""
    hospitals = 4
    start = Barrier(hospitals)

    def feed(number: int) -> Received:
        start.wait()
        try:
            house = f"urn:hospital:{number}"
            return received(
                someone, (house, "1"), actor=replace(HOSPITAL, domains=frozenset({house}))
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(hospitals) as pool:
        done = list(pool.map(feed, range(hospitals)))
    persons = {one.person for one in done}
    assert len(persons) == hospitals
    assert set(identities_of(done[0].person).all) == persons


def test_one_record_at_once_is_one_identity(someone: Demographics) -> None:
    start, mine = Barrier(2), local()

    def feed(_number: int) -> bool:
        start.wait()
        try:
            return received(someone, mine).created
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(feed, range(2))) == [False, True]


KNOWN = Demographics(
    family="Müller-Santos",
    given="Maria José",
    birth_family="Hermes",
    birth_date=date(1971, 4, 9),
    gender="female",
    multiple_birth=None,
    deceased_on=None,
    address=HOME,
)


@pytest.fixture(scope="module")
def known(database: object) -> int:
    mine = local()
    received(KNOWN, mine)
    return received(said(KNOWN, family="Quintus"), mine).person


def looked_up(**changed: Any) -> list[Candidate]:
    asked = {"given": "Maria José", "family": "Quintus", "birth_date": date(1971, 4, 9)}
    asked |= {"sex": "female", "street": HOME.line, "postal_code": HOME.postal_code, "city": "Here"}
    with finding_in(Scope.INDEX):
        return candidates(Traits(**{**asked, **changed}))


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"given": "Quintus", "family": "Maria José"},
        {"family": "Hermes"},
        {"family": "Mueller Santos"},
        {"family": "Santos"},
        {"family": "Kintus", "birth_date": date(1971, 4, 19)},
        {"birth_date": date(1971, 9, 4)},
        {"birth_date": date(1917, 4, 9)},
        {"birth_date": date(1971, 5, 9), "family": "Hermes"},
        {"birth_date": None},
        {"given": "Marie", "family": "Quintius"},
    ],
    ids=lambda changed: " ".join(map(str, changed.values())) or "as known",
)
def test_who_is_meant_is_found(known: int, changed: dict[str, Any]) -> None:
    found = looked_up(**changed)
    assert [one.person for one in found] == [known]


@pytest.mark.parametrize(
    "changed",
    [
        {"given": "Kevin", "family": "Andersen"},
        {"birth_date": date(1930, 1, 17), "given": "Heinrich"},
    ],
    ids=str,
)
def test_others_are_not(known: int, changed: dict[str, Any]) -> None:
    assert looked_up(**changed) == []


def test_who_has_the_number_is_among_the_candidates(someone: Demographics) -> None:
    number = number_of(someone)
    person = received(someone, number, actor=REGISTER).person
    (found,) = looked_up(given="Kevin", family="Andersen", national_id=number[1])
    assert found.person == person
    assert found.match.band is Band.REVIEW and "identifier is another's" in found.match.guards
