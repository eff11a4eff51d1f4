"""Software from outside: an organisation with its professional, clients of it, and what they send."""

import base64
import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.http.response import HttpResponseBase
from django.test import Client as Browser

from salus.access.oauth.actions import Registered, register_client
from salus.accounts.oauth.registration import NewClient
from salus.country.lu import ORGANIZATION_SYSTEM, PROVIDER_SYSTEM, ROLE_SYSTEM
from salus.directory.actions import register_organization, register_practitioner, register_role
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.clock import now

SYSTEM = Actor(role=Role.SYSTEM, system="test")
ISSUER = "http://localhost"
ENDPOINT = f"{ISSUER}/oauth/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def organization(value: str, type: str = "laboratory") -> int:
    number, _ = register_organization(
        actor=SYSTEM,
        at=now(),
        system=ORGANIZATION_SYSTEM,
        value=value,
        name=f"Labo {value}",
        type=type,
    )
    return number


def professional(value: str, at: int, *, profession: str = "62247001") -> int:
    number, _ = register_practitioner(
        actor=SYSTEM,
        at=now(),
        system=PROVIDER_SYSTEM,
        value=value,
        family="Weber",
        given="Anne",
        profession=profession,
    )
    register_role(
        actor=SYSTEM,
        at=now(),
        system=ROLE_SYSTEM,
        value=value,
        practitioner=number,
        organization=at,
        since=now().date(),
    )
    return number


def registered(
    at: int | None,
    *,
    scope: str = "system/Patient.rs",
    purposes: tuple[PurposeOfUse, ...] = (PurposeOfUse.TREATMENT,),
    approved: bool = True,
    domains: Collection[str] = (),
    **how: Any,
) -> Registered:
    return register_client(
        actor=SYSTEM,
        at=now(),
        client=NewClient(name="lab", scope=scope, purposes=purposes, **how),
        organization=at,
        approved=approved,
        domains=domains,
    )


def unsigned(said: dict[str, Any], **header: str) -> str:
    """With ``alg`` none."""
    return jwt.encode(said, "", algorithm="none", headers=header)


def hmac(said: dict[str, Any], secret: bytes, **header: str) -> str:
    """PyJWT refuses to sign with a public key as a secret; an attacker does not."""
    parts = ({"alg": "HS256"} | header, said)
    body = b".".join(jwt.utils.base64url_encode(json.dumps(part).encode()) for part in parts)
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return (body + b"." + jwt.utils.base64url_encode(algorithm.sign(body, secret))).decode()


def ask(
    client: Registered | None = None, /, *, path: str = "/oauth/token", **form: str
) -> dict[str, Any]:
    """What the endpoint says to the client with its secret, as JSON, with the `status`."""
    headers = basic(client) if client else {}
    if path == "/oauth/token":
        form = {"grant_type": "client_credentials"} | form
    return told(Browser(SERVER_NAME="localhost").post(path, form, headers=headers))


def told(response: HttpResponseBase) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(getattr(response, "content", b"") or b"{}")
    return body | {
        "status": response.status_code,
        "challenge": response.headers.get("WWW-Authenticate"),
    }


def basic(client: Registered, secret: str | None = None) -> dict[str, str]:
    pair = f"{client.client_id}:{secret or client.secret}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of a client's own, with which PyJWT signs."""

    private: ec.EllipticCurvePrivateKey
    kid: str

    @classmethod
    def new(cls, kid: str = "one") -> "Key":
        return cls(private=ec.generate_private_key(ec.SECP384R1()), kid=kid)

    @property
    def public(self) -> dict[str, Any]:
        jwk = jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return jwk | {"kid": self.kid, "use": "sig", "alg": "ES384"}

    def assertion(self, client_id: str, **claims: Any) -> str:
        at = now()
        said = {
            "iss": client_id,
            "sub": client_id,
            "aud": ENDPOINT,
            "exp": at + timedelta(minutes=4),
            "iat": at,
            "jti": str(uuid.uuid4()),
        } | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, self.private, algorithm="ES384", headers={"kid": self.kid})


def signed(assertion: str) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def certificate(
    *, dns: str = "lab.example", since: datetime | None = None, until: datetime | None = None
) -> x509.Certificate:
    """Self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, dns)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since or now() - timedelta(days=1))
        .not_valid_after(until or now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
        .sign(key, hashes.SHA256())
    )


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
