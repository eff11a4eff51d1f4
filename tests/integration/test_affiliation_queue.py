"""The social-security register at the queue: an outcome for each message, and who may send any."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser

from salus.access.models import AccountPerson
from salus.accounts.models import Account, AccountKind
from salus.eligibility.models import Delivery, Right
from salus.eligibility.queries import heard
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from tests.affiliations import person, standing
from tests.eligibility import caller, token
from tests.fhir_client import app_of

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Each test finds no period."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _post(token: str, *messages: dict[str, Any], body: str = "") -> Any:
    return Browser(SERVER_NAME="localhost", enforce_csrf_checks=True).post(
        "/eligibility/v1/register",
        body or "\n".join(map(json.dumps, messages)),
        content_type="application/x-ndjson",
        headers={"authorization": f"Bearer {token}"} if token else {},
    )


def test_the_queue_answers_each_message_and_takes_none_without_the_right() -> None:
    who, value = person(9)
    said = {"key": "Q", "value": value, "since": "2024-01-01", "sequence": 3}
    end = {"end": {"lines": 2, "asOf": now().isoformat()}}
    assert (nobody := _post("", said)).status_code == 401
    assert nobody["WWW-Authenticate"] == "Bearer"
    asks_only = caller(rights=frozenset([Right.AFFILIATION]))
    assert _post(token(asks_only), said).status_code == 403
    assert not standing() and heard() is None
    register = token(caller(rights=frozenset([Right.REGISTER])))
    assert _post(register, said | {"until": "2023-01-01"}).json()["messages"] == [
        {"line": 1, "key": "Q", "outcome": "refused", "problem": "until: should be after since"}
    ]
    body = _post(register, said, said | {"since": "2023-01-01", "sequence": 2}, end).json()
    assert [one["outcome"] for one in body["messages"]] == ["applied", "late"]
    assert standing() == {"Q": (who, date(2024, 1, 1), None)} and heard()
    assert _post(register, said).json()["messages"] == [
        {"line": 1, "key": "Q", "outcome": "repeated", "problem": ""}
    ]
    assert Browser(SERVER_NAME="localhost").get("/eligibility/v1/register").status_code == 405
    assert set(Delivery.objects.values_list("kind", flat=True)) == {"queue"}


def test_the_queue_takes_a_thousand_messages_as_objects_and_is_held_by_none() -> None:
    _, value = person(17)
    said = [
        {"key": f"Q{n}", "value": value, "since": "2024-01-01", "sequence": 3} for n in range(1_000)
    ]
    register = token(caller(rights=frozenset([Right.REGISTER])))
    body = "".join(f"{json.dumps(one)}\n" for one in said)
    assert _post(register, body=f"{body}\n").status_code == 400
    too_large = body.replace("\n", " " * 1_000 + "\n")
    for wrong in (too_large, "key,value,since,sequence\nQ,1,2024-01-01,3", "[]", "\n"):
        assert _post(register, body=wrong).status_code == 400
    assert not standing() and not Delivery.objects.exists()
    answer = _post(register, body=body)
    assert answer.status_code == 200 and len(standing()) == 1_000
    assert len(answer.json()["messages"]) == 1_000
    # Each message was meant: what withdraws much is held of a file alone.
    gone = [one | {"withdrawn": True, "sequence": 4} for one in said[:100]]
    assert _post(register, *gone).status_code == 200 and len(standing()) == 900


def test_only_software_in_its_own_name_tells_of_periods() -> None:
    account = Account.objects.create(
        kind=AccountKind.PATIENT, email="17@salus.example", created_at=now(), activated_at=now()
    )
    who, value = person(18)
    with rows_of([who]):
        AccountPerson.objects.create(account=account, person_id=who)
    app = app_of(account, scope="patient/Coverage.rs")
    said = {"key": "Q", "value": value, "since": "2024-01-01", "sequence": 3}
    answer = _post(app.token, said)
    assert answer.status_code == 403 and not standing()
    assert answer.json()["error"] == "only the register's own software tells of periods"
