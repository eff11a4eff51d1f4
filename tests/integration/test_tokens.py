"""Software in its own name: what the token endpoint gives, what it refuses, and what of it is kept."""

from pathlib import Path
from typing import Any

import jwt
import pytest
from django.core.cache import cache
from django.test import Client as Browser

from config.key import rotate
from salus.access.oauth.actions import end_client
from salus.accounts.models import Client, RevokedToken
from salus.accounts.oauth import throttle
from salus.audit.models import Event, EventKind
from salus.directory.models import Organization
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput
from tests.conftest import as_role
from tests.software import (
    ISSUER,
    SYSTEM,
    Key,
    ask,
    basic,
    certificate,
    organization,
    pem,
    professional,
    registered,
    told,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def lab(database: Path) -> int:
    return organization("600001")


@pytest.fixture(autouse=True)
def _no_failures_yet() -> None:
    cache.clear()


def read(token: str) -> dict[str, Any]:
    """As a resource server elsewhere reads it: with the published keys, by PyJWT."""
    published = jwt.PyJWKSet.from_dict(Browser(SERVER_NAME="localhost").get("/oauth/jwks").json())
    key = published[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["ES256"], audience=f"{ISSUER}/fhir", issuer=ISSUER
    )
    return claims


def events() -> list[tuple[str, int | None, bool]]:
    """Kind, client and whether it was refused, of what tokens left in the log."""
    kinds = [EventKind.TOKEN_ISSUED, EventKind.TOKEN_REVOKED, EventKind.CLIENT_CHANGED]
    with as_role("superuser"):
        found = Event.objects.filter(kind__in=kinds).order_by("id")
        return list(found.values_list("kind", "client_id", "denied"))


def test_a_secret_gives_a_signed_token_that_anyone_can_check(lab: int) -> None:
    client = registered(lab)
    answer = ask(client)
    assert (answer["status"], answer["token_type"], answer["expires_in"]) == (200, "Bearer", 300)
    assert jwt.get_unverified_header(answer["access_token"])["typ"] == "at+jwt"
    claims = read(answer["access_token"])
    assert claims["sub"] == claims["client_id"] == client.client_id
    assert claims["scope"] == answer["scope"] == "system/Patient.rs"
    assert claims["exp"] - claims["iat"] == 300
    assert claims["extensions"]["ihe_iua"] == {
        "subject_organization": "Labo 600001",
        "subject_organization_id": "https://salus.example/lu/organization-code|600001",
        "purpose_of_use": [
            {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}
        ],
    }


def test_the_secret_may_stand_in_the_form(lab: int) -> None:
    client = registered(lab)
    assert ask(client_id=client.client_id, client_secret=client.secret or "")["status"] == 200


def test_the_answer_is_kept_out_of_caches(lab: int) -> None:
    response = Browser(SERVER_NAME="localhost").post(
        "/oauth/token", {"grant_type": "client_credentials"}, headers=basic(registered(lab))
    )
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("system/Patient.r", "system/Patient.r"),
        ("system/Patient.rs system/Observation.rs", "system/Patient.rs"),
        ("system/*.rs system/Patient.r", "system/Patient.r"),
        ("system/Patient.cruds system/Patient.r", "system/Patient.r"),
        (
            "system/DocumentReference.c?category=11488-4",
            "system/DocumentReference.c?category=11488-4",
        ),
        ("system/Patient.r user/Patient.r openid", "system/Patient.r"),
    ],
)
def test_no_scope_goes_beyond_the_registered_one(lab: int, asked: str, given: str) -> None:
    scope = "system/Patient.rs system/DocumentReference.c?category=11488-4 user/Patient.r openid"
    client = registered(lab, scope=scope)
    assert ask(client, scope=asked)["scope"] == given


@pytest.mark.parametrize(
    "asked",
    [
        "system/Observation.rs",
        "system/DocumentReference.c",
        "system/DocumentReference.c?category=18842-5",
        "system/Patient.sr",
        "system/Patient.read",
        "patient/Patient.r",
        "openid",
        "\0",
        '"',
    ],
)
def test_nothing_of_the_scope_granted_is_an_error(lab: int, asked: str) -> None:
    client = registered(lab, scope="system/Patient.rs system/DocumentReference.c?category=11488-4")
    answer = ask(client, scope=asked)
    assert (answer["status"], answer["error"]) == (400, "invalid_scope")


def test_wrong_secrets_unknown_and_other_clients_look_alike(lab: int) -> None:
    client, waiting = registered(lab), registered(lab, approved=False)
    keyed = registered(lab, jwks={"keys": [Key.new().public]})
    form = {"grant_type": "client_credentials"}
    unknown = "00000000-0000-4000-8000-000000000000"
    tries = [
        ask(client_id=client.client_id, client_secret="guessed"),
        ask(client_id=client.client_id),
        ask(client_id=unknown, client_secret="guessed"),
        ask(client_id=waiting.client_id, client_secret=waiting.secret or ""),
        ask(client_id=keyed.client_id, client_secret="guessed"),
        ask(client_id="\0", client_secret="guessed"),
        ask(),
        *(
            told(Browser(SERVER_NAME="localhost").post("/oauth/token", form, headers=header))
            for header in (
                basic(client, "guessed"),
                {"Authorization": "Basic ====="},
                {"Authorization": "Basic /w=="},
                {"Authorization": "Basic"},
                {"Authorization": "Bearer abc"},
            )
        ),
    ]
    assert {(one["status"], one["error"]) for one in tries} == {(401, "invalid_client")}
    assert all(one["challenge"].startswith("Basic ") for one in tries)


def test_a_client_that_has_ended_gets_nothing(lab: int) -> None:
    client = registered(lab)
    assert ask(client)["status"] == 200
    end_client(actor=SYSTEM, at=now(), client_id=client.client_id)
    assert (ask(client)["status"], ask(client)["error"]) == (401, "invalid_client")


def test_nothing_for_software_of_an_organisation_that_has_closed() -> None:
    closed = organization("600009")
    client = registered(closed)
    Organization.objects.filter(pk=closed).update(deregistered_at=now())
    assert ask(client)["error"] == "unauthorized_client"


def test_a_client_without_this_grant_does_not_get_it(lab: int) -> None:
    client = registered(lab, scope="patient/*.rs", redirect_uris=("https://app.example/back",))
    assert ask(client)["error"] == "unauthorized_client"
    assert ask(client, grant_type="password")["error"] == "unsupported_grant_type"


def test_parameters_stand_once_and_in_the_body_alone(lab: int) -> None:
    client = registered(lab)
    site = Browser(SERVER_NAME="localhost")
    form = {"grant_type": "client_credentials"}
    in_address = site.post("/oauth/token?person_id=1", form, headers=basic(client))
    twice = site.post("/oauth/token", form | {"scope": ["a", "b"]}, headers=basic(client))
    both_ways = site.post("/oauth/token", form | {"client_secret": "x"}, headers=basic(client))
    for response in (in_address, twice, both_ways):
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert site.get("/oauth/token").status_code == 405


def test_whom_software_asks_for_is_held_against_the_directory(lab: int) -> None:
    doctor = professional("900001", lab)
    other = organization("600002")
    professional("900002", other)
    client = registered(lab)
    claims = read(ask(client, national_provider_identifier="900001")["access_token"])
    assert claims["fhirUser"] == f"{ISSUER}/fhir/Practitioner/{doctor}"
    assert claims["extensions"]["ihe_iua"]["national_provider_identifier"].endswith("|900001")
    assert claims["sub"] == client.client_id
    for stranger in ("900002", "900003", "\0"):
        assert ask(client, national_provider_identifier=stranger)["status"] == 400


def test_software_speaks_for_its_own_organisation_only(lab: int) -> None:
    client, other = registered(lab), organization("600003")
    own = ("600001", "https://salus.example/lu/organization-code|600001", f"Organization/{lab}")
    assert {ask(client, subject_organization_id=name)["status"] for name in own} == {200}
    refused = ask(client, subject_organization_id=f"Organization/{other}")
    assert (refused["status"], refused["error"]) == (400, "unauthorized_client")


def test_purposes_of_use_are_those_of_the_registration(lab: int) -> None:
    purposes = (PurposeOfUse.TREATMENT, PurposeOfUse.EMERGENCY)
    client = registered(lab, purposes=purposes)

    def stated(**form: str) -> object:
        claims = read(ask(client, **form)["access_token"])
        return claims["extensions"]["ihe_iua"].get("purpose_of_use", [{"code": None}])[0]["code"]

    assert stated() is None  # it has several, so it must say which
    assert stated(purpose_of_use="ETREAT") == "ETREAT"
    system = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    assert stated(purpose_of_use=f"{system}|TREAT") == "TREAT"
    for purpose in ("HOPERAT", "PATRQT", "treat"):
        assert ask(client, purpose_of_use=purpose)["error"] == "unauthorized_client"
    assert ask(client, purpose_of_use="urn:other|TREAT")["error"] == "invalid_request"


def test_a_patients_identifier_reaches_neither_token_nor_answer(lab: int) -> None:
    answer = ask(registered(lab), person_id="1980051712345^^^&1.3.182.4.4&ISO")
    assert answer["status"] == 200
    assert "1980051712345" not in str(answer) + str(read(answer["access_token"]))


def test_each_token_leaves_one_event_and_each_refusal_too(lab: int) -> None:
    client = registered(lab)
    number = Client.objects.get(client_id=client.client_id).pk
    before = len(events())
    ask(client)
    ask(client, scope="system/Observation.rs")
    ask(client_id=client.client_id, client_secret="guessed")
    assert events()[before:] == [
        (EventKind.TOKEN_ISSUED, number, False),
        (EventKind.TOKEN_ISSUED, number, True),
        (EventKind.TOKEN_ISSUED, None, True),
    ]


def test_who_fails_again_and_again_waits_and_others_do_not(lab: int) -> None:
    client, other = registered(lab), registered(lab)
    for _ in range(throttle.OF_ONE_CLIENT):
        assert ask(client_id=client.client_id, client_secret="guessed")["status"] == 401
    before = len(events())
    refused = ask(client)
    assert (refused["status"], refused["error"]) == (429, "temporarily_unavailable")
    assert len(events()) == before
    assert ask(other)["status"] == 200


def test_a_token_is_looked_up_by_who_proves_who_it_is(lab: int) -> None:
    client, other = registered(lab), registered(lab)
    token = ask(client)["access_token"]
    known = ask(other, path="/oauth/introspect", token=token)
    assert known["active"] is True
    assert (known["client_id"], known["scope"]) == (client.client_id, "system/Patient.rs")
    assert known["extensions"]["ihe_iua"]["subject_organization"] == "Labo 600001"
    assert ask(path="/oauth/introspect", token=token)["status"] == 401
    assert ask(client, path="/oauth/introspect")["error"] == "invalid_request"
    for nonsense in ("", "a.b.c", token[:-3], "x" * 9000):
        assert ask(client, path="/oauth/introspect", token=nonsense or "?") == {
            "active": False,
            "status": 200,
            "challenge": None,
        }


def test_a_token_is_taken_back_by_its_own_client(lab: int) -> None:
    client, other = registered(lab), registered(lab)
    token = ask(client)["access_token"]
    assert ask(other, path="/oauth/revoke", token=token)["error"] == "invalid_grant"
    assert ask(client, path="/oauth/introspect", token=token)["active"] is True
    assert ask(client, path="/oauth/revoke", token=token)["status"] == 200
    assert ask(client, path="/oauth/introspect", token=token)["active"] is False
    assert ask(client, path="/oauth/revoke", token=token)["status"] == 200
    assert events()[-2][0] == EventKind.TOKEN_REVOKED
    assert RevokedToken.objects.filter(id=read(token)["jti"]).exists()


def test_old_keys_verify_until_one_was_stolen(
    lab: int, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = registered(lab)

    def signed_after(*, stolen: bool) -> str:
        rotate(database, stolen=stolen)
        token = ask(client)["access_token"]
        assert jwt.get_unverified_header(token)["kid"] in capsys.readouterr().out
        return str(token)

    def holds(token: str) -> bool:
        active: bool = ask(client, path="/oauth/introspect", token=token)["active"]
        return active

    tokens = [ask(client)["access_token"], *(signed_after(stolen=False) for _ in range(2))]
    assert all(holds(token) and read(token)["client_id"] == client.client_id for token in tokens)
    after = signed_after(stolen=True)
    assert [holds(token) for token in (*tokens, after)] == [False, False, False, True]
    published = Browser(SERVER_NAME="localhost").get("/oauth/jwks").json()["keys"]
    assert [key["kid"] for key in published] == [jwt.get_unverified_header(after)["kid"]]


@pytest.mark.parametrize(
    "how",
    [
        {"scope": "openid"},
        {"scope": "system/Patient.read"},
        {"is_public": True},
        {"redirect_uris": ("http://app.example/back",)},
        {"redirect_uris": ("https://app.example/back#there",)},
        {"redirect_uris": ("javascript:alert(1)",)},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        {"jwks": {"keys": [Key.new().public | {"d": "AAAA"}]}},
        {"jwks": {"keys": [Key.new().public]}, "jwks_uri": "https://lab.example/jwks"},
        {"jwks_uri": "http://lab.example/jwks"},
        {"jwks_uri": "https://127.0.0.1/jwks"},
        {"jwks_uri": "https://localhost/jwks"},
        {"jwks_uri": "file:///etc/passwd"},
        {"certificates": (b"no certificate",)},
        {"certificates": (pem(certificate()),), "jwks": {"keys": [Key.new().public]}},
    ],
)
def test_what_a_client_may_not_be_registered_with(lab: int, how: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        registered(lab, **how)
