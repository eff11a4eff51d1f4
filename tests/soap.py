"""Software that speaks SOAP: messages that it signs by xmlsec, which shares no code with ours, and what comes back."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID
from wsgiref.simple_server import WSGIRequestHandler, make_server

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client as Browser
from lxml import etree
from lxml.builder import ElementMaker
from zeep.wsse.signature import MemorySignature

from salus.eligibility.questions import AffiliationQuestion
from salus.eligibility.soap import schema
from salus.eligibility.soap.names import (
    BASE64,
    OURS,
    SOAP,
    WSA,
    WSSE,
    WSU,
    X509,
    ds,
    ours,
    soap,
    wsa,
    wsse,
    wsu,
)
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from tests import eligibility

HERE = "http://localhost/eligibility/soap"
TYPE = "application/soap+xml; charset=utf-8"
SCHEMA = etree.XMLSchema(etree.parse(schema.SCHEMA))
ENV = ElementMaker(namespace=SOAP, nsmap={"env": SOAP, "wsu": WSU})
EL = ElementMaker(namespace=OURS, nsmap={None: OURS})
_SEC = ElementMaker(namespace=WSSE, nsmap={"wsse": WSSE})
_WSU = ElementMaker(namespace=WSU, nsmap={"wsu": WSU})
_WSA = ElementMaker(namespace=WSA, nsmap={"wsa": WSA})

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A key with a certificate of its own for it."""

    key: Key = field(default_factory=new_key)
    name: str = "counter.example"

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - timedelta(days=1))
            .not_valid_after(now() + timedelta(days=1))
            .sign(self.key, hashes.SHA256())
        )
        object.__setattr__(self, "certificate", made)

    @property
    def der(self) -> bytes:
        made: x509.Certificate = getattr(self, "certificate")  # noqa: B009  # made above
        return made.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return x509.load_der_x509_certificate(self.der).public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True, kw_only=True)
class Software:
    """A caller that signs."""

    signer: Signer
    actor: Actor

    @classmethod
    def new(cls, *, signer: Signer | None = None, **of_caller: Any) -> "Software":
        signer = signer or Signer()
        return cls(signer=signer, actor=eligibility.caller(certificates=(signer.pem,), **of_caller))

    def asks(self, request: Any, **said: Any) -> "Reply":
        return posted(signed(envelope(request, **said), by=self.signer))


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    headers: Any
    envelope: Any

    @property
    def content(self) -> Any:
        """What is in the Body."""
        return self.envelope.find(soap("Body"))[0]

    @property
    def code(self) -> str:
        """Of the fault, without its prefix."""
        said = self.content.findtext(f"{soap('Code')}/{soap('Subcode')}/{soap('Value')}")
        code = str(said).removeprefix("el:")
        assert code == self.said("code")
        return code

    @property
    def whose(self) -> str:
        return str(self.content.findtext(f"{soap('Code')}/{soap('Value')}")).removeprefix("env:")

    @property
    def security(self) -> str:
        inner = f"{soap('Code')}/{soap('Subcode')}/{soap('Subcode')}/{soap('Value')}"
        return str(self.content.findtext(inner)).removeprefix("wsse:")

    @property
    def text(self) -> str:
        return str(self.content.findtext(f"{soap('Reason')}/{soap('Text')}"))

    def said(self, name: str) -> str | None:
        found: str | None = self.content.findtext(f".//{ours(name)}")
        return found


def about(question: AffiliationQuestion) -> Any:
    """CheckAffiliation."""
    person = EL.person(EL.system(question.system), EL.value(question.value))
    days = [EL.day(question.day.isoformat())] if question.day else []
    proofs = [EL.proof("true")] if question.proof else []
    return EL.CheckAffiliation(person, *days, *proofs)


def envelope(
    request: Any,
    *,
    message_id: UUID | None = None,
    to: str | None = None,
    created: datetime | None = None,
    expires: datetime | None = None,
    blocks: Iterable[Any] = (),
) -> Any:
    """With all that is signed, and nothing signed yet."""
    header = ENV.Header(*blocks)
    if message_id:
        header.append(_WSA.MessageID(message_id.urn, _id("message-id")))
    if to:
        header.append(_WSA.To(to, _id("to")))
    header.append(_SEC.Security({soap("mustUnderstand"): "true"}, timestamp(created, expires)))
    return ENV.Envelope(header, ENV.Body(_id("body"), request))


def timestamp(created: datetime | None = None, expires: datetime | None = None) -> Any:
    created = created or now()
    expires = expires or created + timedelta(minutes=5)
    said = (_WSU.Created(created.isoformat()), _WSU.Expires(expires.isoformat()))
    return _WSU.Timestamp(_id("timestamp"), *said)


def _id(value: str) -> dict[str, str]:
    return {wsu("Id"): value}


def signed(
    message: Any,
    *,
    by: Signer,
    leaving: Iterable[str] = (),
    token: bytes | None = None,
    digest: Any = xmlsec.Transform.SHA256,
    c14n: Any = xmlsec.Transform.EXCL_C14N,
) -> Any:
    """A copy, signed in all that has a wsu:Id but ``leaving``. ``token``: another certificate's DER than the own."""
    # As a reader will see it: signatures are over text, and xmlsec sees the tree as it is.
    message = etree.fromstring(etree.tostring(message))
    security = message.find(f"{soap('Header')}/{wsse('Security')}")
    method = (
        xmlsec.Transform.RSA_SHA256
        if isinstance(by.key, rsa.RSAPrivateKey)
        else xmlsec.Transform.ECDSA_SHA256
    )
    signature = xmlsec.template.create(message, c14n, method)
    security.append(signature)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(by.key_pem, xmlsec.KeyFormat.PEM, None)
    for element in message.iter():
        name = element.get(wsu("Id"))
        if name and name not in leaving:
            context.register_id(element, "Id", WSU)
            reference = xmlsec.template.add_reference(signature, digest, uri=f"#{name}")
            xmlsec.template.add_transform(reference, c14n)
    info = xmlsec.template.ensure_key_info(signature)
    reference = _SEC.Reference({"URI": "#token", "ValueType": X509})
    info.append(_SEC.SecurityTokenReference(reference))
    context.sign(signature)
    content = b64encode(token or by.der).decode()
    of_token = {wsu("Id"): "token", "ValueType": X509, "EncodingType": BASE64}
    security.append(_SEC.BinarySecurityToken(of_token, content))
    return etree.fromstring(etree.tostring(message))  # lxml does not find what xmlsec has made


def posted(message: Any, *, type: str = TYPE, **headers: str) -> Reply:
    """An element or bytes, sent by whoever has no session and no certificate at the proxy; what is answered fits."""
    content = message if isinstance(message, bytes) else etree.tostring(message)
    answer = Browser(SERVER_NAME="localhost").post(
        "/eligibility/soap", content, content_type=type, headers=headers
    )
    reply = Reply(
        status=answer.status_code,
        headers=answer.headers,
        envelope=etree.fromstring(answer.content),
    )
    for said in (reply.content, *reply.content.iter(ours("Problem"))):
        if said.tag.startswith(f"{{{OURS}}}"):
            SCHEMA.assertValid(etree.fromstring(etree.tostring(said)))
    return reply


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """The address of this process's site over HTTP."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Silent)

    def run() -> None:
        server.serve_forever(poll_interval=0.05)
        connections.close_all()

    thread = Thread(target=run)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/eligibility/soap"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate_of_answers() -> bytes:
    """PEM."""
    return bytes(Browser(SERVER_NAME="localhost").get("/eligibility/soap?certificate").content)


def signed_parts(envelope: Any, *, by: bytes) -> set[str]:
    """What xmlsec finds signed by this certificate (PEM), which must be the one that the message shows.

    Raises xmlsec.Error for a signature that does not hold.
    """
    security = envelope.find(f"{soap('Header')}/{wsse('Security')}")
    shown = b64decode(security.findtext(wsse("BinarySecurityToken")))
    assert shown == x509.load_pem_x509_certificate(by).public_bytes(Encoding.DER)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(by, xmlsec.KeyFormat.CERT_PEM, None)
    named = {f"#{one.get(wsu('Id'))}": one for one in envelope.iter() if one.get(wsu("Id"))}
    for element in named.values():
        context.register_id(element, "Id", WSU)
    signature = security.find(ds("Signature"))
    context.verify(signature)
    refers = signature.find(f"{ds('KeyInfo')}/{wsse('SecurityTokenReference')}/{wsse('Reference')}")
    assert named[refers.get("URI")].tag == wsse("BinarySecurityToken")
    return {
        etree.QName(named[reference.get("URI")]).localname
        for reference in signature.iter(ds("Reference"))
    }


class Timestamped:
    """To be given to zeep as ``wsse``: a Timestamp."""

    def apply(self, envelope: Any, headers: Any) -> tuple[Any, Any]:
        header = envelope.find(soap("Header"))
        if header is None:
            header = etree.Element(soap("Header"))
            envelope.insert(0, header)
        header.append(_SEC.Security(timestamp()))
        return envelope, headers

    def verify(self, envelope: Any) -> Any:
        """Whoever does not look may leave it."""
        return envelope


class Signing(Timestamped):
    """The same, and a signature over all that is to be signed; answers are to be signed by the site, faults too."""

    def __init__(self, by: Signer) -> None:
        self.by = by
        self.site = MemorySignature(by.key_pem, certificate_of_answers())

    def apply(self, envelope: Any, headers: Any) -> tuple[Any, Any]:
        envelope, headers = super().apply(envelope, headers)
        header = envelope.find(soap("Header"))
        envelope.find(soap("Body")).set(wsu("Id"), "body")
        message_id = header.find(wsa("MessageID"))
        if message_id is not None:
            message_id.set(wsu("Id"), "message-id")
            header.find(wsa("To")).set(wsu("Id"), "to")
        return signed(envelope, by=self.by), headers

    def verify(self, envelope: Any) -> Any:
        return self.site.verify(envelope)
