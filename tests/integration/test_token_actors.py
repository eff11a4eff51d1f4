"""What a token says of who asks, and when it says nothing any more."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from salus.access.models import AccountPerson
from salus.access.oauth.actions import end_client
from salus.access.tokens import actor_with_token
from salus.accounts.actions import revoke_token
from salus.accounts.models import Account
from salus.accounts.oauth.keys import signing_key
from salus.accounts.oauth.tokens import AccessToken, verified
from salus.directory.models import Organization, Practitioner, PractitionerRole
from salus.kernel.actor import Actor, Assurance, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.kernel.scopes import Interaction
from salus.mpi.actions import register_person
from tests.software import (
    ISSUER,
    SYSTEM,
    Key,
    ask,
    hmac,
    organization,
    professional,
    registered,
    signed,
    unsigned,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def lab(database: Path) -> int:
    cache.clear()
    return organization("600001")


@pytest.fixture(scope="module")
def token(lab: int) -> str:
    return str(ask(registered(lab))["access_token"])


def actor(authorization: str | None) -> Actor | None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    request = RequestFactory(SERVER_NAME="localhost").get("/fhir/Patient", headers=headers)
    return actor_with_token(request)


def refused(text: str) -> bool:
    """As RFC 6750 says it, also on what is open to everybody."""
    headers = {"Authorization": f"Bearer {text}"}
    response = Browser(SERVER_NAME="localhost").get("/fhir/Organization?_count=1", headers=headers)
    if response.status_code == 200:
        return False
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer ")
    assert 'error="invalid_token"' in response["WWW-Authenticate"]
    assert response.json()["resourceType"] == "OperationOutcome"
    return True


def test_software_acts_for_its_organisation(lab: int, token: str) -> None:
    asks = actor(f"Bearer {token}")
    assert asks and asks.scopes
    assert (asks.role, asks.organization, asks.organization_type) == (
        Role.SOFTWARE,
        lab,
        "laboratory",
    )
    assert (asks.purpose, asks.assurance) == (PurposeOfUse.TREATMENT, Assurance.LOW)
    assert asks.scopes.allowing(Interaction.SEARCH, "Patient")
    assert not asks.scopes.allowing(Interaction.CREATE, "Patient")


def test_without_a_token_nobody_asks(token: str) -> None:
    assert actor(None) is None
    assert actor("Basic abc") is None
    assert actor(f"bearer {token}")  # the scheme is a word in any case (RFC 9110, section 11.1)


def test_a_key_says_more_than_a_secret(lab: int) -> None:
    key = Key.new()
    client = registered(lab, jwks={"keys": [key.public]})
    given = ask(**signed(key.assertion(client.client_id)))["access_token"]
    asks = actor(f"Bearer {given}")
    assert asks and asks.assurance is Assurance.SUBSTANTIAL


def test_software_may_act_for_a_professional_while_they_work_there(lab: int) -> None:
    doctor = professional("900001", lab)
    given = ask(registered(lab), national_provider_identifier="900001")["access_token"]
    asks = actor(f"Bearer {given}")
    assert asks and (asks.role, asks.practitioner) == (Role.PROFESSIONAL, doctor)
    assert (asks.organization, asks.account) == (lab, None)
    PractitionerRole.objects.filter(practitioner=doctor).update(until=now().date())
    assert refused(given)
    PractitionerRole.objects.filter(practitioner=doctor).update(until=None)
    assert not refused(given)
    Practitioner.objects.filter(pk=doctor).update(deregistered_at=now())
    assert refused(given)


def test_asking_costs_one_query(token: str) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        actor(f"Bearer {token}")
    assert len(asked) == 1


def test_a_token_ends_with_its_client(lab: int) -> None:
    client = registered(lab)
    given = ask(client)["access_token"]
    assert not refused(given)
    end_client(actor=SYSTEM, at=now(), client_id=client.client_id)
    assert refused(given)


def test_a_token_ends_with_its_organisation() -> None:
    place = organization("600005")
    given = ask(registered(place))["access_token"]
    assert not refused(given)
    Organization.objects.filter(pk=place).update(deregistered_at=now())
    assert refused(given)


def made(token: str) -> AccessToken:
    """The token as its parts, to be made again a little otherwise."""
    return verified(token, issuer=ISSUER, audience=f"{ISSUER}/fhir", at=now())


def test_revoked_by_its_id_or_by_its_family(token: str) -> None:
    one = replace(made(token), id=uuid4())
    revoke_token(one.id, until=one.expires_at)
    assert refused(one.signed())
    several = replace(made(token), family=uuid4())
    assert not refused(several.signed())
    revoke_token(several.family or uuid4(), until=several.expires_at)
    assert refused(several.signed())
    assert not refused(token)


@pytest.mark.parametrize(
    "changed",
    [
        {"expires_at": now() - timedelta(seconds=1)},
        {"audience": "https://other.example/fhir"},
        {"audience": ISSUER},
        {"issuer": "https://other.example"},
        {"client_id": "another", "subject": "another"},
    ],
)
def test_a_token_of_ours_that_does_not_hold(token: str, changed: dict[str, Any]) -> None:
    assert refused(replace(made(token), **changed).signed())


def forged(token: str) -> dict[str, str]:
    header = jwt.get_unverified_header(token)
    said = jwt.decode(token, options={"verify_signature": False})
    named = {"kid": header["kid"], "typ": "at+jwt"}
    own = ec.generate_private_key(ec.SECP256R1())
    published = signing_key()
    public = published.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(published.as_dict(private=False)).encode()

    def by(key: Any, **changed: str) -> str:
        return jwt.encode(said, key, algorithm="ES256", headers=named | changed)

    ours = cast(ec.EllipticCurvePrivateKey, published.private_key)
    return {
        "alg none": unsigned(said, typ="at+jwt"),
        "public key as HMAC secret": hmac(said, public, **named),
        "public JWK as HMAC secret": hmac(said, jwk, **named),
        "another key": by(own),
        "another kid": by(own, kid="other"),
        "our key, an unknown kid": by(ours, kid="other"),
        "our key, but no access token": by(ours, typ="JWT"),
        "signature cut": token[:-8],
        "payload of another": f"{by(own).rsplit('.', 1)[0]}.{token.rsplit('.', 1)[1]}",
        "no token": "",
        "no JWT": "abc",
        "deep": f"{jwt.utils.base64url_encode(b'[' * 5000).decode()}.e30.e30",
        "long": "x" * 100_000,
    }


def test_forged_tokens(token: str) -> None:
    tries = forged(token)
    assert {why: refused(text) for why, text in tries.items()} == dict.fromkeys(tries, True)
    assert not refused(made(token).signed())  # so it is the forging that is noticed, not a copy


@pytest.fixture(scope="module")
def patient(database: Path) -> Account:
    account = Account.objects.create(
        kind="patient", email="lea@example.org", created_at=now(), activated_at=now()
    )
    person, _ = register_person(
        actor=SYSTEM,
        at=now(),
        identifiers=[],
        family="Schmitz",
        given="Léa",
        birth_date=now().date(),
        gender="female",
    )
    with rows_of([person]):
        AccountPerson.objects.create(account=account, person_id=person)
    return account


def test_an_app_of_a_patient_acts_as_the_patient(lab: int, token: str, patient: Account) -> None:
    of_patient = replace(
        made(token),
        subject=str(patient.subject),
        scope="openid patient/DocumentReference.rs",
        claims={"acr": "substantial"},
    )
    asks = actor(f"Bearer {of_patient.signed()}")
    assert asks and (asks.role, asks.account) == (Role.PATIENT, patient.pk)
    assert (asks.purpose, asks.assurance) == (
        PurposeOfUse.PATIENT_REQUEST,
        Assurance.SUBSTANTIAL,
    )
    Account.objects.filter(pk=patient.pk).update(deleted_at=now())
    assert refused(of_patient.signed())
    Account.objects.filter(pk=patient.pk).update(deleted_at=None)
    assert refused(replace(of_patient, subject=str(uuid4())).signed())
