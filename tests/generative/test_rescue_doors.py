"""Rescue by every door: who is found by name and what is owed then, what is said of a proof that was used."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from salus.country.lu import MATRICULE_SYSTEM
from salus.eligibility.actions import check
from salus.eligibility.models import Affiliation, Caller, LookUp, Right
from salus.eligibility.proofs import read_proof
from salus.eligibility.questions import AffiliationQuestion, LookUpQuestion
from salus.eligibility.rescue import tell_of_use
from salus.kernel.clock import now
from salus.kernel.errors import Forbidden, InvalidInput
from salus.kernel.rows import rows_of
from tests import eligibility, fhir_eligibility, soap
from tests.every_door import REFUSED, Outcome, Software, of_answer, of_fhir, of_rest, of_soap
from tests.links import registered

EXAMPLES = 200 if "SALUS_PROVE" in os.environ else 8
BORN = date(1957, 3, 9)


@pytest.fixture(scope="module")
def software(database: Path) -> Software:
    return Software.new()


def allow(software: Software, *rights: Right) -> None:
    Caller.objects.filter(client=software.actor.client).update(rights=sorted(rights))


# By name


def looked_up(software: Software, asked: LookUpQuestion) -> Outcome:
    try:
        return of_answer(check(actor=software.actor, question=asked, at=now()))
    except (Forbidden, InvalidInput) as error:
        return type(error)


def looked_up_by_fhir(software: Software, asked: LookUpQuestion) -> Outcome:
    born = asked.birth_date.isoformat()
    request = fhir_eligibility.looked_up(asked.family, asked.given, born, mission=asked.mission)
    return of_fhir(fhir_eligibility.submit(software.fhir, request))


def looked_up_by_rest(software: Software, asked: LookUpQuestion) -> Outcome:
    body = {
        "family": asked.family,
        "given": asked.given,
        "birth_date": asked.birth_date.isoformat(),
        "mission": asked.mission,
    }
    return of_rest(*software.by_rest("look-up", body))


def looked_up_by_soap(software: Software, asked: LookUpQuestion) -> Outcome:
    said = (
        soap.EL.family(asked.family),
        soap.EL.given(asked.given),
        soap.EL.birthDate(asked.birth_date.isoformat()),
        soap.EL.mission(asked.mission),
    )
    return of_soap(software.by_soap(soap.EL.LookUp(*said)))


FINDING: dict[str, Callable[[Software, LookUpQuestion], Outcome]] = {
    "check": looked_up,
    "FHIR": looked_up_by_fhir,
    "REST": looked_up_by_rest,
    "SOAP": looked_up_by_soap,
}


def test_every_door_finds_the_same_person_and_has_the_same_owed(software: Software) -> None:
    family = f"Schmitz {uuid4().hex}"
    for given_name, insured in (("Zoé", True), ("Zoë Marie", True), ("Jean", False)):
        person = registered(family=family, given=given_name, birth_date=BORN)
        if insured:
            eligibility.affiliate(person, date(2000, 1, 1))
    seen = set()
    clear = {"family": family, "born": BORN, "silent": 0, "is_right": True}

    @settings(max_examples=EXAMPLES)
    @given(
        family=st.sampled_from((family, family.upper(), "Nobody")),
        given=st.sampled_from(("Zoé", "zoe marie", "Jean", "J", " ")),
        born=st.sampled_from((BORN, BORN + timedelta(1), date(1899, 12, 31))),
        silent=st.sampled_from((0, 37, 31 * 24)),
        is_right=st.sampled_from((True, True, True, False)),
    )
    @example(given="zoe marie", **clear)
    @example(given="Zoé", **clear)
    @example(given="Zoé", **clear | {"is_right": False})
    def ask(family: str, given: str, born: date, silent: int, is_right: bool) -> None:
        allow(software, *([Right.LOOK_UP] if is_right else []))
        eligibility.register_heard(now() - timedelta(hours=silent))
        asked = LookUpQuestion(family=family, given=given, birth_date=born, mission=uuid4().hex)
        before = eligibility.counted(software.actor)
        said = {name: door(software, asked) for name, door in FINDING.items()}
        assert len(set(said.values())) == 1, said
        owed = LookUp.objects.filter(mission=asked.mission)
        is_one = owed.values("whom").distinct().count() == 1
        assert (owed.count(), is_one) in ((0, False), (len(FINDING), True))
        one = said["check"]
        counts = 0 if isinstance(one, type) else len(FINDING)
        assert eligibility.counted(software.actor) == before + counts
        seen.add(one if isinstance(one, type) else (one.reason, is_one))

    ask()
    assert {("covered", True), ("several-people", False), Forbidden} <= seen


# Used proofs


@dataclass(frozen=True, kw_only=True)
class Use:
    proof: str
    used_at: Any


Told = tuple[str, str, str] | type[Exception]


def told(software: Software, use: Use) -> Told:
    try:
        said = tell_of_use(actor=software.actor, proof=use.proof, used_at=use.used_at, at=now())
    except (Forbidden, InvalidInput) as error:
        return type(error)
    return said.outcome.value, said.said, said.found


def told_by_rest(software: Software, use: Use) -> Told:
    body = {"proof": use.proof, "used_at": use.used_at.isoformat()}
    status, said = software.by_rest("proofs", body)
    return (said["outcome"], said["said"], said["found"]) if status == 200 else REFUSED[status]


def told_by_soap(software: Software, use: Use) -> Told:
    el = soap.EL
    request = el.TellOfUse(el.proof(use.proof), el.usedAt(use.used_at.isoformat()))
    reply = software.by_soap(request)
    if reply.status != 200:
        return REFUSED[reply.status]
    outcome, said, found = (str(reply.said(name)) for name in ("outcome", "said", "found"))
    return outcome, said, found


TELLING: dict[str, Callable[[Software, Use], Told]] = {
    "action": told,
    "REST": told_by_rest,
    "SOAP": told_by_soap,
}


def test_every_door_hears_of_a_use_alike_and_it_counts_once(software: Software) -> None:
    person = registered(serial=846)
    known = eligibility.about(person, proof=True)
    nobody = AffiliationQuestion(system=MATRICULE_SYSTEM, value="0000000000000", proof=True)
    differs = {"is_known": True, "was_insured": True, "is_insured": False, "used": None}
    plain = {"is_heard": True, "is_forged": False, "is_right": True}

    @settings(max_examples=EXAMPLES)
    @given(
        is_known=st.booleans(),
        was_insured=st.booleans(),
        is_insured=st.booleans(),
        used=st.sampled_from((-1, 0, None, 60, 40 * 86_400)),  # seconds after it; None: now
        is_heard=st.booleans(),
        is_forged=st.sampled_from((False, False, False, True)),
        is_right=st.sampled_from((True, True, True, False)),
    )
    @example(**differs | plain)
    @example(**differs | plain | {"is_forged": True})
    @example(**differs | plain | {"is_right": False})
    def tell(
        is_known: bool,
        was_insured: bool,
        is_insured: bool,
        used: int | None,
        is_heard: bool,
        is_forged: bool,
        is_right: bool,
    ) -> None:
        allow(software, Right.AFFILIATION, Right.PROOF)
        eligibility.register_heard(now() - timedelta(hours=1))
        _insure(person, was_insured)
        question = known if is_known else nobody
        proof = check(actor=software.actor, question=question, at=now()).proof
        used_at = (
            now() if used is None else read_proof(proof, at=now()).since + timedelta(seconds=used)
        )
        _insure(person, is_insured)
        if is_heard:
            eligibility.register_heard(now())
        if not is_right:
            allow(software, Right.AFFILIATION)
        before = eligibility.counted(software.actor)
        use = Use(proof=proof[:-8] + "AAAAAAAA" if is_forged else proof, used_at=used_at)
        said = {name: door(software, use) for name, door in TELLING.items()}
        assert len(set(said.values())) == 1, said
        is_told = isinstance(said["action"], tuple)
        assert eligibility.counted(software.actor) == before + is_told
        assert is_told == (is_right and not is_forged and used in (0, None))

    tell()


def _insure(person: int, is_insured: bool) -> None:
    with rows_of([person]):
        Affiliation.objects.filter(person=person).update(withdrawn=True)
    if is_insured:
        eligibility.affiliate(person, date(2000, 1, 1))
