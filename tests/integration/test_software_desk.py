"""A software maker asks for a client, the agency decides: nothing is active before, and nothing more than granted."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Browser

from salus.access.actions.software import approve_client
from salus.access.models import ClientRequest, IdentifierDomain
from salus.accounts.models import Account, Client
from salus.audit.models import EventKind
from salus.country.lu import MATRICULE_SYSTEM
from salus.directory.actions import register_organization
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from tests.integration.test_page_rights import (
    SYSTEM,
    World,
    account_of_agency,
    events,
    visitor,
    world,
)

__all__ = ["world"]

WISH: dict[str, Any] = {
    "name": "Carnet",
    "maker": "Carnet s.à r.l.",
    "contact": "team@carnet.example",
    "audience": "patients",
    "rights": ["identity", "vaccinations", "stay"],
    "proof": "secret",
    "redirect_uris": "https://carnet.example/cb",
}
OF_A_SYSTEM = {
    "audience": "nobody",
    "organization": "Laboratoire Réuni",
    "rights": ["identity", "file"],
    "purposes": ["TREAT"],
    "redirect_uris": "",
}


@pytest.fixture(scope="module")
def agency(world: World) -> Browser:
    account_of_agency()
    register_organization(
        actor=SYSTEM,
        at=now(),
        system="urn:test",
        value="77",
        name="Laboratoire Réuni",
        type="laboratory",
    )
    return visitor("agency")


@pytest.fixture(autouse=True)
def _no_rate_limit_of_another_test() -> None:
    cache.clear()


def asks(**changed: Any) -> str:
    """The link of the receipt."""
    sent = visitor().post("/software/", WISH | changed)
    assert sent.status_code == 302, re.findall(r'field__error">.*?</p>', sent.content.decode())
    return str(sent["Location"])


def newest() -> ClientRequest:
    return ClientRequest.objects.latest("requested_at")


def text(browser: Browser, path: str) -> str:
    page = browser.get(path)
    assert page.status_code == 200
    return str(page.content.decode())


def token(client_id: str, secret: str, scope: str = "") -> Any:
    sent = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return Browser(SERVER_NAME="localhost").post(
        "/oauth/token", sent | ({"scope": scope} if scope else {})
    )


def test_nothing_is_active_before_the_agency_has_decided(agency: Browser) -> None:
    clients = Client.objects.count()
    link = asks()
    page = text(visitor(), link)
    assert newest().number in page
    assert "The agency has not decided yet" in page
    assert Client.objects.count() == clients
    assert visitor().post(link).status_code == 404  # no secret either
    assert visitor().get(link[:-2] + "x/").status_code == 404
    assert newest().number in text(agency, "/desk/")


def test_the_agency_grants_less_and_the_maker_takes_the_secret_once(agency: Browser) -> None:
    link = asks(**OF_A_SYSTEM)
    asked, before = newest(), events(EventKind.CLIENT_CHANGED)
    assert asked.scope == "system/Patient.rs system/DocumentReference.c"
    granted = {"act": "approve", "scopes": ["system/Patient.rs"], "reason": "no filing yet"}
    assert agency.post(f"/desk/{asked.pk}/", granted).status_code == 302
    assert events(EventKind.CLIENT_CHANGED) == before + 1
    page = text(visitor(), link)
    assert "no filing yet" in page
    assert "system/DocumentReference.c" not in page
    taken = visitor().post(link).content.decode()
    secret = re.findall(r'<code id="secret">([^<]+)</code>', taken)[0]
    client_id = re.findall(r'<code id="client-id">([^<]+)</code>', taken)[0]
    assert token(client_id, secret).json()["scope"] == "system/Patient.rs"
    assert token(client_id, secret, "system/DocumentReference.c").status_code == 400
    assert visitor().post(link).status_code == 409
    assert secret not in text(visitor(), link)
    assert token(client_id, secret).status_code == 200  # the second try took nothing away
    connected = Client.objects.get(client_id=client_id)
    assert connected.approved_by == Account.objects.get(email="agency@example.org")
    assert agency.post("/desk/end/", {"client": connected.pk}).status_code == 302
    assert token(client_id, secret).status_code == 401


def test_the_agency_refuses_with_a_reason(agency: Browser) -> None:
    link = asks()
    desk = f"/desk/{newest().pk}/"
    assert agency.post(desk, {"act": "refuse", "reason": ""}).status_code == 200
    assert newest().decided_at is None
    assert agency.post(desk, {"act": "refuse", "reason": "who are you?"}).status_code == 302
    assert "who are you?" in text(visitor(), link)
    assert agency.post(desk, {"act": "approve", "scopes": ["offline_access"]}).status_code == 409


def test_the_agency_never_grants_more_than_was_asked_for(agency: Browser) -> None:
    asks()
    desk = f"/desk/{newest().pk}/"
    for scopes in (["system/*.cruds"], ["patient/Patient.rs", "patient/*.cruds"], []):
        assert agency.post(desk, {"act": "approve", "scopes": scopes}).status_code == 200
    assert newest().decided_at is None


@pytest.mark.parametrize("who", [None, "patient", "doctor"])
def test_the_desk_is_the_agencys(agency: Browser, who: str | None) -> None:
    asks()
    browser, asked = visitor(who), newest()
    for path in ("/desk/", f"/desk/{asked.pk}/"):
        assert browser.get(path).status_code == (404 if who else 302)
    sent = {"act": "approve", "scopes": asked.scope.split()}
    assert browser.post(f"/desk/{asked.pk}/", sent).status_code == (404 if who else 302)
    assert newest().decided_at is None
    patient = Actor(role=Role.PATIENT, account=1, person=1)
    with pytest.raises(NotFound):
        approve_client(actor=patient, request=asked.pk, scopes=["openid"], reason="", at=now())


@pytest.mark.parametrize(
    "path", ["/documents/", "/patients/", "/people/1/", "/apps/", "/who-looked/"]
)
def test_staff_of_the_agency_see_nobodys_record(agency: Browser, path: str) -> None:
    page = agency.get(path)
    assert page.status_code == 404 or "No app has access" in page.content.decode()


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uris": "http://carnet.example/cb"},
        {"redirect_uris": "https://carnet.example/cb#x"},
        {"redirect_uris": "javascript:alert(1)"},
        {"redirect_uris": ""},
        {"contact": "nobody"},
        {"name": ""},
        {"rights": ["everything"]},
        {"organization": "No such house"},
        {"proof": "keys", "keys": ""},
        {"proof": "keys", "keys": "{"},
        {"proof": "keys", "keys": "http://carnet.example/jwks"},
        {"proof": "keys", "keys": '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'},
        OF_A_SYSTEM | {"proof": "none"},
        OF_A_SYSTEM | {"organization": ""},
        OF_A_SYSTEM | {"purposes": []},
    ],
    ids=repr,
)
def test_a_request_that_cannot_work_says_why(agency: Browser, changed: dict[str, Any]) -> None:
    before = ClientRequest.objects.count()
    page = visitor().post("/software/", WISH | changed)
    assert page.status_code == 200
    assert "field__error" in page.content.decode() or "callout--error" in page.content.decode()
    assert ClientRequest.objects.count() == before


def test_who_asks_again_and_again_is_told_to_wait(agency: Browser) -> None:
    for _ in range(10):
        asks()
    assert visitor().post("/software/", WISH).status_code == 429


def test_the_agency_says_whose_numbers_are_whose(agency: Browser) -> None:
    first, second = "urn:oid:2.999.8.1", "urn:oid:2.999.8.2"
    feeds = OF_A_SYSTEM | {"rights": ["identity", "feed"], "domains": f"{first}\n{second}"}
    asks(**feeds)
    asked = newest()
    assert asked.domains == [first, second] and "system/Patient.crus" in asked.scope
    desk = f"/desk/{asked.pk}/"
    assert first in text(agency, desk)
    scopes = asked.scope.split()
    more = {"act": "approve", "scopes": scopes, "domains": [first, "urn:oid:2.999.8.3"]}
    assert agency.post(desk, more).status_code == 200
    assert not IdentifierDomain.objects.exists()
    granted = {"act": "approve", "scopes": scopes, "domains": [first], "reason": "one is enough"}
    assert agency.post(desk, granted).status_code == 302
    owners = IdentifierDomain.objects.values_list("system", "organization")
    assert list(owners) == [(first, asked.organization_id)]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"domains": "2.999.8.5"}, "is a URI"),
        ({"domains": MATRICULE_SYSTEM}, "one system is a country"),
        ({"domains": "urn:oid:2.999.8.9"}, "Another organisation"),
        ({"audience": "patients", "rights": ["feed"]}, "Only a system that asks by itself"),
    ],
)
def test_who_asks_for_numbers_that_cannot_be_theirs_reads_why(
    agency: Browser, changed: dict[str, Any], told: str
) -> None:
    other, _ = register_organization(
        actor=SYSTEM, at=now(), system="urn:test", value="78", name="Autre", type="laboratory"
    )
    owner = {"organization_id": other, "since": now()}
    IdentifierDomain.objects.get_or_create(system="urn:oid:2.999.8.9", defaults=owner)
    before = ClientRequest.objects.count()
    page = visitor().post("/software/", WISH | OF_A_SYSTEM | changed)
    said = page.content.decode()
    assert page.status_code == 200 and told in said, re.findall(r"field__error.*?</p>", said)
    assert ClientRequest.objects.count() == before
