"""Attacks on signed messages (WS-Security): what was not signed, not now, or not by them, is not acted on."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import override_settings
from lxml import etree
from xmlsec import Transform

from salus.access.oauth.actions import end_client
from salus.accounts.models import AuthMethod, Client, TlsSubject
from salus.eligibility.callers import end_caller
from salus.eligibility.models import Caller
from salus.eligibility.soap.names import ds, ours, soap, wsa, wsse, wsu
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from tests import eligibility, software
from tests.links import registered
from tests.soap import (
    ENV,
    HERE,
    Reply,
    Signer,
    Software,
    about,
    envelope,
    posted,
    signed,
    timestamp,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    eligibility.register_heard(now())


@pytest.fixture(scope="module")
def pharmacy(database: Path) -> Software:
    return Software.new()


@pytest.fixture(scope="module")
def asked(database: Path) -> Any:
    return about(eligibility.about(registered()))


@pytest.fixture(scope="module")
def other(database: Path) -> Any:
    """What the attacker wants to know."""
    person = registered()
    eligibility.affiliate(person, date(2000, 1, 1))
    return about(eligibility.about(person))


def refused(reply: Reply, security: str) -> None:
    assert (reply.status, reply.whose, reply.code) == (401, "Sender", "unauthorized")
    assert reply.security == security
    assert reply.said("answer") is None


def of(message: Any, path: str) -> Any:
    found = message.find(path)
    assert found is not None
    return found


HEADER = soap("Header")
BODY = soap("Body")
SECURITY = f"{HEADER}/{wsse('Security')}"
TIMESTAMP = f"{SECURITY}/{wsu('Timestamp')}"
MESSAGE_ID = f"{HEADER}/{wsa('MessageID')}"
SIGNATURE = f"{SECURITY}/{ds('Signature')}"


def wrapped(message: Any, path: str, forged: Any) -> None:
    """What was signed is kept for the signature, elsewhere; in its place stands another."""
    original = of(message, path)
    original.getparent().replace(original, forged)
    of(message, HEADER).append(ENV.Wrapper(original))


def with_id(element: Any, id: str) -> Any:
    element.set(wsu("Id"), id)
    return element


WRAPPINGS: dict[str, Callable[[Any, Any], None]] = {
    "a body without an id": lambda message, other: wrapped(message, BODY, ENV.Body(other)),
    "a body with another id": lambda message, other: wrapped(
        message, BODY, with_id(ENV.Body(other), "mine")
    ),
    "a body with the same id": lambda message, other: wrapped(
        message, BODY, with_id(ENV.Body(other), "body")
    ),
    "a body with the id of what else is signed": lambda message, other: wrapped(
        message, BODY, with_id(ENV.Body(other), "timestamp")
    ),
    "a body with an id of another namespace": lambda message, other: wrapped(
        message, BODY, ENV.Body({"Id": "body"}, other)
    ),
    "another timestamp": lambda message, _: wrapped(
        message, TIMESTAMP, with_id(timestamp(), "mine")
    ),
    "another message id": lambda message, _: wrapped(
        message, MESSAGE_ID, with_id(_message_id(), "mine")
    ),
    "another message id without an id": lambda message, _: wrapped(
        message, MESSAGE_ID, _message_id()
    ),
}


def _message_id() -> Any:
    element = etree.Element(wsa("MessageID"))
    element.text = uuid4().urn
    return element


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_what_was_signed_is_what_is_acted_on(
    pharmacy: Software, asked: Any, other: Any, wrapping: str
) -> None:
    message = signed(envelope(deepcopy(asked), message_id=uuid4()), by=pharmacy.signer)
    WRAPPINGS[wrapping](message, deepcopy(other))
    refused(posted(message), "FailedCheck")


def test_a_changed_message(pharmacy: Software, asked: Any) -> None:
    message = signed(envelope(asked), by=pharmacy.signer)
    assert posted(message).status == 200
    changes = {
        f".//{ours('value')}": "1",
        f".//{wsu('Expires')}": "2999-01-01T00:00:00Z",
        f".//{ds('DigestValue')}": "AAAA",
        f".//{ds('SignatureValue')}": "AAAA",
    }
    for place, text in changes.items():
        changed = deepcopy(message)
        of(changed, place).text = text
        refused(posted(changed), "FailedCheck")


@pytest.mark.parametrize("left", ["body", "timestamp", "message-id", "to"])
def test_all_that_counts_is_signed(pharmacy: Software, asked: Any, left: str) -> None:
    message = envelope(asked, message_id=uuid4(), to=HERE)
    assert posted(signed(message, by=pharmacy.signer)).status == 200
    refused(posted(signed(message, by=pharmacy.signer, leaving=[left])), "FailedCheck")


@pytest.mark.parametrize(
    ("created", "lasts"),
    [
        (timedelta(minutes=-6), timedelta(minutes=60)),
        (timedelta(minutes=2), timedelta(minutes=5)),
        (timedelta(minutes=-2), timedelta(minutes=1)),
    ],
)
def test_a_message_is_of_now(
    pharmacy: Software, asked: Any, created: timedelta, lasts: timedelta
) -> None:
    at = now() + created
    refused(pharmacy.asks(asked, created=at, expires=at + lasts), "MessageExpired")


@pytest.mark.parametrize("said", ["", "yesterday", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"])
def test_a_time_has_a_zone(pharmacy: Software, asked: Any, said: str) -> None:
    message = envelope(asked)
    of(message, f".//{wsu('Created')}").text = said
    refused(posted(signed(message, by=pharmacy.signer)), "InvalidSecurity")


def test_times_at_the_ends_of_the_calendar(pharmacy: Software, asked: Any) -> None:
    for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        refused(pharmacy.asks(asked, created=at, expires=at), "MessageExpired")


def test_a_replay_is_refused_and_not_counted(asked: Any) -> None:
    one = Software.new(type="laboratory")
    message = signed(envelope(asked), by=one.signer)
    assert posted(message).status == 200
    refused(posted(message), "InvalidSecurity")
    assert eligibility.counted(one.actor) == 1
    # ECDSA: whoever has one signature can write another one of the same, so it is not what is remembered.
    again = signed(envelope(asked, created=_created(message)), by=one.signer)
    assert (
        of(again, f".//{ds('SignatureValue')}").text
        != of(message, f".//{ds('SignatureValue')}").text
    )
    refused(posted(again), "InvalidSecurity")


def _created(message: Any) -> datetime:
    return datetime.fromisoformat(of(message, f".//{wsu('Created')}").text)


def test_a_message_for_somebody_else(pharmacy: Software, asked: Any) -> None:
    elsewhere = pharmacy.asks(asked, to="https://another.example/eligibility/soap")
    assert (elsewhere.status, elsewhere.code) == (401, "unauthorized")
    with override_settings(MTLS_ORIGINS=["https://mtls.example"]):
        assert pharmacy.asks(asked, to="https://mtls.example/eligibility/soap").status == 200


def test_another_key_than_that_of_the_certificate(pharmacy: Software, asked: Any) -> None:
    stranger = Signer()
    refused(posted(signed(envelope(asked), by=stranger)), "FailedAuthentication")
    borrowed = signed(envelope(asked), by=stranger, token=pharmacy.signer.der)
    refused(posted(borrowed), "FailedCheck")


def test_a_name_in_a_certificate_that_nobody_has_checked_is_nobodys(asked: Any) -> None:
    """What TLS has verified may be known by name; a message has whatever certificate its sender made."""
    where = software.organization(str(uuid4()))
    client = software.registered(
        where,
        scope=eligibility.SCOPE,
        purposes=(PurposeOfUse.COVERAGE,),
        tls_subject=(TlsSubject.DN, "CN=trusted.example"),
    )
    assert (
        Client.objects.get(client_id=client.client_id).token_endpoint_auth_method == AuthMethod.TLS
    )
    forged = Signer(name="trusted.example")
    refused(posted(signed(envelope(asked), by=forged)), "FailedAuthentication")


def test_the_purpose_is_one_that_the_client_is_registered_for(asked: Any) -> None:
    signer = Signer()
    software.registered(
        software.organization(str(uuid4())),
        scope=eligibility.SCOPE,
        purposes=(PurposeOfUse.TREATMENT,),
        certificates=(signer.pem,),
    )
    reply = posted(signed(envelope(asked), by=signer))
    assert (reply.status, reply.code) == (403, "forbidden")
    assert "COVERAGE" in reply.text


def test_who_has_ended_is_nobody_any_more(asked: Any) -> None:
    ended, caller = Software.new(), Software.new()
    assert ended.asks(asked).status == caller.asks(asked).status == 200
    client = Client.objects.get(pk=ended.actor.client or 0)
    end_client(actor=software.SYSTEM, at=now(), client_id=client.client_id)
    refused(ended.asks(asked), "FailedAuthentication")
    row = Caller.objects.get(client=caller.actor.client)
    end_caller(actor=software.SYSTEM, at=now(), caller=row.pk)
    reply = caller.asks(asked)
    assert (reply.status, reply.code) == (403, "forbidden")


def test_algorithms_that_are_no_good(pharmacy: Software, asked: Any) -> None:
    weak = signed(envelope(asked), by=pharmacy.signer, digest=Transform.SHA1)
    refused(posted(weak), "FailedCheck")
    inclusive = signed(envelope(asked), by=pharmacy.signer, c14n=Transform.C14N)
    refused(posted(inclusive), "UnsupportedAlgorithm")
    short = Signer(key=rsa.generate_private_key(public_exponent=65537, key_size=1024))
    refused(Software.new(signer=short).asks(asked), "UnsupportedAlgorithm")


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    ],
)
def test_no_transform_takes_anything_away(pharmacy: Software, asked: Any, algorithm: str) -> None:
    message = signed(envelope(asked), by=pharmacy.signer)
    transforms = of(message, f".//{ds('Transforms')}")
    transforms.insert(0, etree.Element(ds("Transform"), Algorithm=algorithm))
    refused(posted(message), "UnsupportedAlgorithm")


def test_one_signature_one_certificate_one_timestamp(pharmacy: Software, asked: Any) -> None:
    message = signed(envelope(asked), by=pharmacy.signer)
    for part in of(message, SECURITY):
        more, less = deepcopy(message), deepcopy(message)
        of(more, SECURITY).append(deepcopy(part))
        of(less, SECURITY).remove(of(less, f"{SECURITY}/{part.tag}"))
        refused(posted(more), "UnsupportedSecurityToken")
        refused(posted(less), "InvalidSecurity")
    user = deepcopy(message)
    etree.SubElement(of(user, SECURITY), wsse("UsernameToken"))
    refused(posted(user), "UnsupportedSecurityToken")


def test_a_token_is_a_certificate_and_the_one_that_is_meant(pharmacy: Software, asked: Any) -> None:
    message = signed(envelope(asked), by=pharmacy.signer)
    for text in ("", "!", "AAAA"):
        changed = deepcopy(message)
        of(changed, f"{SECURITY}/{wsse('BinarySecurityToken')}").text = text
        refused(posted(changed), "InvalidSecurityToken")
    pointing = deepcopy(message)
    of(pointing, f".//{wsse('Reference')}").set("URI", "#other")
    refused(posted(pointing), "SecurityTokenUnavailable")
    typed = deepcopy(message)
    of(typed, f"{SECURITY}/{wsse('BinarySecurityToken')}").set("ValueType", "urn:x")
    refused(posted(typed), "UnsupportedSecurityToken")


def test_a_signature_for_another_role_is_none(pharmacy: Software, asked: Any) -> None:
    message = signed(envelope(asked), by=pharmacy.signer)
    of(message, SECURITY).set(soap("role"), "urn:somebody-else")
    refused(posted(message), "InvalidSecurity")


def test_there_is_one_signature_to_be_found(pharmacy: Software, asked: Any) -> None:
    message = signed(envelope(asked), by=pharmacy.signer)
    first = deepcopy(of(message, SECURITY))
    first.set(soap("role"), "urn:somebody-else")
    of(message, HEADER).insert(0, first)
    reply = posted(message)
    assert (reply.status, reply.code) == (400, "invalid-message")


def test_many_references_are_not_followed(pharmacy: Software, asked: Any) -> None:
    message = envelope(asked, blocks=[with_id(ENV.More(), f"more-{n}") for n in range(8)])
    refused(posted(signed(message, by=pharmacy.signer)), "InvalidSecurity")
