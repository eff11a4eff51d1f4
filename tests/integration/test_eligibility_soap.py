"""Eligibility by SOAP 1.2, as older software asks: zeep over HTTP, messages made by hand, and what is refused."""

import json
from base64 import urlsafe_b64decode
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import zeep
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client as Browser
from django.utils.translation import override
from lxml import etree
from xmlsec import Transform
from zeep.wsa import WsAddressingPlugin
from zeep.wsse.compose import Compose
from zeep.wsse.signature import BinarySignature

from salus.country import country
from salus.country.lu import MATRICULE_SYSTEM, PROVIDER_SYSTEM
from salus.eligibility.models import Right
from salus.eligibility.questions import AffiliationQuestion
from salus.eligibility.rules import Reason
from salus.eligibility.soap.names import SOAP, SOAP_11, WSA, ours, soap, wsa
from salus.eligibility.words import REASONS
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from tests import eligibility, software
from tests.links import registered
from tests.soap import (
    EL,
    ENV,
    HERE,
    Reply,
    Signer,
    Signing,
    Software,
    Timestamped,
    about,
    certificate_of_answers,
    envelope,
    posted,
    served,
    signed,
)

pytestmark = pytest.mark.usefixtures("database")
TOO_MUCH = b" " * 2**20


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    eligibility.register_heard(now())


@pytest.fixture(scope="module")
def pharmacy(database: Path) -> Software:
    return Software.new()


def insured() -> AffiliationQuestion:
    person = registered()
    eligibility.affiliate(person, date(2000, 1, 1))
    return eligibility.about(person)


def nobody() -> Any:
    return about(AffiliationQuestion(system=MATRICULE_SYSTEM, value="0000000000000"))


def test_zeep_asks_all_that_the_description_offers() -> None:
    pharmacy, name = Software.new(), f"Schmitz{uuid4().hex}"
    found = registered(family=name, given="Zoé", birth_date=date(1957, 3, 9))
    eligibility.affiliate(found, date(2000, 1, 1))
    asked, value = eligibility.about(found), str(uuid4())
    software.professional(value, software.organization(value))
    person = {"system": asked.system, "value": asked.value}
    prescriber = {"system": PROVIDER_SYSTEM, "value": value}
    with served() as address:
        client = zeep.Client(
            f"{address}?wsdl", wsse=Signing(pharmacy.signer), plugins=[WsAddressingPlugin()]
        )
        service = client.service
        answer = service.CheckAffiliation(person=person, proof=True)
        assert (answer.status, answer.reason, answer.lastKnown) == ("affiliated", "covered", False)
        assert answer.day == now().date()
        said = json.loads(urlsafe_b64decode(answer.proof.split(".")[1] + "=="))
        assert said["identifier"] == person
        assert service.CheckPrescriber(prescriber=prescriber).status == "may-prescribe"
        abroad = service.CheckPrescriber(prescriber={"value": "?"}, product="N02AA01")
        assert abroad.reason == "not-registered"
        lines = service.CheckBatch(
            line=[
                {"name": "good", "affiliation": {"person": person, "day": date(2001, 2, 3)}},
                {"name": "early", "affiliation": {"person": person, "day": date(1899, 12, 31)}},
                {"name": "doctor", "prescribing": {"prescriber": prescriber}},
            ]
        )
        assert {line.name: line.answer and line.answer.status for line in lines} == {
            "good": "affiliated",
            "early": None,
            "doctor": "may-prescribe",
        }
        assert lines[1].refused.code == "invalid-request"
        used = service.TellOfUse(proof=answer.proof, usedAt=now())
        assert (used.outcome, used.said, used.found) == ("pending", "affiliated", "affiliated")
        called = {"family": name, "given": "Zoé", "birthDate": date(1957, 3, 9), "mission": "M-1"}
        assert service.LookUp(**called).status == "affiliated"
        rights = service.GetRights()
        assert rights.right == sorted(Right)
        assert (rights.perDay, rights.asked, rights.refused) == (10_000, 8, 0)
        meant = {one.code: one.meaning for one in service.GetReasons(language="de-LU").reason}
        assert meant.keys() == set(Reason)
        with override("de"):
            assert meant["covered"] == str(REASONS[Reason.COVERED])
        assert service.GetStatus().status == "able"
        with pytest.raises(zeep.exceptions.Fault) as refused:
            service.CheckAffiliation(person={**person, "value": "x" * 257})
    assert refused.value.message == "CheckAffiliation/person/value: the value is not of its type"
    assert [str(code) for code in refused.value.subcodes] == [ours("invalid-request")]


class Trusting(BinarySignature):  # type: ignore[misc]  # zeep has no types
    """zeep's own, by which answers are verified with one's own certificate: here with the site's."""

    def verify(self, envelope: Any) -> Any:
        self.cert_data = certificate_of_answers()
        return super().verify(envelope)


def test_zeeps_own_signature_holds(tmp_path: Path) -> None:
    signer = Signer(key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    laboratory = Software.new(type="laboratory", signer=signer)
    (tmp_path / "key.pem").write_bytes(signer.key_pem)
    (tmp_path / "certificate.pem").write_bytes(signer.pem)
    own = Trusting(
        str(tmp_path / "key.pem"),
        str(tmp_path / "certificate.pem"),
        signature_method=Transform.RSA_SHA256,
        digest_method=Transform.SHA256,
    )
    asked = insured()
    with served() as address:
        client = zeep.Client(f"{address}?wsdl", wsse=Compose([Timestamped(), own]))
        answer = client.service.CheckAffiliation(
            person={"system": asked.system, "value": asked.value}
        )
    assert answer.status == "affiliated"
    assert eligibility.counted(laboratory.actor) == 1


def test_the_description_is_whole_and_names_no_other_host() -> None:
    site = Browser(SERVER_NAME="localhost")
    for query in ("wsdl", "WSDL", "xsd", ""):
        answer = site.get(f"/eligibility/soap?{query}")
        assert answer.status_code == 200
        tree = etree.fromstring(answer.content)
        named = {
            value
            for element in tree.iter()
            for name, value in element.attrib.items()
            if etree.QName(name).localname in ("schemaLocation", "location")
        }
        assert named == (set() if query == "xsd" else {HERE, f"{HERE}?xsd"})
        etree.fromstring(site.get("/eligibility/soap?xsd").content)
    assert site.put("/eligibility/soap").status_code == 405


def test_a_retry_with_the_same_id_gets_the_same_answer_and_counts_once() -> None:
    doctor, asked, sent = Software.new(type="hospital"), eligibility.about(registered()), uuid4()
    first = doctor.asks(about(asked), message_id=sent, created=now() - timedelta(minutes=2))
    again = doctor.asks(about(asked), message_id=sent)
    assert first.status == again.status == 200
    assert first.said("answeredAt") == again.said("answeredAt")
    assert eligibility.counted(doctor.actor) == 1
    relates = again.envelope.findtext(f"{soap('Header')}/{wsa('RelatesTo')}")
    assert relates == sent.urn
    other = doctor.asks(about(insured()), message_id=sent)
    assert (other.status, other.code) == (400, "conflict")


def test_ids_are_uuids() -> None:
    message_id = etree.Element(wsa("MessageID"))
    message_id.text = "http://counter.example/1"
    reply = posted(_with_token(nobody(), blocks=[message_id]), **_token())
    assert (reply.status, reply.code, reply.said("at")) == (400, "invalid-message", "MessageID")


def _token(purpose: PurposeOfUse = PurposeOfUse.COVERAGE) -> dict[str, str]:
    """Of a new caller that speaks with a token instead of signing."""
    made = eligibility.Asking.new(
        rights=[Right.AFFILIATION], per_minute=2, per_day=10, purpose=purpose
    )
    return made.authorization


def _with_token(request: Any, *, blocks: Any = ()) -> Any:
    return ENV.Envelope(ENV.Header(*blocks), ENV.Body(request))


def test_software_that_cannot_sign_comes_with_a_token() -> None:
    token, asked = _token(), insured()
    reply = posted(_with_token(about(asked)), **token)
    assert (reply.status, reply.said("status")) == (200, "affiliated")
    both = signed(envelope(about(asked)), by=Software.new().signer)
    reply = posted(both, **token)
    assert (reply.status, reply.text.endswith("not both")) == (401, True)
    assert posted(both).status == 200


def test_a_comment_hides_nothing() -> None:
    request = about(insured())
    value = request.find(f".//{ours('value')}")
    comment = etree.Comment("hidden")
    comment.tail, value.text = value.text[4:], value.text[:4]
    value.append(comment)
    token = _token()
    assert posted(_with_token(request), **token).said("status") == "affiliated"
    message = signed(envelope(request), by=Software.new().signer)
    assert b"<!--hidden-->" in etree.tostring(message)
    assert posted(message).said("status") == "affiliated"


def test_nobody_is_told_anything() -> None:
    reply = posted(_with_token(nobody()))
    assert (reply.status, reply.whose, reply.code) == (401, "Sender", "unauthorized")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert reply.headers["Cache-Control"] == "no-store"
    assert posted(_with_token(nobody()), Authorization="Bearer e30.e30.").status == 401


def test_limits_of_a_licence_are_said_within_what_was_asked(pharmacy: Software) -> None:
    value = str(uuid4())
    software.professional(value, software.organization(value), profession="309453006")
    asked = EL.CheckPrescriber(EL.prescriber(EL.value(value)))
    reply = pharmacy.asks(asked)
    only = [element.text for element in reply.content.iter(ours("only"))]
    assert only == sorted(country().ELIGIBILITY.prescribing["309453006"])


def test_what_a_caller_has_no_right_to_is_said() -> None:
    narrow = Software.new(rights=frozenset([Right.AFFILIATION]))
    reply = narrow.asks(about(eligibility.about(registered(), date(2020, 1, 1))))
    assert (reply.status, reply.code) == (403, "forbidden")
    treats = _token(PurposeOfUse.TREATMENT)
    for request in (EL.GetRights(), EL.GetReasons(), EL.GetStatus()):
        reply = posted(_with_token(request), **treats)
        assert (reply.status, reply.code) == (403, "forbidden")


def test_beyond_the_quota_the_fault_says_when_one_more_is_answered() -> None:
    token = _token()
    answers = [posted(_with_token(nobody()), **token) for _ in range(5)]
    reply = answers[-1]
    assert (reply.status, reply.code) == (429, "too-many")
    assert reply.said("wait") == reply.headers["Retry-After"]
    assert int(reply.headers["Retry-After"]) > 0


def faulty(reply: Reply) -> tuple[int, str, str]:
    return reply.status, reply.whose, reply.code


@pytest.mark.parametrize(
    ("request_", "at"),
    [
        (EL.CheckEverything(), "CheckEverything"),
        (EL.CheckAffiliationResponse(), "CheckAffiliationResponse"),
        (EL.Problem(EL.code("x")), "Body"),
        (ENV.CheckAffiliation(), "*"),
        (EL.GetRights(EL.more()), "GetRights"),
        (EL.GetRights("text"), "GetRights"),
        (EL.GetRights(x="1"), "GetRights"),
        (EL.CheckAffiliation(), "CheckAffiliation"),
        (EL.CheckAffiliation(EL.person(EL.system("a"), EL.value(""))), "CheckAffiliation/person/value"),
        (EL.CheckPrescriber(EL.prescriber(EL.system("a"))), "CheckPrescriber/prescriber"),
        (EL.CheckBatch(), "CheckBatch"),
        (EL.CheckBatch(EL.line(EL.affiliation(), name="a")), "CheckBatch/line/affiliation"),
    ],
)  # fmt: skip
def test_a_request_that_the_schema_does_not_know(
    pharmacy: Software, request_: Any, at: str
) -> None:
    reply = pharmacy.asks(request_)
    assert faulty(reply) == (400, "Sender", "invalid-request")
    assert reply.said("at") == at
    assert reply.text.startswith(f"{at}: ")


@pytest.mark.parametrize("day", ["2023-02-29", "0000-01-01", "20230101", "2023-01-01Z", "x", ""])
def test_a_day_is_a_day(pharmacy: Software, day: str) -> None:
    request = nobody()
    request.append(EL.day(day))
    reply = pharmacy.asks(request)
    assert faulty(reply) == (400, "Sender", "invalid-request")
    assert reply.said("at") == "CheckAffiliation/day"


def test_two_lines_of_a_batch_have_two_names(pharmacy: Software) -> None:
    line = EL.line(EL.affiliation(*nobody()), name="a")
    reply = pharmacy.asks(EL.CheckBatch(line, etree.fromstring(etree.tostring(line))))
    assert faulty(reply) == (400, "Sender", "invalid-request")


def whole(content: str) -> bytes:
    return f'<e:Envelope xmlns:e="{SOAP}">{content}</e:Envelope>'.encode()


_BODY = "<e:Body><a/></e:Body>"


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"<a>",
        whole(_BODY)[:-3],
        b"<a/>",
        whole(""),
        whole("<e:Header/>"),
        whole(_BODY + _BODY),
        whole(_BODY + "<e:Header/>"),
        whole(f"{_BODY}<other/>"),
        whole("<?target data?>" + _BODY),
        b"<?target data?>" + whole(_BODY),
        whole(f"<e:Header>{'<a>' * 40}{'</a>' * 40}</e:Header>{_BODY}"),
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + whole(_BODY),
        b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + whole("<e:Body>&b;</e:Body>"),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a>' + whole(_BODY).decode()).encode("utf-16"),
        whole("<e:Body>&unknown;</e:Body>"),
        whole("<e:Body>\xff</e:Body>").decode().encode("latin-1"),
        whole(f'<e:Header><MessageID xmlns="{WSA}"/><MessageID xmlns="{WSA}"/></e:Header>{_BODY}'),
        whole(f'<e:Header><ReplyTo xmlns="{WSA}"><Address>http://192.0.2.1</Address></ReplyTo></e:Header>{_BODY}'),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_before_anything_else(content: bytes) -> None:
    assert faulty(posted(content)) == (400, "Sender", "invalid-message")


def test_a_body_holds_one_request() -> None:
    for body in ("<e:Body/>", "<e:Body><a/><b/></e:Body>"):
        assert faulty(posted(whole(body), **_token())) == (400, "Sender", "invalid-message")


def test_sizes_and_types_are_bounded() -> None:
    assert posted(whole(_BODY) + TOO_MUCH).status == 413
    for kind in ("application/json", "text/xml", "application/x-www-form-urlencoded"):
        reply = posted(whole(_BODY), type=kind)
        assert faulty(reply) == (415, "Sender", "invalid-message")


def test_soap_1_1_is_told_which_version_is_spoken() -> None:
    old = f'<e:Envelope xmlns:e="{SOAP_11}">{_BODY}</e:Envelope>'.encode()
    answer = Browser(SERVER_NAME="localhost").post(
        "/eligibility/soap", old, content_type="text/xml", headers={"SOAPAction": '""'}
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "text/xml; charset=utf-8")
    told = etree.fromstring(answer.content)
    assert told.tag == f"{{{SOAP_11}}}Envelope"
    assert told.findtext(".//faultcode") == "env:VersionMismatch"
    supported = told.find(f".//{soap('SupportedEnvelope')}")
    assert supported.get("qname") == "new:Envelope" and supported.nsmap["new"] == SOAP
    newer = posted(b'<Envelope xmlns="urn:soap:2.0"/>')
    assert faulty(newer) == (500, "VersionMismatch", "version-mismatch")


def test_a_header_that_must_be_understood_is_named() -> None:
    block = '<x:Transaction xmlns:x="urn:x" e:mustUnderstand="{}" {}/>'

    def sent(must: str, role: str = "") -> Reply:
        header = f"<e:Header>{block.format(must, role)}</e:Header>"
        return posted(whole(header + _BODY))

    reply = sent("true")
    assert faulty(reply) == (500, "MustUnderstand", "not-understood")
    named = reply.envelope.find(f".//{soap('NotUnderstood')}")
    prefix, _, name = named.get("qname").partition(":")
    assert (named.nsmap[prefix], name) == ("urn:x", "Transaction")
    assert sent("0").code == "unauthorized"
    assert sent("1", 'e:role="urn:somebody-else"').code == "unauthorized"
