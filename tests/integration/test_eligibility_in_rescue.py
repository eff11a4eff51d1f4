"""Looking somebody up by few data, with a check afterwards; signed answers that are used where there is no line."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import jwt
import pytest
from django.test import override_settings
from joserfc import jws

from salus.accounts.oauth.keys import public_keys, signing_key
from salus.eligibility.actions import check
from salus.eligibility.models import Affiliation, LookUp, ProofUse, Right, Usage
from salus.eligibility.proofs import TOLD_WITHIN, read_proof, read_until
from salus.eligibility.questions import Answer, LookUpQuestion
from salus.eligibility.rescue import Told, tell_of_use
from salus.eligibility.rules import Reason, Status
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import Forbidden, InvalidInput
from salus.kernel.rows import rows_of
from salus.kernel.search_key import search_key
from salus.kernel.signing_keys import rotate
from salus.mpi.models import FormerName
from tests import eligibility
from tests.eligibility import about
from tests.links import linked, registered

pytestmark = pytest.mark.usefixtures("database")
BORN = date(1957, 3, 9)


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    eligibility.register_heard(now())


@pytest.fixture
def crew() -> Actor:
    return eligibility.caller("rescue")


def family() -> str:
    return f"Schmitz{uuid4().hex}"


def by_name(crew: Actor, name: str, given: str = "Zoé", **said: date) -> Answer:
    question = LookUpQuestion(
        family=name, given=given, birth_date=said.get("born", BORN), mission="M-1"
    )
    return check(actor=crew, question=question, at=now())


def owed(crew: Actor) -> int:
    return LookUp.objects.filter(caller__client=crew.client, checked_at=None).count()


def insured_person(name: str, given: str = "Zoë Marie") -> int:
    person = registered(family=name, given=given, birth_date=BORN)
    eligibility.affiliate(person, date(2000, 1, 1))
    return person


def test_one_of_the_name_is_found_and_owes_a_check_by_number(crew: Actor) -> None:
    name = family()
    person = insured_person(name)
    assert by_name(crew, name.upper(), "zoe").status is Status.AFFILIATED
    assert owed(crew) == 1
    check(actor=crew, question=about(registered()), at=now())  # somebody else's
    assert owed(crew) == 1
    check(actor=crew, question=about(person), at=now())
    assert owed(crew) == 0


def test_a_check_by_the_number_of_a_linked_row_is_one(crew: Actor) -> None:
    for is_older in (True, False):
        name = family()
        older = insured_person(name) if is_older else registered()
        person, target = (older, registered()) if is_older else (insured_person(name), older)
        by_name(crew, name)
        linked(person, target)
        check(actor=crew, question=about(target), at=now())
        assert owed(crew) == 0


def test_of_several_none_is_told(crew: Actor) -> None:
    name = family()
    insured_person(name), insured_person(name, "Zoé Anne")
    said = by_name(crew, name)
    assert (said.status, said.reason) == (Status.CANNOT_TELL, Reason.SEVERAL_PEOPLE)
    assert by_name(crew, name, "Zoé Anne").status is Status.AFFILIATED
    assert owed(crew) == 1


def test_two_rows_of_one_human_being_are_not_several(crew: Actor) -> None:
    name = family()
    linked(insured_person(name), registered(family=name, given="Zoé", birth_date=BORN))
    assert by_name(crew, name).status is Status.AFFILIATED


def test_a_name_before_marriage_finds_and_another_day_does_not(crew: Actor) -> None:
    name = family()
    person = registered(family=family(), given="Zoé", birth_family=name, birth_date=BORN)
    eligibility.affiliate(person, date(2000, 1, 1))
    assert by_name(crew, name).status is Status.AFFILIATED
    assert by_name(crew, name, born=BORN + timedelta(days=1)).status is Status.NOT_AFFILIATED
    assert owed(crew) == 1


def test_a_former_name_finds_its_owner_alone(crew: Actor) -> None:
    name = family()
    person, other = insured_person(family()), insured_person(family())
    with rows_of([person, other]):
        for one, given in ((person, "Zoé"), (other, "Jo")):
            FormerName.objects.create(
                person_id=one,
                family=name,
                given=given,
                family_key=search_key(name),
                given_key=search_key(given),
            )
    assert by_name(crew, name).status is Status.AFFILIATED
    assert by_name(crew, name, born=date(1950, 1, 1)).status is Status.NOT_AFFILIATED


def test_looking_up_is_a_right_of_its_own_and_names_its_mission(crew: Actor) -> None:
    pharmacy = eligibility.caller(rights=frozenset([Right.AFFILIATION]))
    with pytest.raises(Forbidden):
        by_name(pharmacy, family())
    with pytest.raises(InvalidInput):
        by_name(crew, " ")


def proof(crew: Actor, person: int) -> str:
    return check(actor=crew, question=about(person, proof=True), at=now()).proof


def told(crew: Actor, text: str, used_at: datetime) -> Told:
    return tell_of_use(actor=crew, proof=text, used_at=used_at, at=now())


def read_elsewhere(text: str, *, at: datetime) -> dict[str, Any]:
    """By another library than ours, with the keys that are published at the instant."""
    keys = jwt.PyJWKSet.from_dict(public_keys(at))
    key = keys[jwt.get_unverified_header(text)["kid"]]
    said: dict[str, Any] = jwt.decode(
        text, key, algorithms=["ES256"], options={"verify_exp": False}
    )
    return said


def test_a_proof_is_read_by_any_library(crew: Actor) -> None:
    person = insured_person(family())
    text = proof(crew, person)
    said = read_elsewhere(text, at=now())
    assert said["identifier"]["value"] == about(person).value
    assert said["status"] == "affiliated"
    assert said["exp"] > said["iat"]


def test_a_proof_is_read_as_long_as_its_use_may_be_told_however_often_the_key_rotates(
    crew: Actor, database: Path
) -> None:
    at = now()
    text = proof(crew, insured_person(family()))
    # The last that the first key may sign; the register's clock may be five minutes ahead.
    eligibility.register_heard(at + timedelta(minutes=5))
    longest = proof(crew, insured_person(family()))
    signed = now()
    for days in range(3):
        rotated = signed + timedelta(days=days)
        rotate(database, at=rotated, until=read_until(at=rotated))
    used_at = now()
    eligibility.register_heard(used_at)
    assert told(crew, text, used_at).outcome is ProofUse.Outcome.CONFIRMED
    ends = datetime.fromtimestamp(read_elsewhere(longest, at=at)["exp"], UTC)
    last = ends + TOLD_WITHIN - timedelta(seconds=1)
    assert read_elsewhere(longest, at=last)["status"] == "affiliated"
    assert tell_of_use(actor=crew, proof=longest, used_at=used_at, at=last).said == "affiliated"
    with pytest.raises(InvalidInput, match="too late"):  # the first ended five minutes before
        tell_of_use(actor=crew, proof=text, used_at=used_at, at=last)


def test_whoever_is_registered_anew_is_the_same_caller(crew: Actor) -> None:
    name, key = family(), uuid4()
    person, other = insured_person(name), about(registered())
    text = proof(crew, person)
    by_name(crew, name)
    first = check(actor=crew, question=other, at=now(), request_id=key)
    used_at = now()
    told(crew, text, used_at)
    eligibility.registered_anew(crew)
    before = eligibility.counted(crew)
    assert check(actor=crew, question=other, at=now(), request_id=key) == first
    told(crew, text, used_at)
    assert eligibility.counted(crew) == before
    check(actor=crew, question=about(person), at=now())
    assert owed(crew) == 0


def test_a_key_of_which_nothing_holds_any_more_is_forgotten(crew: Actor, database: Path) -> None:
    at, text = now(), proof(crew, insured_person(family()))
    kid = jwt.get_unverified_header(text)["kid"]

    def kids(later: datetime) -> list[str]:
        return [key.key_id or "" for key in jwt.PyJWKSet.from_dict(public_keys(later)).keys]

    rotate(database, at=at, until=read_until(at=at))
    over = read_until(at=at)
    assert kid in kids(over - timedelta(seconds=1)) and kid not in kids(over)
    with pytest.raises(InvalidInput, match="signed here"):
        read_proof(text, at=over)
    rotate(database, at=over, until=read_until(at=over))
    assert kid not in (database / "secrets" / "token_keys_before.json").read_text()


def test_of_a_key_that_signs_no_more_the_public_half_stays_once_also_when_a_rotation_dies(
    database: Path,
) -> None:
    secrets, at = database / "secrets", now()
    before = (secrets / "token_signing_key").read_text()
    rotate(database, at=at, until=read_until(at=at))
    (secrets / "token_signing_key").write_text(before)  # it died before it was written
    rotate(database, at=at, until=read_until(at=at))
    kept = json.loads((secrets / "token_keys_before.json").read_text())["keys"]
    kids = [key["kid"] for key in kept]
    assert len(kids) == len(set(kids)) and all("d" not in key for key in kept)
    assert all("d" not in key for key in cast(Any, public_keys(at))["keys"])


def test_a_proof_is_asked_for_by_right_and_given_unasked_when_the_register_is_silent(
    crew: Actor,
) -> None:
    person = insured_person(family())
    pharmacy = eligibility.caller(rights=frozenset([Right.AFFILIATION]))
    with pytest.raises(Forbidden):
        proof(pharmacy, person)
    assert not check(actor=pharmacy, question=about(person), at=now()).proof
    eligibility.register_heard(now() - timedelta(days=3))
    silent = check(actor=pharmacy, question=about(person), at=now())
    assert silent.proof and silent.last_known
    eligibility.register_heard(now() - timedelta(days=31))
    assert not check(actor=pharmacy, question=about(person), at=now()).proof


def test_a_use_is_counted_once_and_reconciled_when_the_register_has_spoken(crew: Actor) -> None:
    person = insured_person(family())
    text = proof(crew, person)
    used_at, before = now(), eligibility.counted(crew)
    assert told(crew, text, used_at).outcome is ProofUse.Outcome.PENDING
    assert eligibility.counted(crew) == before + 1
    eligibility.register_heard(now())
    assert told(crew, text, used_at).outcome is ProofUse.Outcome.CONFIRMED
    assert eligibility.counted(crew) == before + 1
    with rows_of([person]):
        Affiliation.objects.filter(person=person).update(withdrawn=True)
    differs = told(crew, text, used_at)
    assert (differs.outcome, differs.found) == (ProofUse.Outcome.DIFFERS, Status.NOT_AFFILIATED)


def test_what_was_not_signed_here_or_held_no_more_is_refused(crew: Actor) -> None:
    text = proof(crew, insured_person(family()))
    header, payload, signature = text.split(".")
    access = eligibility.token(crew)  # signed by the same key, for something else
    wrong = ("", "a.b.c", f"{header}.{payload[:-4]}AAAA.{signature}", "x" * 5_000, access)
    for forged in wrong:
        with pytest.raises(InvalidInput):
            told(crew, forged, now())
    for used_at in (now() - timedelta(minutes=5), now() + timedelta(minutes=5)):
        with pytest.raises(InvalidInput):
            told(crew, text, used_at)
    later = now() + timedelta(days=40)
    with pytest.raises(InvalidInput):
        tell_of_use(actor=crew, proof=text, used_at=later, at=later)


def test_a_check_by_somebody_else_settles_no_debt(crew: Actor) -> None:
    name = family()
    person = insured_person(name)
    by_name(crew, name)
    check(actor=eligibility.caller("rescue"), question=about(person), at=now())
    assert owed(crew) == 1


def test_a_proof_says_what_was_answered_of_when_and_until_when_it_holds(crew: Actor) -> None:
    heard = (now() - timedelta(days=3)).replace(microsecond=0)
    eligibility.register_heard(heard)
    day = now().date() - timedelta(days=400)
    person = insured_person(family())
    with override_settings(ORIGIN="https://salus.example"):
        answer = check(actor=crew, question=about(person, day, proof=True), at=now())
    said = read_elsewhere(answer.proof, at=now())
    assert (said["day"], said["reason"], said["iss"]) == (
        day.isoformat(),
        "covered",
        "https://salus.example",
    )
    assert said["lastKnown"] is True and datetime.fromisoformat(said["asOf"]) == heard
    assert said["exp"] == int((heard + timedelta(days=30)).timestamp())
    eligibility.register_heard(now() - timedelta(days=31))
    assert not check(actor=crew, question=about(person, proof=True), at=now()).proof
    ends = datetime.fromtimestamp(said["exp"], UTC)
    with pytest.raises(InvalidInput, match="held no more"):
        tell_of_use(actor=crew, proof=answer.proof, used_at=ends, at=ends)


def test_longer_than_any_proof_is_not_even_read() -> None:
    padded = jws.serialize_compact(
        {"alg": "ES256", "typ": "salus-affiliation+jws", "kid": signing_key().kid},
        b" " * 5_000,
        signing_key(),
    )
    with pytest.raises(InvalidInput, match="longer"):
        read_proof(padded, at=now())


def test_each_use_by_each_caller_is_one_and_counts_towards_its_quota(crew: Actor) -> None:
    other, linked_row = eligibility.caller("rescue"), registered()
    person = insured_person(family())
    linked(person, linked_row)
    text, before = proof(crew, person), eligibility.counted(crew)
    first, second = now(), now()
    for one, used_at in ((crew, first), (crew, second), (other, first), (crew, first)):
        told(one, text, used_at)
    assert eligibility.counted(crew) == before + 3
    event = eligibility.last_event()
    assert event.repeated and {event.person_id, *(event.persons or ())} == {person, linked_row}
    asked = Usage.objects.get(caller__client=crew.client).asked
    assert asked == 4  # the proof, and what was told of it
    without = eligibility.caller(rights=frozenset([Right.AFFILIATION]))
    with pytest.raises(Forbidden):
        told(without, text, first)


def test_a_use_is_held_against_its_own_day_here_and_a_proof_of_a_day_before_against_that(
    crew: Actor,
) -> None:
    at = now()
    tomorrow, past = at.date() + timedelta(days=1), at.date() - timedelta(days=400)
    person = registered(family=family(), given="Zoë", birth_date=BORN)
    eligibility.affiliate(person, at.date(), tomorrow)
    eligibility.affiliate(person, past, past + timedelta(days=1))
    today = proof(crew, person)
    historic = check(actor=crew, question=about(person, past, proof=True), at=at).proof
    midnight = datetime.combine(tomorrow, time.min, at.tzinfo)
    later = midnight + timedelta(hours=12)
    eligibility.register_heard(later)
    outcomes = [
        tell_of_use(actor=crew, proof=text, used_at=used_at.astimezone(UTC), at=later).outcome
        for text, used_at in (
            (today, midnight - timedelta(seconds=1)),
            (today, midnight),
            (historic, midnight),
        )
    ]
    assert outcomes == ["confirmed", "differs", "confirmed"]
