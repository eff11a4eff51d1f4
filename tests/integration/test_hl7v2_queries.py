"""What hospitals ask over HL7 v2: IHE PIX query (ITI-9) and demographics query (ITI-21)."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from salus.audit.models import EventKind
from salus.country.lu import matricule
from salus.hl7v2.framing import framed
from tests.fhir_patients import events
from tests.hl7v2_index import (
    KIS,
    LAB,
    families,
    feed,
    hospital,
    identifiers,
    status,
)
from tests.mllp import (
    SCOPE,
    Line,
    asked,
    edge_for,
    header,
    listening,
    pdq,
    pix,
    told,
)
from tests.software import organization, registered


@pytest.fixture(scope="module")
def port(database: Any) -> Iterator[int]:
    with hospital("700011") as port:
        yield port


# PIX


def test_pix_knows_the_other_identifiers(port: int) -> None:
    number = matricule(date(1971, 2, 3), 7)
    feed(port, f"100^^^{KIS}", f"200^^^{LAB}", f"{number}^^^LU&1.3.182.4.4&ISO")
    national = f"{number}^^^LU&1.3.182.4.4&ISO"
    for domains, found in (
        ((), {f"200^^^{LAB}", national}),
        ((f"^^^{LAB}",), {f"200^^^{LAB}"}),
        ((f"^^^{LAB}", "^^^LU"), {f"200^^^{LAB}", national}),
    ):
        answer = asked(port, pix(f"100^^^{KIS}", *domains))
        assert status(answer) == ("AA", "OK")
        assert identifiers(answer) == found
    with Line(port=port) as line:
        line.send(framed(pix(f"100^^^{KIS}").encode()))
        assert line.raw_answer().endswith(b"|| \r")  # PID-5: no domain's name
    only_own = asked(port, pix(f"200^^^{LAB}", f"^^^{LAB}"))
    assert status(only_own) == ("AA", "NF")
    assert "PID|" not in str(only_own)


@pytest.mark.parametrize(
    ("identifier", "domains", "places"),
    [
        ("unknown^^^&1.2.3.4&ISO", (), ["QPD^1^3^1^1"]),
        ("100^^^&2.9&ISO", (), ["QPD^1^3^1^4"]),
        ("100", (), ["QPD^1^3^1^4"]),
        ("100^^^&1.2.3.4&ISO", ("^^^&2.9&ISO",), ["QPD^1^4^1"]),
        (
            "100^^^&1.2.3.4&ISO",
            ("^^^&1.2.3.4&ISO", "^^^NOBODYS", "^^^&2.9&ISO", "^^^&no&ISO", "1"),
            ["QPD^1^4^2", "QPD^1^4^3", "QPD^1^4^4", "QPD^1^4^5"],
        ),
    ],
)
def test_pix_says_what_it_does_not_know(
    port: int, identifier: str, domains: tuple[str, ...], places: list[str]
) -> None:
    feed(port, f"100^^^{KIS}")
    answer = asked(port, pix(identifier, *domains))
    assert status(answer) == ("AE", "AE")
    assert [str(error(2)) for error in answer.segments("ERR")] == places
    assert {str(error(3)(1)(1)) for error in answer.segments("ERR")} == {"204"}


def test_a_namespace_is_that_of_its_house(port: int) -> None:
    feed(port, "1^^^WARD", name="Ours^Otto")
    theirs = registered(organization("700002", "hospital"), scope=SCOPE)
    with listening(edge_for(theirs.client_id).answer) as other:
        feed(other, "1^^^WARD", name="Theirs^Thea")
        assert families(asked(other, pdq("@PID.3.1^1", "@PID.3.4.1^WARD"))) == ["Theirs"]
    assert families(asked(port, pdq("@PID.3.1^1", "@PID.3.4.1^WARD"))) == ["Ours"]


def test_the_command_of_python_hl7_asks(port: int, tmp_path: Path) -> None:
    feed(port, f"120^^^{KIS}", f"220^^^{LAB}")
    file = tmp_path / "messages"
    file.write_bytes(b"".join(framed(pix(f"120^^^{KIS}").encode()) for _ in range(3)))
    command = Path(sys.executable).parent / "mllp_send"
    done = subprocess.run(
        [command, "--port", str(port), "--file", file, "127.0.0.1"],
        capture_output=True,
        check=True,
    )
    assert done.stdout.count(b"MSA|AA|") == done.stdout.count(f"220^^^{LAB}".encode()) == 3


# PDQ


@pytest.fixture(scope="module")
def people(port: int) -> None:
    for number, name, born, sex, city in (
        ("301", "Schmit^Anna^Maria", "19700101", "F", "Esch"),
        ("302", "Schmitz^Anna", "19700102", "F", "Diekirch"),
        ("303", "Schmit^Paul", "19710301", "M", "Esch"),
        ("304", "d'Almeida^J\u00falia", "19720405", "F", "Esch"),
    ):
        address = f"1, rue Haute^^{city}^^9999^LUX"
        feed(port, f"{number}^^^{KIS}", name=name, born=born, sex=sex, address=address)
    feed(port, f"301^^^{KIS}", f"L301^^^{LAB}", event="A08", name="Schmit^Anna^Maria",
         born="19700101", address="1, rue Haute^^Esch^^9999^LUX")  # fmt: skip


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        (["@PID.5.1.1^schmit"], ["301", "303"]),
        (["@PID.5.1^SCHMIT*"], ["301", "302", "303"]),
        (["@PID.5.1^Schmit", "@PID.5.2^Anna"], ["301"]),
        (["@PID.5.1^Schmit*", "@PID.5.2^An*"], ["301", "302"]),
        (["@PID.5.1^Schmit", "@PID.5.2^An"], []),
        (["@PID.5.1^D'ALMEIDA", "@PID.5.2^Julia"], ["304"]),
        (["@PID.7^19700102"], ["302"]),
        (["@PID.5.1^Schmit*", "@PID.7^1970"], ["301", "302"]),
        (["@PID.5.1^Schmit*", "@PID.7.1^197103"], ["303"]),
        (["@PID.5.1^Schmit", "@PID.8^M"], ["303"]),
        (["@PID.5.1^Schmit*", "@PID.11.3^esch"], ["301", "303"]),
        (["@PID.5.1^Schmit*", "@PID.11.3^Die*", "@PID.11.6^LUX"], ["302"]),
        (["@PID.5.1^Schmit*", "@PID.11.5^1"], []),
        (["@PID.3.1^301", "@PID.3.4.2^1.2.3.4", "@PID.3.4.3^ISO"], ["301"]),
        (["@PID.3.1^L301", "@PID.3.4.2^1.2.3.5", "@PID.3.4.3^ISO"], ["301"]),
        (["@PID.3.1^301", "@PID.3.4.2^1.2.3.5"], []),
        (["@PID.5.1^Nobody"], []),
    ],
)
def test_pdq_finds_by_each_field(port: int, parameters: list[str], found: list[str]) -> None:
    answer = asked(port, pdq(*parameters))
    assert status(answer) == ("AA", "OK" if found else "NF")
    numbers = (
        [str(one(1)) for segment in answer.segments("PID") for one in segment(3)] if found else []
    )
    assert sorted(number for number in numbers if number[0] != "L") == found


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        (["@PID.8^F"], "101"),
        (["@PID.7^1970"], "101"),
        (["@PID.5.2^Anna"], "101"),
        (["@PID.3.1^301"], "101"),
        (["@PID.3.4.2^1.2.3.4"], "101"),
        (["@PID.99^x"], "103"),
        (["@PV1.3^x"], "103"),
        (["nonsense"], "103"),
        (["@PID.5.1^*"], "102"),
        (["@PID.5.1^Sch*mit"], "102"),
        (["@PID.5.1^Schmit", "@PID.8^X"], "103"),
        (["@PID.5.1^Schmit", "@PID.7^yesterday"], "102"),
    ],
)
def test_pdq_refuses_what_it_does_not_understand(
    port: int, parameters: list[str], code: str
) -> None:
    answer = asked(port, pdq(*parameters))
    assert (*status(answer), told(answer)[1]) == ("AE", "AE", code)
    assert str(answer.segment("QPD")(3)) == "~".join(parameters)


@pytest.mark.usefixtures("people")
def test_pdq_returns_the_domains_that_were_asked_for(port: int) -> None:
    answer = asked(port, pdq("@PID.5.1^Schmit", domains=f"^^^{LAB}"))
    assert identifiers(answer) == {f"L301^^^{LAB}"}  # who has none there is left out
    unknown = asked(port, pdq("@PID.5.1^Schmit", domains=f"^^^{LAB}~^^^&2.9&ISO"))
    assert (*status(unknown), str(unknown.segment("ERR")(2))) == ("AE", "AE", "QPD^1^8^2")


@pytest.mark.usefixtures("people")
def test_pdq_comes_in_increments(port: int) -> None:
    query = ["@PID.5.1^Schmit*"]
    first = asked(port, pdq(*query, limit="2^RD"))
    pointer = str(first.segment("DSC")(1))
    assert len(first.segments("PID")) == 2
    second = asked(port, pdq(*query, limit="2^RD", pointer=pointer))
    assert len(second.segments("PID")) == 1
    assert "DSC|" not in str(second)
    whole = asked(port, pdq(*query))
    assert identifiers(first) | identifiers(second) == identifiers(whole)
    for other in (["@PID.5.1^d'Almeida"], ["@PID.5.1^Schmit"]):
        assert status(asked(port, pdq(*other, limit="2^RD", pointer=pointer))) == ("AE", "AE")
    assert told(asked(port, header("QCN^J01") + "QID|1|Q22\r")) == ("AA", "")


def test_each_question_counts_once(port: int) -> None:
    feed(port, f"401^^^{KIS}", name="Gez\u00e4hlt^Gerd")
    questions = [
        pdq("@PID.5.1^Gezahlt"),
        pdq("@PID.5.1^Niemand"),
        pix(f"401^^^{KIS}"),
        pix(f"none^^^{KIS}"),
    ]
    before = events(EventKind.INDEX_REQUEST)
    for question in [*questions, *questions]:
        asked(port, question)
    assert events(EventKind.INDEX_REQUEST) - before == len(questions)
    for wrong in (pdq("@PID.8^F"), pix("401")):
        asked(port, wrong)
    assert events(EventKind.INDEX_REQUEST) - before == len(questions)
