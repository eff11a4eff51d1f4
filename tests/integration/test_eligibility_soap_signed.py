"""Answers by SOAP as signed messages, verified by xmlsec; what is asked in rescue, and where there was no line."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.test import Client as Browser

from config.doctor_services import answers_by_soap
from salus.country.lu import MATRICULE_SYSTEM
from salus.eligibility.models import LookUp, Right
from salus.eligibility.questions import AffiliationQuestion
from salus.eligibility.soap.names import ours, soap, wsse, wsu
from salus.kernel.clock import now
from tests import eligibility
from tests.links import registered
from tests.soap import (
    EL,
    ENV,
    Reply,
    Signer,
    Software,
    about,
    certificate_of_answers,
    envelope,
    posted,
    signed,
    signed_parts,
)

pytestmark = pytest.mark.usefixtures("database")
ALL = {"Body", "Timestamp", "RelatesTo"}
BORN = "1957-03-09"


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    eligibility.register_heard(now())


@pytest.fixture(scope="module")
def crew(database: Path) -> Software:
    return Software.new(type="rescue")


def nobody() -> Any:
    return about(AffiliationQuestion(system=MATRICULE_SYSTEM, value="0000000000000"))


def _parts(reply: Reply) -> set[str]:
    return signed_parts(reply.envelope, by=certificate_of_answers())


# Signed


def test_the_answer_to_a_signed_message_is_signed_with_the_id_of_what_it_answers(
    crew: Software,
) -> None:
    before = now()
    reply = crew.asks(nobody(), message_id=uuid4())
    assert reply.said("status") == "not-affiliated" and _parts(reply) == ALL
    assert _parts(crew.asks(nobody())) == ALL - {"RelatesTo"}
    created, expires = (
        datetime.fromisoformat(reply.envelope.findtext(f".//{wsu(name)}"))
        for name in ("Created", "Expires")
    )
    assert before - timedelta(seconds=1) < created <= now()
    assert expires - created == timedelta(minutes=5)


def test_faults_are_signed_as_soon_as_it_is_known_who_asks() -> None:
    narrow = Software.new(rights=frozenset([Right.AFFILIATION]))
    forbidden = narrow.asks(EL.CheckBatch(EL.line(EL.affiliation(*nobody()), name="a")))
    invalid = narrow.asks(EL.CheckAffiliation(), message_id=uuid4())
    assert (forbidden.status, invalid.status) == (403, 400)
    assert (_parts(forbidden), _parts(invalid)) == (ALL - {"RelatesTo"}, ALL)
    stranger = posted(signed(envelope(nobody()), by=Signer()))
    assert stranger.status == 401
    assert stranger.envelope.find(f".//{wsse('Security')}") is None


def test_who_comes_with_a_token_gets_no_signature(crew: Software) -> None:
    token = {"Authorization": f"Bearer {eligibility.token(crew.actor)}"}
    reply = posted(ENV.Envelope(ENV.Header(), ENV.Body(nobody())), **token)
    assert reply.status == 200
    assert reply.envelope.find(f".//{wsse('Security')}") is None


@pytest.mark.parametrize("place", [ours("status"), wsu("Expires"), "{*}RelatesTo"])
def test_a_changed_answer_is_found_out(crew: Software, place: str) -> None:
    reply = crew.asks(nobody(), message_id=uuid4())
    changed = deepcopy(reply.envelope)
    changed.find(f".//{place}").text = "affiliated"
    with pytest.raises(xmlsec.Error):
        signed_parts(changed, by=certificate_of_answers())


def test_the_certificate_is_our_own_until_another_is_put_there(
    crew: Software, own_file: Path
) -> None:
    made = x509.load_pem_x509_certificate(certificate_of_answers())
    assert made.issuer == made.subject and made.not_valid_after_utc > now() + timedelta(days=3000)
    assert isinstance(key := made.public_key(), rsa.RSAPublicKey) and key.key_size == 3072
    assert own_file.stat().st_mode & 0o077 == 0
    assert [one.problem for one in answers_by_soap(settings.DATA)] == [None]
    assert certificate_of_answers() == certificate_of_answers()
    for of_authority in (Signer(), Signer(key=rsa.generate_private_key(65537, 2048))):
        own_file.write_bytes(of_authority.key_pem + of_authority.pem)
        assert certificate_of_answers() == of_authority.pem
        (ends,) = answers_by_soap(settings.DATA)
        assert ends.is_warning and "ends in 0 days" in str(ends)
        assert _parts(crew.asks(nobody())) == ALL - {"RelatesTo"}


def test_without_a_key_that_fits_nothing_is_answered_nor_counted(own_file: Path) -> None:
    doctor, one = Software.new(type="hospital"), Signer()
    assert doctor.asks(nobody()).status == 200
    for content in (b"", one.pem, one.key_pem, one.key_pem + Signer().pem):
        own_file.write_bytes(content)
        reply = doctor.asks(nobody())
        assert (reply.status, reply.whose, reply.code) == (500, "Receiver", "unavailable")
        (unfit,) = answers_by_soap(settings.DATA)
        assert unfit.problem and not unfit.is_warning
    assert eligibility.counted(doctor.actor) == 1


@pytest.fixture
def own_file(crew: Software) -> Iterator[Path]:
    """Of key and certificate, which is put back."""
    certificate_of_answers()
    file = Path(settings.DATA) / "secrets" / "soap_signing.pem"
    content = file.read_bytes()
    yield file
    file.write_bytes(content)


def test_anybody_may_have_the_certificate() -> None:
    answer = Browser(SERVER_NAME="localhost").get("/eligibility/soap?certificate")
    assert answer.headers["Content-Type"] == "application/x-pem-file"
    assert b"PRIVATE" not in answer.content


# In rescue


def called(family: str, *, born: str = BORN, mission: str = "M-1") -> Any:
    said = (EL.family(family), EL.given("Zoé"), EL.birthDate(born), EL.mission(mission))
    return EL.LookUp(*said)


def test_a_name_finds_and_owes_a_check(crew: Software) -> None:
    name = f"Schmitz{uuid4().hex}"
    person, sent = registered(family=name, given="Zoé", birth_date=date(1957, 3, 9)), uuid4()
    eligibility.affiliate(person, date(2000, 1, 1))
    before = eligibility.counted(crew.actor)
    found = crew.asks(called(name), message_id=sent)
    assert (found.said("status"), found.said("reason")) == ("affiliated", "covered")
    assert crew.asks(called(name), message_id=sent).said("answeredAt") == found.said("answeredAt")
    assert eligibility.counted(crew.actor) == before + 1
    owed = LookUp.objects.filter(caller__client=crew.actor.client, checked_at=None)
    assert owed.get().mission == "M-1"
    crew.asks(about(eligibility.about(person)))
    assert not owed.exists()


@pytest.mark.parametrize(
    ("changed", "at"),
    [
        ({"family": " "}, "LookUp/family"),
        ({"family": "Sch\tmitz"}, "LookUp/family"),
        ({"born": "1899-12-31"}, "LookUp/birthDate"),
        ({"born": "1957"}, "LookUp/birthDate"),
        ({"mission": "x" * 65}, "LookUp/mission"),
    ],
)
def test_a_look_up_that_is_none(crew: Software, changed: dict[str, str], at: str) -> None:
    reply = crew.asks(called(**{"family": "Schmitz", **changed}))
    assert (reply.status, reply.code, reply.said("at")) == (400, "invalid-request", at)


def test_rescue_is_asked_by_right() -> None:
    narrow = Software.new(rights=frozenset([Right.AFFILIATION]))
    assert narrow.asks(called("Schmitz")).status == 403


def used(proof: str, at: str) -> Any:
    return EL.TellOfUse(EL.proof(proof), EL.usedAt(at))


def proof(crew: Software) -> str:
    request = nobody()
    request.append(EL.proof("1"))
    return str(crew.asks(request).said("proof"))


def test_a_use_is_told_once_and_held_against_what_the_register_says(crew: Software) -> None:
    text, at, before = proof(crew), now(), eligibility.counted(crew.actor)
    first = crew.asks(used(text, at.isoformat()))
    assert first.said("outcome") == "pending"
    assert (first.said("said"), first.said("found")) == ("not-affiliated", "not-affiliated")
    eligibility.register_heard(now())
    again = crew.asks(used(text, f" {at.isoformat()}\n"))
    assert again.said("outcome") == "confirmed"
    assert eligibility.counted(crew.actor) == before + 1


@pytest.mark.parametrize(
    ("text", "at", "place"),
    [
        ("a.b.c", "2026-01-01T00:00:00Z", "proof"),
        ("a b", "2026-01-01T00:00:00Z", "proof"),
        ("", "2020-01-01T00:00:00Z", "usedAt"),
        ("", "2020-01-01T00:00:00", "usedAt"),
        ("", "2020-01-01T24:00:00Z", "usedAt"),
        ("", "9999-12-31T23:59:59-14:00", "usedAt"),
        ("", "0001-01-01T00:00:00+14:00", "usedAt"),
    ],
)
def test_a_use_that_is_none(crew: Software, text: str, at: str, place: str) -> None:
    reply = crew.asks(used(text or proof(crew), at))
    assert (reply.status, reply.said("at")) == (400, f"TellOfUse/{place}")


def test_a_silent_register_is_said_and_its_last_word_is_signed(crew: Software) -> None:
    person = registered()
    eligibility.affiliate(person, date(2000, 1, 1))
    asked = eligibility.about(person)
    eligibility.register_heard(now() - timedelta(days=31))
    assert crew.asks(EL.GetStatus()).said("status") == "unable"
    assert crew.asks(about(asked)).said("reason") == "register-silent"
    eligibility.register_heard(now() - timedelta(days=3))
    assert crew.asks(EL.GetStatus()).said("status") == "degraded"
    late = crew.asks(about(asked))
    assert (late.said("status"), late.said("lastKnown")) == ("affiliated", "true")
    assert late.said("proof")


# Words


def test_meanings_are_said_in_a_language_of_people(crew: Software) -> None:
    said = {}
    for language in ("fr", "DE", "lb-LU", " en "):
        reply = crew.asks(EL.GetReasons(EL.language(language)))
        said[language] = reply.content.findtext(f"{ours('status')}/{ours('meaning')}")
    assert said["DE"] == "Versichert" and said[" en "] == "Insured" and len(set(said.values())) == 4
    other = crew.asks(EL.GetReasons(EL.language("nl")))
    assert (other.status, other.said("at")) == (400, "GetReasons/language")
    message = signed(envelope(EL.GetReasons()), by=crew.signer)
    told = posted(message, Accept_Language="de").content.findtext(f".//{ours('meaning')}")
    assert told == said["DE"]
    assert reply.envelope.find(soap("Body")).get(wsu("Id")) == "Body"
