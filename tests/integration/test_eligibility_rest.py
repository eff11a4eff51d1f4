"""The REST door: what is sent, answered and refused, over HTTP as callers' software asks."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser

from salus.accounts.models import Client
from salus.country.lu import MATRICULE_SYSTEM, PROVIDER_SYSTEM
from salus.eligibility.actions import check
from salus.eligibility.callers import register_caller
from salus.eligibility.models import Right
from salus.eligibility.questions import PrescribingQuestion
from salus.eligibility.rest.problems import BY_STATUS
from salus.eligibility.rules import Reason, Status
from salus.kernel.actor import Actor, PurposeOfUse
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.mpi.models import PersonIdentifier
from tests import eligibility, software
from tests.links import registered

pytestmark = pytest.mark.usefixtures("database")

BASE = "/eligibility/v1"
PROBLEM = "https://salus.example/eligibility/problem/"
NOBODY = {"identifier": {"value": "0000000000000"}}


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    eligibility.register_heard(now())
    cache.clear()  # the service's status


@contextmanager
def database_away() -> Iterator[None]:
    """Its address is one where nobody listens."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(HOST="127.0.0.1", PORT="1")
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@dataclass(frozen=True, kw_only=True)
class Told:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def problem(self) -> str:
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.body["status"] == self.status and self.body["detail"]
        return str(self.body["type"]).removeprefix(PROBLEM)


def ask(
    path: str, body: Any = None, *, by: Actor | str = "", method: str = "", **headers: str
) -> Told:
    """A POST of the body as JSON, else a GET; ``headers`` are named with underscores."""
    browser = Browser(SERVER_NAME="localhost", raise_request_exception=False)
    if by:
        headers["Authorization"] = (
            f"Bearer {eligibility.token(by) if isinstance(by, Actor) else by}"
        )
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = browser.generic(
        method or ("GET" if body is None else "POST"),
        BASE + path,
        b"" if body is None else content,
        content_type=headers.pop("Content_Type", "application/json"),
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    return Told(
        status=answer.status_code,
        body=json.loads(answer.content or b"{}"),
        headers=dict(answer.headers),
    )


def about(person: int, **more: str) -> dict[str, Any]:
    with rows_of([person]):
        known = PersonIdentifier.objects.filter(person=person).first()
    assert known
    return {"identifier": {"system": known.system, "value": known.value}} | more


def test_software_with_a_key_of_its_own_asks_and_is_answered() -> None:
    """All the way: a client that signs its assertion, its token, its question."""
    key = software.Key.new()
    pharmacy = software.organization(str(uuid4()), "pharmacy")
    made = software.registered(
        pharmacy,
        scope=eligibility.SCOPE,
        purposes=(PurposeOfUse.COVERAGE,),
        jwks={"keys": [key.public]},
    )
    register_caller(
        actor=software.SYSTEM,
        at=now(),
        organization=pharmacy,
        client=Client.objects.get(client_id=made.client_id).pk,
        rights=[Right.AFFILIATION],
        per_minute=10,
        per_day=10,
    )
    assertion = key.assertion(
        made.client_id, extensions={"ihe_iua": {"purpose_of_use": [{"code": "COVERAGE"}]}}
    )
    granted = software.ask(**software.signed(assertion), scope=eligibility.SCOPE)
    person = registered()
    eligibility.affiliate(person, date(2000, 1, 1))
    said = ask("/affiliation", about(person), by=granted["access_token"])
    assert said.status == 200
    assert said.body["status"] == Status.AFFILIATED and said.body["reason"] == Reason.COVERED
    assert said.body["day"] == now().date().isoformat()
    assert said.headers["Cache-Control"] == "no-store"


def test_without_a_system_a_number_is_the_countrys() -> None:
    person, pharmacy = registered(serial=801), eligibility.caller()
    eligibility.affiliate(person, date(2000, 1, 1))
    with rows_of([person]):
        number = PersonIdentifier.objects.get(person=person, system=MATRICULE_SYSTEM).value
    said = ask("/affiliation", {"identifier": {"value": number}}, by=pharmacy)
    assert said.body["status"] == Status.AFFILIATED
    foreign = {"identifier": {"system": "urn:example:other", "value": number}}
    assert ask("/affiliation", foreign, by=pharmacy).body["status"] == Status.NOT_AFFILIATED


def test_a_key_gets_the_same_answer_and_counts_once() -> None:
    person, pharmacy, key = registered(), eligibility.caller(), str(uuid4())
    first = ask("/affiliation", about(person), by=pharmacy, Idempotency_Key=key)
    eligibility.affiliate(person, date(2000, 1, 1))
    before = eligibility.counted(pharmacy)
    again = ask("/affiliation", about(person), by=pharmacy, Idempotency_Key=f'"{key}"')
    assert again.body == first.body and eligibility.counted(pharmacy) == before
    other = ask("/affiliation", NOBODY, by=pharmacy, Idempotency_Key=key)
    assert (other.status, other.problem) == (409, "key-of-another-request")
    unkeyed = ask("/affiliation", about(person), by=pharmacy)
    assert unkeyed.body["status"] == Status.AFFILIATED
    today = ask("/rights", by=pharmacy).body["today"]
    assert (today["asked"], today["repeated"]) == (3, 1)


def test_whoever_shows_no_token_is_told_how() -> None:
    said = ask("/affiliation", NOBODY)
    assert (said.status, said.problem) == (401, "unauthorized")
    assert said.headers["WWW-Authenticate"] == 'Bearer realm="eligibility"'
    late = eligibility.token(eligibility.caller(), expires_at=now() - timedelta(seconds=1))
    assert ask("/rights", by=late).headers["WWW-Authenticate"].endswith('error="invalid_token"')


def test_a_token_for_something_else_opens_nothing() -> None:
    pharmacy = eligibility.caller()
    wrongs: list[dict[str, Any]] = [{"scope": "system/Patient.rs"}, {"claims": {}}]
    for wrong in wrongs:
        said = ask("/affiliation", NOBODY, by=eligibility.token(pharmacy, **wrong))
        assert (said.status, said.problem) == (403, "forbidden")
        assert ask("/rights", by=eligibility.token(pharmacy, **wrong)).status == 403


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "#/identifier"),
        ({"identifier": {}}, "#/identifier/value"),
        ({"identifier": {"value": "1 2"}}, "#/identifier/value"),
        ({"identifier": {"value": 1}}, "#/identifier/value"),
        (NOBODY | {"dya": "2020-01-01"}, "#/dya"),
        (NOBODY | {"day": "2020-1-1"}, "#/day"),
        (NOBODY | {"day": "2999-01-01"}, "#/day"),
        (NOBODY | {"day": 0}, "#/day"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(body: Any, place: str) -> None:
    pharmacy = eligibility.caller()
    before = eligibility.counted(pharmacy)
    said = ask("/affiliation", body, by=pharmacy)
    assert (said.status, said.problem) == (422, "invalid")
    assert place in [fault["pointer"] for fault in said.body["errors"]]
    assert eligibility.counted(pharmacy) == before


def test_a_key_that_is_none_is_said() -> None:
    said = ask("/affiliation", NOBODY, by=eligibility.caller(), Idempotency_Key="today")
    assert said.status == 422 and said.body["errors"][0]["header"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("how", "status", "problem"),
    [
        ({"body": b"{"}, 400, "unreadable"),
        ({"body": b'{"identifier": {"value": "\\u0000"}}'}, 400, "unreadable"),
        ({"body": b'{"day": NaN}'}, 400, "unreadable"),
        ({"body": {}, "Content_Type": "text/plain"}, 415, "unsupported-media-type"),
        ({"body": b" " * (2**20 + 1)}, 413, "too-large"),
        ({"body": {}, "method": "PUT"}, 405, "method-not-allowed"),
    ],
)
def test_what_http_has_a_word_for_is_said_by_it(
    how: dict[str, Any], status: int, problem: str
) -> None:
    said = ask("/affiliation", by=eligibility.caller(), **how)
    assert (said.status, said.problem) == (status, problem)


def test_where_nothing_is_a_problem_says_so() -> None:
    assert ask("/nothing").problem == "not-found"
    assert ask("/status", method="DELETE").headers["Allow"] == "GET, HEAD, OPTIONS"


def test_beyond_the_quota_it_says_when_to_come_again() -> None:
    pharmacy = eligibility.caller(per_minute=1, per_day=1)
    assert ask("/affiliation", NOBODY, by=pharmacy).status == 200
    said = ask("/affiliation", NOBODY, by=pharmacy)
    assert (said.status, said.problem) == (429, "quota-used-up")
    assert 0 < int(said.headers["Retry-After"]) <= 24 * 3600
    assert ask("/rights", by=pharmacy).body == {
        "rights": sorted(Right.values),
        "quota": {"per_minute": 1, "per_day": 1},
        "today": {"asked": 1, "repeated": 0, "refused": 1},
    }


def test_each_line_of_a_batch_has_its_outcome() -> None:
    person, pharmacy = registered(), eligibility.caller()
    eligibility.affiliate(person, date(2000, 1, 1))
    lines = [
        {"id": "a", "type": "affiliation"} | about(person),
        {"id": "b", "type": "prescribing", "practitioner": {"value": "nobody"}},
        {"id": "c", "type": "affiliation"} | about(person, day="2999-01-01"),
        {"id": "d", "type": "affiliation", "practitioner": {"value": "nobody"}},
        {"id": "e"},
    ]
    before = eligibility.counted(pharmacy)
    said = ask("/batch", {"lines": lines}, by=pharmacy).body["lines"]
    assert [line["id"] for line in said] == list("abcde")
    assert said[0]["answer"]["status"] == Status.AFFILIATED
    assert said[1]["answer"]["reason"] == Reason.NOT_REGISTERED
    assert [line["problem"]["status"] for line in said[2:]] == [422, 422, 422]
    assert said[2]["problem"]["errors"][0]["pointer"] == "#/day"
    assert eligibility.counted(pharmacy) == before + 2


def test_a_batch_has_names_and_bounds() -> None:
    pharmacy, line = eligibility.caller(), {"type": "affiliation"} | NOBODY
    for lines in ([], [{"id": "a"}] * 2, [line], [{"id": str(n)} for n in range(501)]):
        assert ask("/batch", {"lines": lines}, by=pharmacy).problem == "invalid"


def test_what_may_be_prescribed_is_named() -> None:
    pharmacy, number = eligibility.caller(), str(uuid4())
    software.professional(number, software.organization(number))
    said = ask("/prescribing", {"practitioner": {"value": number}}, by=pharmacy).body
    assert (said["status"], said["reason"]) == (Status.MAY_PRESCRIBE, Reason.LICENSED)
    kept = check(
        actor=pharmacy,
        question=PrescribingQuestion(system=PROVIDER_SYSTEM, value=number),
        at=now(),
    )
    assert (tuple(said["only"]), tuple(said["limits"])) == (kept.only, kept.limits)


def test_a_crew_looks_up_by_name_and_birth_date() -> None:
    crew, name = eligibility.caller("rescue"), f"Schmitz{uuid4().hex}"
    asked = {"family": name, "given": "Zoé", "birth_date": "1957-03-09", "mission": "M-1"}
    assert ask("/look-up", asked, by=crew).body["status"] == Status.NOT_AFFILIATED
    born = date(1957, 3, 9)
    eligibility.affiliate(registered(family=name, given="Zoé", birth_date=born), date(2000, 1, 1))
    assert ask("/look-up", asked, by=crew).body["status"] == Status.AFFILIATED
    registered(family=name, given="Zoé", birth_date=born)
    assert ask("/look-up", asked, by=crew).body["reason"] == Reason.SEVERAL_PEOPLE
    pharmacy = eligibility.caller(rights=frozenset({Right.AFFILIATION}))
    assert ask("/look-up", asked, by=pharmacy).status == 403


def test_an_answer_is_signed_on_demand_and_its_use_is_told_of() -> None:
    person, crew = registered(), eligibility.caller("rescue")
    eligibility.affiliate(person, date(2000, 1, 1))
    assert ask("/affiliation", about(person), by=crew).body["proof"] is None
    signed = ask("/affiliation", about(person) | {"proof": True}, by=crew).body
    keys = jwt.PyJWKSet.from_dict(Browser(SERVER_NAME="localhost").get("/oauth/jwks").json())
    read = jwt.api_jws.decode(
        signed["proof"], keys.keys[0].key, algorithms=[keys.keys[0].algorithm_name]
    )
    assert json.loads(read)["status"] == signed["status"] == Status.AFFILIATED
    use = {"proof": signed["proof"], "used_at": now().isoformat()}
    eligibility.register_heard(now())
    before = eligibility.counted(crew)
    for _ in range(2):
        assert ask("/proofs", use, by=crew).body == {
            "outcome": "confirmed",
            "said": Status.AFFILIATED,
            "found": Status.AFFILIATED,
        }
    assert eligibility.counted(crew) == before + 1
    forged = ask("/proofs", use | {"proof": signed["proof"][:-4] + "AAAA"}, by=crew)
    assert forged.status == 422 and forged.body["errors"][0]["pointer"] == "#/proof"


def test_a_silent_register_is_said_in_the_answer_which_is_signed() -> None:
    person, pharmacy = registered(), eligibility.caller()
    eligibility.affiliate(person, date(2000, 1, 1))
    eligibility.register_heard(now() - timedelta(days=3))
    said = ask("/affiliation", about(person), by=pharmacy).body
    assert said["status"] == Status.AFFILIATED and said["last_known"] and said["proof"]
    assert ask("/status").body["status"] == "degraded"
    cache.clear()
    eligibility.register_heard(now() - timedelta(days=31))
    said = ask("/affiliation", about(person), by=pharmacy).body
    assert (said["status"], said["proof"]) == (Status.CANNOT_TELL, None)
    assert ask("/status").body["status"] == "unable"


def test_the_status_says_what_the_register_said_last() -> None:
    said = ask("/status")
    assert (said.status, said.body["status"]) == (200, "able")
    assert said.body["register"]["silent"] is False and said.body["poll_after"] > 60
    kept = ask("/status", X_Request_Id="mine")
    assert kept.body == said.body and kept.headers["X-Request-Id"] == "mine"


def test_the_status_says_that_the_database_is_away() -> None:
    with database_away():
        said = ask("/status")
        assert (said.status, said.body["status"], said.body["register"]) == (200, "unable", None)
        assert ask("/affiliation", NOBODY, by="e30.e30.").status == 401
    cache.clear()
    assert ask("/status").body["status"] == "able"


def test_codes_are_told_in_four_languages() -> None:
    told = {
        language: ask("/reasons", Accept_Language=language) for language in ("fr", "de", "en", "lb")
    }
    for language, said in told.items():
        assert said.headers["Content-Language"] == language
        assert {one["code"] for one in said.body["reasons"]} == {*Reason}
        assert {one["code"] for one in said.body["statuses"]} == {*Status}
    meanings = [one["meaning"] for said in told.values() for one in said.body["reasons"]]
    assert len({*meanings}) == len(meanings)
    assert ask("/reasons/covered", Accept_Language="de").body in told["de"].body["reasons"]
    assert ask("/reasons/unheard-of").problem == "not-found"


REFERENCE = Path(settings.BASE_DIR) / "docs" / "reference" / "eligibility.md"


def test_the_reference_shows_what_is_asked_and_answered() -> None:
    text = REFERENCE.read_text()
    pharmacy = eligibility.caller()
    answers = {}
    for call in re.findall(r"^```sh\ncurl (.*?)^```", text, re.DOTALL | re.MULTILINE):
        found = re.search(r"/eligibility/v1(/\S+)", call)
        body = re.search(r"-d '(.*?)'", call, re.DOTALL)
        assert found
        said = ask(found[1], json.loads(body[1]) if body else None, by=pharmacy)
        assert said.status == 200, call
        answers[found[1]] = said.body
    assert {*answers} == {"/affiliation", "/prescribing", "/batch", "/look-up", "/rights"}
    shown = [
        json.loads(one)
        for one in re.findall(r"^```json\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]
    assert [one.keys() for one in shown] == [
        answers[path].keys() for path in ("/affiliation", "/rights")
    ]


def test_the_reference_names_every_code_right_and_problem() -> None:
    text = REFERENCE.read_text()
    problems = [name for name, _title in BY_STATUS.values()]
    assert [code for code in (*Status, *Reason, *Right, *problems) if f"`{code}`" not in text] == []
