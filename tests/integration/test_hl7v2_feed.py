"""What hospitals tell of their patients over HL7 v2 (IHE ITI-8), and who may say what to whom."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import hl7
import pytest

from salus.access.oauth.actions import end_client
from salus.audit.models import EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.mpi.identities import identities_of
from salus.mpi.models import Person, PersonVersion
from salus.mpi.queries import person_identified
from tests.fhir_patients import events
from tests.hl7v2_index import (
    KIS,
    families,
    feed,
    hospital,
    identifiers,
    patient,
    person_with,
    status,
)
from tests.mllp import (
    SCOPE,
    Line,
    adt,
    asked,
    edge_for,
    header,
    listening,
    pdq,
    pid,
    pix,
    told,
)
from tests.software import SYSTEM, organization, registered


@pytest.fixture(scope="module")
def port(database: Any) -> Iterator[int]:
    with hospital("700001") as port:
        yield port


# The feed


def test_what_a_hospital_says_of_a_patient_is_what_the_index_shows(port: int) -> None:
    said = (
        "PID|1||77^^^KIS&1.2.3.4&ISO^PI||M\u00fcller^Ana^Maria^^Dr.^^L~Da Silva^^^^^^M|Pereira"
        "|19800229|F|||12, rue des Bains^2nd floor^Luxembourg^^1212^LUX^H"
        "||+352 27 12^PRN^PH^ana@example.org|||||8812^^^KIS&1.2.3.4&ISO||||||Y|2||||20240501|Y"
    )
    assert told(asked(port, adt("A04", said))) == ("AA", "")
    shown = patient("77")
    assert (shown["gender"], shown["birthDate"]) == ("female", "1980-02-29")
    assert (shown["multipleBirthInteger"], shown["deceasedDateTime"]) == (2, "2024-05-01")
    assert shown["name"][0] == {
        "use": "official",
        "family": "M\u00fcller",
        "given": ["Ana", "Maria"],
        "prefix": ["Dr."],
    }
    assert {"use": "maiden", "family": "Da Silva"} in shown["name"]
    assert shown["address"] == [
        {
            "use": "home",
            "line": ["12, rue des Bains 2nd floor"],
            "city": "Luxembourg",
            "postalCode": "1212",
            "country": "LU",
        }
    ]
    assert {one["value"] for one in shown["telecom"]} == {"+352 27 12", "ana@example.org"}
    assert shown["extension"][0]["valueString"] == "Pereira"
    # And PDQ gives it back as it came, so far as its fields go.
    (told_back,) = asked(port, pdq("@PID.5.1.1^Muller", "@PID.7^19800229")).segments("PID")
    assert str(told_back(5)).split("~")[0] == "M\u00fcller^Ana^Maria^^^^L"
    assert [str(told_back(number)) for number in (6, 7, 8, 18, 24, 25, 29, 30)] == [
        *("Pereira^^^^^^M", "19800229", "F", "8812^^^&1.2.3.4&ISO"),
        *("Y", "2", "20240501", "Y"),
    ]


def test_an_update_changes_and_the_former_name_still_finds(port: int) -> None:
    feed(port, f"88^^^{KIS}", name="Klein^Lis")
    feed(port, f"88^^^{KIS}", event="A08", name="Gross^Lis")
    assert patient("88")["name"][0]["family"] == "Gross"
    assert families(asked(port, pdq("@PID.5.1.1^Klein"))) == ["Gross"]


def test_a_message_that_is_sent_again_has_no_second_effect(port: int) -> None:
    first = adt("A08", pid(f"99^^^{KIS}", name="Eins^Tom"))
    second = adt("A08", pid(f"99^^^{KIS}", name="Zwei^Tom"))
    before = events(EventKind.PERSON_CHANGED)
    for message in (first, first, second, first, second):
        answer = asked(port, message)
        assert told(answer) == ("AA", "")
        assert f"MSA|AA|{hl7.parse(message)['MSH.10']}" in str(answer)
    person = person_with("99")
    with rows_of([person]):
        # Not "Eins" again, which an answer that was lost would have brought back.
        assert Person.objects.get(pk=person).family == "Zwei"
        assert PersonVersion.objects.filter(person=person).count() == 1
    assert events(EventKind.PERSON_CHANGED) - before == 1


@pytest.mark.parametrize(
    ("segment", "code", "at"),
    [
        ("PID|1||||Weber^Anna||19800229|F", "101", "PID-3"),
        ("PID|1||5||Weber^Anna||19800229|F", "101", "PID-3"),
        ("PID|1||5^^^KIS&nonsense&ISO||Weber^Anna||19800229|F", "103", "PID-3"),
        ("PID|1||1980022900012^^^&1.3.182.4.4&ISO||Weber^Anna||19800229|F", "102", "PID-3"),
        (f"PID|1||5^^^{KIS}||^Anna||19800229|F", "101", "PID-5"),
        (f"PID|1||5^^^{KIS}||Weber^Anna|||F", "101", "PID-7"),
        (f"PID|1||5^^^{KIS}||Weber^Anna||1980|F", "101", "PID-7"),
        (f"PID|1||5^^^{KIS}||Weber^Anna||19800231|F", "102", "PID-7"),
        (f"PID|1||5^^^{KIS}||Weber^Anna||29.2.1980|F", "102", "PID-7"),
        (f"PID|1||5^^^{KIS}||Weber^Anna||29800101|F", "102", "PID-7"),
        (f"PID|1||5^^^{KIS}||Weber^Anna||19800229|X", "103", "PID-8"),
        (f"PID|1||5^^^{KIS}||Weber^Anna||19800229|F{'|' * 21}19700101", "102", "PID-29"),
        (f"PID|1||5^^^{KIS}||Weber^\\C2842\\||19800229|F", "102", "PID-5"),
        ("PV1|1|I", "100", "PID"),
    ],
)
def test_a_field_that_is_wrong_is_named_and_nothing_is_kept(
    port: int, segment: str, code: str, at: str
) -> None:
    old = asked(port, adt("A01", segment))
    assert told(old) == ("AE", code)
    assert str(old["MSA.3"]).startswith(f"{at} ")
    new = asked(port, adt("A01", segment, version="2.5"))
    assert told(new) == ("AE", code)
    place = [str(part) for part in new.segment("ERR")(2)(1)]
    assert "-".join([place[0], *place[2:3]]) == at
    assert person_identified([("urn:oid:1.2.3.4", "5")]) is None


def test_errors_never_tell_what_was_sent(port: int) -> None:
    answer = str(asked(port, adt("A01", f"PID|1||5^^^{KIS}||Weber^Anna||19800231|F")))
    assert "Weber" not in answer and "1980" not in answer


def merge(survivor: str, replaced: str, **head: str) -> str:
    return adt("A40", f"PID|1||{survivor}||Zwilling^Anna", more=f"MRG|{replaced}\r", **head)


def test_a_record_that_is_replaced_answers_with_the_other_one(port: int) -> None:
    feed(port, f"110^^^{KIS}", name="Alt^Ida", born="19500607", address="")
    feed(port, f"111^^^{KIS}", name="Neumann^Uta", born="19610708", address="")
    said = merge(f"111^^^{KIS}", f"110^^^{KIS}")
    before = events(EventKind.PERSONS_LINKED)
    for _ in range(2):
        assert told(asked(port, said)) == ("AA", "")
    assert events(EventKind.PERSONS_LINKED) - before == 1
    assert identifiers(asked(port, pix(f"110^^^{KIS}"))) == {f"111^^^{KIS}"}
    assert identities_of(person_with("110")).root == person_with("111")


@pytest.mark.parametrize(
    ("survivor", "replaced", "code"),
    [
        (f"112^^^{KIS}", f"none^^^{KIS}", "204"),
        (f"none^^^{KIS}", f"112^^^{KIS}", "101"),  # and too little is said of a new one
        (f"112^^^{KIS}", "", "204"),
        # The nation's numbers are not the sender's to merge.
        (f"112^^^{KIS}", "{national}", "103"),
        ("{national}", f"112^^^{KIS}", "103"),
    ],
)
def test_a_merge_of_what_is_not_the_senders_is_refused(
    port: int, survivor: str, replaced: str, code: str
) -> None:
    number = matricule(date(1969, 1, 2), 3)
    feed(port, f"112^^^{KIS}", name="Eigen^Eva")
    feed(port, f"113^^^{KIS}", f"{number}^^^LU", name="Fremd^Fritz", born="19690102")
    national = f"{number}^^^LU"
    said = merge(survivor.format(national=national), replaced.format(national=national))
    assert told(asked(port, said)) == ("AE", code)
    assert identities_of(person_with("113")).all == (person_with("113"),)


# Character sets, headers, rights


def test_an_answer_comes_in_the_character_set_of_the_question(port: int) -> None:
    feed(port, f"501^^^{KIS}", name="Wa\u0142\u0119sa^\u00c9va")
    with Line(port=port) as line:
        for charset, shown, codec in (
            ("8859/2", "8859/2", "iso8859-2"),
            ("8859/1", "UNICODE UTF-8", "utf-8"),  # which lacks a letter
            ("", "UNICODE UTF-8", "utf-8"),
        ):
            line.send(b"\x0b" + pdq("@PID.5.1^Walesa", charset=charset).encode() + b"\x1c\r")
            answer = line.raw_answer().decode(codec)
            assert "Wa\u0142\u0119sa^\u00c9va" in answer
            assert answer.split("\r")[0].endswith(f"|{shown}")


@pytest.mark.parametrize(
    ("message", "told_back"),
    [
        (header("ORU^R01"), ("AR", "200")),
        (header("ADT^A03", version="2.3.1"), ("AR", "201")),
        (header("QBP^Q25"), ("AR", "201")),
        (header("ADT^A01", version="2.1"), ("AR", "203")),
        (header("QBP^Q22", version="2.3.1"), ("AR", "203")),
        (header("ADT^A01", processing="T"), ("AR", "202")),
        (header("ADT^A01", charset="EBCDIC"), ("AR", "103")),
        ("no message", ("AR", "100")),
    ],
)
def test_a_header_that_is_not_served_is_rejected(
    port: int, message: str, told_back: tuple[str, str]
) -> None:
    assert told(asked(port, message)) == told_back


def test_a_message_without_its_id_or_for_somebody_else_is_rejected(database: Any) -> None:
    edge = edge_for("nobody", applications=frozenset(["SALUS"]))
    with listening(edge.answer) as port:
        nameless = header("ADT^A01", id="NONE").replace("|NONE|", "||")
        assert told(asked(port, nameless)) == ("AR", "101")
        other = header("ADT^A01").replace("|SALUS|", "|ELSEWHERE|")
        assert told(asked(port, other)) == ("AR", "103")


@pytest.mark.parametrize(
    ("scope", "purposes", "may_feed", "may_ask"),
    [
        ("system/Patient.rs", (PurposeOfUse.TREATMENT,), False, True),
        ("system/Patient.cu", (PurposeOfUse.TREATMENT,), True, False),
        ("system/Patient.c", (PurposeOfUse.TREATMENT,), False, False),
        ("system/*.cruds", (PurposeOfUse.TREATMENT,), True, True),
        ("system/Observation.cruds", (PurposeOfUse.TREATMENT,), False, False),
        ("system/Patient.cruds?gender=male", (PurposeOfUse.TREATMENT,), False, False),
        ("system/Patient.cruds", (PurposeOfUse.COVERAGE,), False, False),
    ],
)
def test_software_may_what_it_is_registered_for(
    database: Any,
    scope: str,
    purposes: tuple[PurposeOfUse, ...],
    may_feed: bool,
    may_ask: bool,
) -> None:
    client = registered(organization("700003", "hospital"), scope=scope, purposes=purposes)
    with listening(edge_for(client.client_id).answer) as port:
        fed = told(asked(port, adt("A01", pid("601^^^OWN"))))
        assert fed == (("AA", "") if may_feed else ("AR", "207"))
        for question in (pdq("@PID.5.1^Nobody"), pix("601^^^OWN", "^^^OWN")):
            acknowledged, _code = told(asked(port, question))
            assert (acknowledged != "AR") == may_ask


def test_a_client_that_has_ended_is_refused_on_a_line_that_is_open(database: Any) -> None:
    client = registered(organization("700004", "hospital"), scope=SCOPE)
    with listening(edge_for(client.client_id).answer) as port, Line(port=port) as line:
        assert told(line.ask(pdq("@PID.5.1^Nobody"))) == ("AA", "")
        end_client(actor=SYSTEM, at=now(), client_id=client.client_id)
        answer = line.ask(pdq("@PID.5.1^Nobody"))
        assert (*status(answer), told(answer)[1]) == ("AR", "AR", "207")


def test_without_a_named_client_nobody_speaks(database: Any) -> None:
    with listening(edge_for().answer) as port:
        assert told(asked(port, pdq("@PID.5.1^Nobody"))) == ("AR", "207")
        assert told(asked(port, adt("A01", pid(f"602^^^{KIS}")))) == ("AR", "207")
    assert person_identified([("urn:oid:1.2.3.4", "602")]) is None


def test_the_national_system_is_the_countrys() -> None:
    assert MATRICULE_SYSTEM == "urn:oid:1.3.182.4.4"  # as the messages above write it
