"""Who sent a message: software that signed it (WS-Security 1.1.1, X.509 token profile), or that has a token.

Of a signed message only what was signed is used afterwards, as the signature saw it. So it does not matter what else
stands in it, or was moved where (XML signature wrapping).
"""

from base64 import b64decode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.http import HttpRequest
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from salus.access.certificates import actor_who_signed
from salus.access.tokens import actor_with_token
from salus.accounts.oauth.assertions import is_first_use
from salus.eligibility.soap.faults import SecurityRefused
from salus.eligibility.soap.message import Message, request_of, uuid_of
from salus.eligibility.soap.names import (
    BASE64,
    EXCLUSIVE,
    SOAP,
    WSSE,
    X509,
    ds,
    soap,
    wsa,
    wsse,
    wsu,
)
from salus.kernel.actor import Actor, PurposeOfUse
from salus.kernel.errors import Unauthorized

FRESH = timedelta(minutes=5)
LEEWAY = timedelta(seconds=60)  # that a sender's clock may be ahead
_MOST_REFERENCES = 8
_SHORTEST_RSA = 2048  # bits, as for keys that sign assertions
_CONFIGURATION = SignatureConfiguration(
    location=f"./{{{SOAP}}}Header/{{{WSSE}}}Security/",
    expect_references=True,
    signature_methods=frozenset(
        {
            SignatureMethod.RSA_SHA256,
            SignatureMethod.RSA_SHA384,
            SignatureMethod.RSA_SHA512,
            SignatureMethod.SHA256_RSA_MGF1,
            SignatureMethod.SHA384_RSA_MGF1,
            SignatureMethod.SHA512_RSA_MGF1,
            SignatureMethod.ECDSA_SHA256,
            SignatureMethod.ECDSA_SHA384,
            SignatureMethod.ECDSA_SHA512,
        }
    ),
    digest_algorithms=frozenset(
        {DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}
    ),
)
# What signxml lets through of what it was not written for.
_DOES_NOT_HOLD = (SignXMLException, UnsupportedAlgorithm, etree.LxmlError, ValueError, TypeError)


@dataclass(frozen=True, kw_only=True)
class Authentic:
    """What may be acted on."""

    actor: Actor
    request: Any  # the element in the Body
    request_id: UUID | None
    is_signed: bool  # and so its answer is


def authenticated(
    message: Message, request: HttpRequest, *, here: Collection[str], at: datetime
) -> Authentic:
    """``here``: the addresses of this door. Raises Unauthorized, InvalidMessage."""
    by_token = actor_with_token(request)
    if message.security is None:
        if by_token is None:
            raise SecurityRefused("a message is signed, or comes with an access token")
        return _authentic(by_token, message.body, message.message_id, message.to, here=here)
    if by_token is not None:
        raise SecurityRefused("a message is signed, or comes with an access token: not both")
    certificate = _certificate(message.security)
    actor = _signer(certificate)
    signed = _signed(message, message.security, certificate)
    _check_fresh(signed[wsu("Timestamp")], at)
    authentic = _authentic(
        actor,
        signed[soap("Body")],
        signed.get(wsa("MessageID")),
        signed.get(wsa("To")),
        here=here,
        is_signed=True,
    )
    if authentic.request_id is None:
        _check_first(actor, signed, at)
    return authentic


def _authentic(
    actor: Actor,
    body: Any,
    message_id: Any | None,
    to: Any | None,
    *,
    here: Collection[str],
    is_signed: bool = False,
) -> Authentic:
    if to is not None and (to.text or "").strip() not in here:
        raise SecurityRefused("the message is for another address (wsa:To)")
    return Authentic(
        actor=actor,
        request=request_of(body),
        request_id=None if message_id is None else uuid_of(message_id),
        is_signed=is_signed,
    )


def _certificate(security: Any) -> x509.Certificate:
    """That of the one BinarySecurityToken, to which the one Signature refers."""
    parts = {wsu("Timestamp"): 0, wsse("BinarySecurityToken"): 0, ds("Signature"): 0}
    for part in security:
        if part.tag not in parts or parts[part.tag]:
            raise SecurityRefused(
                "Security has one Timestamp, one BinarySecurityToken, one Signature and nothing else",
                code="UnsupportedSecurityToken",
            )
        parts[part.tag] += 1
    if not all(parts.values()):
        raise SecurityRefused("Security lacks Timestamp, BinarySecurityToken or Signature")
    token = security.find(wsse("BinarySecurityToken"))
    if token.get("ValueType") != X509 or token.get("EncodingType", BASE64) != BASE64:
        raise SecurityRefused(
            "the token is one X.509 certificate in base64", code="UnsupportedSecurityToken"
        )
    named = security.findall(
        f"{ds('Signature')}/{ds('KeyInfo')}/{wsse('SecurityTokenReference')}/{wsse('Reference')}"
    )
    if [reference.get("URI") for reference in named] != [f"#{token.get(wsu('Id'))}"]:
        raise SecurityRefused("KeyInfo refers to the token", code="SecurityTokenUnavailable")
    try:
        return x509.load_der_x509_certificate(b64decode(token.text or ""))
    except (ValueError, x509.InvalidVersion):
        raise SecurityRefused("the token is no certificate", code="InvalidSecurityToken") from None


def _signer(certificate: x509.Certificate) -> Actor:
    try:
        return actor_who_signed(certificate, purpose=PurposeOfUse.COVERAGE)
    except Unauthorized as error:
        raise SecurityRefused(str(error), code="FailedAuthentication") from None


def _signed(message: Message, security: Any, certificate: x509.Certificate) -> dict[str, Any]:
    """Body, Timestamp and, where they are, MessageID and To, by tag: as the signature saw them."""
    _check_algorithms(security.find(ds("Signature")), certificate)
    try:
        results: Any = XMLVerifier().verify(
            message.envelope,
            x509_cert=certificate,
            expect_config=_CONFIGURATION,
            id_attribute="Id",  # of any namespace, and unique in the whole message
        )
    except _DOES_NOT_HOLD:
        raise SecurityRefused("the signature does not hold", code="FailedCheck") from None
    seen: dict[tuple[str, str | None], Any] = {
        (result.signed_xml.tag, result.signed_xml.get(wsu("Id"))): result.signed_xml
        for result in results
        if result.signed_xml is not None
    }
    meant = [message.body, security.find(wsu("Timestamp")), message.message_id, message.to]
    try:
        return {
            part.tag: seen[part.tag, part.attrib[wsu("Id")]] for part in meant if part is not None
        }
    except KeyError:
        raise SecurityRefused(
            "Body, Timestamp, MessageID and To are signed where they are", code="FailedCheck"
        ) from None


def _check_algorithms(signature: Any, certificate: x509.Certificate) -> None:
    """Nothing but exclusive canonical XML stands between what is written and what was signed."""
    of_info = signature.findall(f"{ds('SignedInfo')}/{ds('CanonicalizationMethod')}")
    references = signature.findall(f"{ds('SignedInfo')}/{ds('Reference')}")
    if len(references) > _MOST_REFERENCES:
        raise SecurityRefused(f"more than {_MOST_REFERENCES} parts are signed")
    of_parts = [
        reference.findall(f"{ds('Transforms')}/{ds('Transform')}") for reference in references
    ]
    for methods in (of_info, *of_parts):
        if [method.get("Algorithm") for method in methods] != [EXCLUSIVE]:
            raise SecurityRefused(
                "what is signed is made canonical by exclusive XML canonicalization alone",
                code="UnsupportedAlgorithm",
            )
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey) and key.key_size < _SHORTEST_RSA:
        raise SecurityRefused(
            f"an RSA key has at least {_SHORTEST_RSA} bits", code="UnsupportedAlgorithm"
        )


def _check_fresh(timestamp: Any, at: datetime) -> None:
    created, expires = (timestamp.findall(wsu(name)) for name in ("Created", "Expires"))
    if len(created) != 1 or len(expires) > 1:
        raise SecurityRefused("a Timestamp says Created once, and Expires at most once")
    is_fresh = at - FRESH < _instant(created[0]) <= at + LEEWAY
    if not is_fresh or any(_instant(until) <= at for until in expires):
        raise SecurityRefused(
            "the message is not of the last five minutes, or has expired", code="MessageExpired"
        )


def _instant(element: Any) -> datetime:
    try:
        instant = datetime.fromisoformat((element.text or "").strip())
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise SecurityRefused("Created and Expires are dates with time and time zone")
    return instant


def _check_first(actor: Actor, signed: dict[str, Any], at: datetime) -> None:
    """A message without an id is accepted once; one with an id that comes again is a retry."""
    parts = (etree.tostring(signed[tag], method="c14n") for tag in (wsu("Timestamp"), soap("Body")))
    said = sha256(b"".join(parts)).hexdigest()
    if not actor.client or not is_first_use(
        actor.client, f"soap:{said}", until=at + FRESH + LEEWAY
    ):
        raise SecurityRefused(
            "this message was there before: a retry has a wsa:MessageID, and the same one"
        )
