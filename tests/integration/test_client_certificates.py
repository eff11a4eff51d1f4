"""Mutual TLS, as the proxy tells of it: who a client is by its certificate, and which tokens hold with it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jwt
import pytest
from cryptography import x509
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test import RequestFactory, override_settings

from salus.access.oauth.actions import Registered
from salus.access.tokens import actor_with_token
from salus.accounts.models import TlsSubject
from salus.kernel.actor import Assurance
from salus.kernel.clock import now
from salus.kernel.errors import Unauthorized
from salus.kernel.origin import ProxyMiddleware
from tests.software import certificate, organization, pem, registered, told

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def lab(database: Path) -> int:
    return organization("600001")


@pytest.fixture(autouse=True)
def _behind_the_proxy() -> Iterator[None]:
    cache.clear()
    with override_settings(TRUSTED_PROXIES=["127.0.0.1"]):
        yield


def shown(by: x509.Certificate | None, *, verified: str = "NONE") -> dict[str, str]:
    """The headers that the proxy sets."""
    return {
        "X-SSL-Client-Cert": quote(pem(by)) if by else "",
        "X-SSL-Client-Verify": verified,
        "X-Forwarded-Proto": "http",
    }


def ask(client: Registered, headers: dict[str, str], **extra: Any) -> dict[str, Any]:
    form = {"grant_type": "client_credentials", "client_id": client.client_id}
    site = Browser(SERVER_NAME="localhost")
    return told(site.post("/oauth/token", form, headers=headers, **extra))


def test_a_self_signed_certificate_that_was_registered(lab: int) -> None:
    ours, next_one, other = certificate(), certificate(), certificate()
    client = registered(lab, certificates=(pem(ours), pem(next_one)))
    assert ask(client, shown(ours))["status"] == 200
    assert ask(client, shown(next_one))["status"] == 200
    for stranger in (other, None):
        assert ask(client, shown(stranger))["error"] == "invalid_client"
    assert ask(client, shown(other, verified="SUCCESS"))["error"] == "invalid_client"
    assert ask(client, {"X-SSL-Client-Cert": "nonsense"})["error"] == "invalid_client"


def test_a_certificate_holds_in_its_time_only(lab: int) -> None:
    expired = certificate(since=now() - timedelta(days=3), until=now() - timedelta(days=1))
    early = certificate(since=now() + timedelta(days=1), until=now() + timedelta(days=3))
    client = registered(lab, certificates=(pem(expired), pem(early)))
    for one in (expired, early):
        assert ask(client, shown(one))["error"] == "invalid_client"


@pytest.mark.parametrize(
    "subject",
    [
        (TlsSubject.DNS, "lab.example"),
        (TlsSubject.DN, "CN=lab.example"),
    ],
)
def test_a_name_that_an_authority_vouches_for(lab: int, subject: tuple[TlsSubject, str]) -> None:
    client = registered(lab, tls_subject=subject)
    ours, other = certificate(), certificate(dns="other.example")
    assert ask(client, shown(ours, verified="SUCCESS"))["status"] == 200
    for verified in ("NONE", "FAILED:self-signed certificate", ""):
        assert ask(client, shown(ours, verified=verified))["error"] == "invalid_client"
    assert ask(client, shown(other, verified="SUCCESS"))["error"] == "invalid_client"


def test_nobody_but_the_trusted_proxy_is_believed(lab: int) -> None:
    ours = certificate()
    client = registered(lab, certificates=(pem(ours),))
    assert ask(client, shown(ours), REMOTE_ADDR="192.0.2.7")["error"] == "invalid_client"
    with override_settings(TRUSTED_PROXIES=[]):
        assert ask(client, shown(ours))["error"] == "invalid_client"


def test_a_token_holds_with_the_certificate_that_it_was_asked_with(lab: int) -> None:
    ours, other = certificate(), certificate()
    client = registered(lab, certificates=(pem(ours),))
    token = ask(client, shown(ours))["access_token"]
    bound = jwt.decode(token, options={"verify_signature": False})["cnf"]
    assert set(bound) == {"x5t#S256"}

    def actor(headers: dict[str, str], **extra: Any) -> object:
        request = RequestFactory(SERVER_NAME="localhost").get(
            "/fhir/Patient", headers={"Authorization": f"Bearer {token}"} | headers, **extra
        )
        found: list[object] = []

        def view(asked: HttpRequest) -> HttpResponse:
            found.append(actor_with_token(asked))
            return HttpResponse()

        ProxyMiddleware(view)(request)
        return found[0]

    assert getattr(actor(shown(ours)), "assurance", None) is Assurance.SUBSTANTIAL
    for headers in (shown(other), shown(None), {}):
        with pytest.raises(Unauthorized):
            actor(headers)
    with pytest.raises(Unauthorized):
        actor(shown(ours), REMOTE_ADDR="192.0.2.7")


def test_a_certificate_beside_another_proof_binds_the_token_too(lab: int) -> None:
    """RFC 8705, section 3: whoever shows one gets a token that nobody can use who only saw it."""
    client = registered(lab)
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.secret or "",
    }
    answer = told(
        Browser(SERVER_NAME="localhost").post("/oauth/token", form, headers=shown(certificate()))
    )
    assert "cnf" in jwt.decode(answer["access_token"], options={"verify_signature": False})
