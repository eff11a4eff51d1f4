"""private_key_jwt, signed by PyJWT: which assertions prove who a client is, and which do not."""

import json
import socket
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.cache import cache
from django.db import connection
from django.test import override_settings

from salus.access.oauth.actions import Registered, end_client
from salus.accounts.actions import forget_expired_tokens
from salus.accounts.models import UsedAssertion
from salus.accounts.oauth import fetched_keys
from salus.kernel.clock import now
from tests.software import (
    ENDPOINT,
    ISSUER,
    SYSTEM,
    Key,
    ask,
    hmac,
    organization,
    registered,
    signed,
    unsigned,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def lab(database: Path) -> int:
    return organization("600001")


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


@pytest.fixture
def key() -> Key:
    return Key.new()


@pytest.fixture
def client(lab: int, key: Key) -> Registered:
    return registered(lab, jwks={"keys": [key.public]})


def answer(assertion: str, **form: str) -> tuple[int, str | None]:
    told = ask(**signed(assertion), **form)
    return told["status"], told.get("error")


GIVEN, REFUSED = (200, None), (401, "invalid_client")


def test_an_assertion_for_the_endpoint_or_the_issuer_gives_a_token(
    client: Registered, key: Key
) -> None:
    assert answer(key.assertion(client.client_id)) == GIVEN
    assert answer(key.assertion(client.client_id, aud=ISSUER)) == GIVEN
    assert answer(key.assertion(client.client_id, aud=[ENDPOINT])) == GIVEN
    assert answer(key.assertion(client.client_id), client_id=client.client_id) == GIVEN


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example/oauth/token"},
        {"aud": None},
        {"exp": now() - timedelta(minutes=1)},
        {"exp": now() + timedelta(hours=1)},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1e300},
        {"exp": float("nan")},
        {"nbf": now() + timedelta(hours=1)},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 257},
        {"iss": "another"},
        {"iss": None},
        {"sub": None},
    ],
)
def test_an_assertion_that_says_the_wrong_thing(
    client: Registered, key: Key, claims: dict[str, Any]
) -> None:
    assertion = _with(key, client.client_id, claims)
    assert answer(assertion) == REFUSED


def _with(key: Key, client_id: str, claims: dict[str, Any]) -> str:
    """Signed as it is, also what PyJWT would not write."""
    said: dict[str, Any] = jwt.decode(key.assertion(client_id), options={"verify_signature": False})
    said |= {
        name: value.timestamp() if hasattr(value, "timestamp") else value
        for name, value in claims.items()
    }
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.PyJWS().encode(
        json.dumps(said).encode(), key.private, algorithm="ES384", headers={"kid": key.kid}
    )


def test_nobody_else_can_sign_it(client: Registered, key: Key) -> None:
    said = jwt.decode(key.assertion(client.client_id), options={"verify_signature": False})
    public = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged = {
        "alg none": unsigned(said, kid=key.kid),
        "public key as HMAC secret": hmac(said, public, kid=key.kid),
        "public JWK as HMAC secret": hmac(said, json.dumps(key.public).encode(), kid=key.kid),
        "another key of the same kid": Key.new().assertion(client.client_id),
        "another kid": Key.new("other").assertion(client.client_id),
        "no JWT": "abc",
        "another format": ".".join("abcde"),
        "deep": jwt.PyJWS().encode(b"[" * 9000, key.private, algorithm="ES384"),
        "no object": jwt.PyJWS().encode(b'"text"', key.private, algorithm="ES384"),
        "long": "x" * 20_000,
        "nothing": "",
    }
    assert {why: answer(assertion) for why, assertion in forged.items()} == dict.fromkeys(
        forged, REFUSED
    )


def test_a_client_signs_for_itself_only(lab: int, client: Registered, key: Key) -> None:
    other = registered(lab, jwks={"keys": [Key.new().public]})
    with_secret = registered(lab)
    assert answer(key.assertion(other.client_id)) == REFUSED
    assert answer(key.assertion(with_secret.client_id)) == REFUSED
    assert answer(key.assertion(client.client_id), client_id=other.client_id) == REFUSED
    end_client(actor=SYSTEM, at=now(), client_id=client.client_id)
    assert answer(key.assertion(client.client_id)) == REFUSED


def test_an_assertion_holds_once(client: Registered, key: Key) -> None:
    assertion = key.assertion(client.client_id)
    assert answer(assertion) == GIVEN
    assert answer(assertion) == REFUSED
    assert answer(key.assertion(client.client_id, jti="mine")) == GIVEN
    assert answer(key.assertion(client.client_id, jti="mine")) == REFUSED


def test_of_the_same_assertion_sent_at_once_one_holds(client: Registered, key: Key) -> None:
    assertion = key.assertion(client.client_id)

    def one() -> tuple[int, str | None]:
        try:
            return answer(assertion)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(lambda _: one(), range(4)), key=str)
    assert answers == [GIVEN, REFUSED, REFUSED, REFUSED]


def test_two_clients_may_choose_the_same_id(lab: int, key: Key, client: Registered) -> None:
    other = registered(lab, jwks={"keys": [key.public]})
    for one in (client, other):
        assert answer(key.assertion(one.client_id, jti="1")) == GIVEN


def test_ids_are_forgotten_when_nobody_can_replay_them(client: Registered, key: Key) -> None:
    ask(**signed(key.assertion(client.client_id, jti="kept")))
    forget_expired_tokens(at=now() + timedelta(minutes=4))
    assert UsedAssertion.objects.filter(jti="kept").exists()
    forget_expired_tokens(at=now() + timedelta(minutes=5))
    assert not UsedAssertion.objects.filter(jti="kept").exists()


def test_two_keys_hold_while_one_follows_the_other(lab: int) -> None:
    old, new = Key.new("old"), Key.new("new")
    client = registered(lab, jwks={"keys": [old.public, new.public]})
    assert answer(old.assertion(client.client_id)) == GIVEN
    assert answer(new.assertion(client.client_id)) == GIVEN


def test_what_software_states_stands_in_its_assertion(client: Registered, key: Key) -> None:
    def stating(**said: object) -> tuple[int, str | None]:
        return answer(key.assertion(client.client_id, extensions={"ihe_iua": said}))

    reason = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}
    assert stating(purpose_of_use=[reason], subject_organization_id="600001") == GIVEN
    assert stating(purpose_of_use=[reason | {"code": "HOPERAT"}]) == (400, "unauthorized_client")
    assert stating(subject_organization_id="600002") == (400, "unauthorized_client")
    assert stating(purpose_of_use=[reason, reason]) == (400, "invalid_request")
    assert stating(national_provider_identifier=7) == (400, "invalid_request")
    assert answer(key.assertion(client.client_id, extensions=[])) == (400, "invalid_request")


class Keys(BaseHTTPRequestHandler):
    """What a client publishes at its address."""

    body: ClassVar[bytes] = b""
    headers_of_body: ClassVar[dict[str, str]] = {}
    status: ClassVar[int] = 200

    def do_GET(self) -> None:
        self.send_response(Keys.status)
        for name, value in Keys.headers_of_body.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(Keys.body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Publisher(HTTPServer):
    """Counts who calls, whatever they say."""

    calls = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.calls += 1
        super().process_request(request, client_address)


@pytest.fixture(scope="module")
def publisher() -> Iterator[Publisher]:
    server = Publisher(("0.0.0.0", 0), Keys)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def address(publisher: Publisher) -> str:
    """One that nobody has called yet."""
    return f"http://localhost:{publisher.server_port}/{uuid.uuid4()}"


def publish(*keys: Key, status: int = 200, body: bytes | None = None, **headers: str) -> None:
    Keys.body = (
        json.dumps({"keys": [key.public for key in keys]}).encode() if body is None else body
    )
    Keys.status, Keys.headers_of_body = status, headers


@override_settings(DEMO=True)
def test_keys_at_an_address_are_fetched_again_for_a_new_kid_and_not_too_often(
    lab: int, publisher: Publisher, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Key.new("old"), Key.new("new")
    publish(old)
    client = registered(lab, jwks_uri=address)
    before = publisher.calls
    assert answer(old.assertion(client.client_id)) == GIVEN
    assert answer(old.assertion(client.client_id)) == GIVEN
    publish(new)
    assert answer(new.assertion(client.client_id)) == REFUSED  # too soon after the last time
    assert publisher.calls == before + 1
    monkeypatch.setattr(fetched_keys, "SOONEST", 0.0)
    assert answer(new.assertion(client.client_id)) == GIVEN
    assert answer(new.assertion(client.client_id)) == GIVEN
    assert publisher.calls == before + 2
    assert answer(old.assertion(client.client_id)) == REFUSED  # rotated away


@override_settings(DEMO=True)
@pytest.mark.parametrize(
    "published",
    [
        {"status": 500},
        {"status": 302, "Location": "http://localhost/elsewhere"},
        {"body": b"x" * 70_000},
        {"body": b"[" * 60_000},
        {"body": b"<html>"},
        {"body": b'{"keys": []}'},
        {"body": b""},
    ],
)
def test_an_address_that_gives_no_keys(lab: int, address: str, published: dict[str, Any]) -> None:
    key = Key.new()
    publish(key, **published)
    client = registered(lab, jwks_uri=address)
    assert answer(key.assertion(client.client_id)) == REFUSED


def test_an_address_on_this_machine_is_never_called_but_in_demo_mode(
    lab: int, publisher: Publisher, address: str
) -> None:
    """Whatever was registered: in an earlier demo, or by a name that leads here."""
    key = Key.new()
    publish(key)
    with override_settings(DEMO=True):
        of_a_demo = registered(lab, jwks_uri=address)
    leading_here = f"https://{socket.gethostname()}:{publisher.server_port}/jwks"
    before = publisher.calls
    for client in (of_a_demo, registered(lab, jwks_uri=leading_here)):
        assert answer(key.assertion(client.client_id)) == REFUSED
    assert publisher.calls == before
