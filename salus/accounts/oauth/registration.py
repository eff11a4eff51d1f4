"""What a client says of itself when it is registered (RFC 7591, section 2), and what of that is refused."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from salus.accounts.models import AuthMethod, GrantType, TlsSubject
from salus.accounts.rules import split
from salus.kernel.actor import PurposeOfUse
from salus.kernel.errors import InvalidInput
from salus.kernel.outbound import THIS_MACHINE, check_address
from salus.kernel.scopes import Context

# What may sign an assertion; SMART asks for RS384 and ES384 at least.
ALGORITHMS = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
]
_SHORTEST_RSA = 2048  # bits; NIST SP 800-131A


@dataclass(frozen=True, kw_only=True)
class NewClient:
    """``auth_method`` follows from what is given with it: keys, certificates, a subject; else a secret."""

    name: str
    scope: str
    contact: str = ""
    redirect_uris: tuple[str, ...] = ()
    purposes: tuple[PurposeOfUse, ...] = ()
    is_public: bool = False  # can keep no secret
    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None
    tls_subject: tuple[TlsSubject, str] | None = None
    certificates: tuple[bytes, ...] = ()  # PEM, self-signed

    @property
    def auth_method(self) -> AuthMethod:
        if self.is_public:
            return AuthMethod.NONE
        if self.jwks or self.jwks_uri:
            return AuthMethod.PRIVATE_KEY
        if self.tls_subject:
            return AuthMethod.TLS
        return AuthMethod.SELF_SIGNED_TLS if self.certificates else AuthMethod.BASIC

    @property
    def grant_types(self) -> list[GrantType]:
        """In its own name when a scope is the system's, for users when there is an address to send them back to."""
        _, resources = split(self.scope)
        contexts = {scope.context for scope in resources.granted}
        own = [GrantType.CLIENT_CREDENTIALS] if Context.SYSTEM in contexts else []
        users = [GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN]
        return own + (users if self.redirect_uris else [])

    def check(self, *, is_demo: bool) -> None:
        """Raises InvalidInput that says what to mend."""
        if not self.name.strip():
            raise InvalidInput("the software needs a name")
        if not self.grant_types:
            raise InvalidInput(
                "a client needs a scope of its own, such as system/Patient.rs, or a redirect URI"
            )
        given = [self.is_public, self.jwks, self.jwks_uri, self.tls_subject, self.certificates]
        if sum(map(bool, given)) > 1:
            raise InvalidInput("a client proves in one way who it is: choose one")
        if self.is_public and GrantType.CLIENT_CREDENTIALS in self.grant_types:
            raise InvalidInput("a public client cannot ask in its own name: no system/ scopes")
        for uri in self.redirect_uris:
            _check_redirect_uri(uri)
        if self.jwks is not None:
            key_set(self.jwks)
        if self.jwks_uri is not None:
            check_jwks_uri(self.jwks_uri, is_demo=is_demo)

    @property
    def thumbprints(self) -> list[str]:
        """Raises InvalidInput when a certificate is none."""
        try:
            return [thumbprint(x509.load_pem_x509_certificate(pem)) for pem in self.certificates]
        except ValueError:
            raise InvalidInput("that is no certificate in PEM") from None


def thumbprint(certificate: x509.Certificate) -> str:
    """x5t#S256 (RFC 7515, section 4.1.8)."""
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def key_set(jwks: object) -> KeySet:
    """The public keys that may sign; a set may hold others, which are left out. Raises InvalidInput."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
        raise InvalidInput('that is no JWK Set: {"keys": [...]}')
    found: list[Key] = []
    for key in keys:
        if not isinstance(key, dict) or key.get("use", "sig") != "sig":
            continue
        if "d" in key or key.get("kty") == "oct":
            raise InvalidInput("the JWK Set holds a private key: send the public ones alone")
        kind = _KINDS.get(str(key.get("kty")))
        if kind:
            found.append(_imported(kind, key))
    if not found:
        raise InvalidInput("the JWK Set has no public key that can sign (RSA, EC, OKP)")
    return KeySet(found)


_MOST_KEYS = 20
_KINDS: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {
    "RSA": RSAKey,
    "EC": ECKey,
    "OKP": OKPKey,
}


def _imported(
    kind: type[RSAKey] | type[ECKey] | type[OKPKey], key: dict[str, Any]
) -> RSAKey | ECKey | OKPKey:
    try:
        imported = kind.import_key(key)
        size = getattr(imported.public_key, "key_size", _SHORTEST_RSA)
    except (JoseError, ValueError, TypeError, KeyError):
        raise InvalidInput("a key of the JWK Set cannot be read") from None
    if isinstance(imported, RSAKey) and size < _SHORTEST_RSA:
        raise InvalidInput(f"an RSA key has at least {_SHORTEST_RSA} bits")
    return imported


def check_jwks_uri(uri: str, *, is_demo: bool) -> None:
    """https to a named host; in demo mode this machine too. Raises InvalidInput."""
    check_address(uri, what="the address of a JWK Set", is_demo=is_demo)


def _check_redirect_uri(uri: str) -> None:
    """https, or http back to the user's own machine, or an app's own scheme (RFC 8252, section 7)."""
    parts = _parts(uri)
    ours = parts.scheme == "http" and parts.hostname in THIS_MACHINE
    app = "." in parts.scheme and not parts.netloc
    if parts.fragment or not (ours or app or (parts.scheme == "https" and parts.hostname)):
        raise InvalidInput("a redirect URI is https://..., without #")


def _parts(uri: str) -> Any:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        raise InvalidInput("that is no address") from None
    return parts


def purposes_of(codes: Collection[str]) -> tuple[PurposeOfUse, ...]:
    """Raises InvalidInput."""
    try:
        return tuple(map(PurposeOfUse, codes))
    except ValueError:
        raise InvalidInput(
            f"purposes of use are {', '.join(PurposeOfUse)} (HL7 v3 ActReason)"
        ) from None
