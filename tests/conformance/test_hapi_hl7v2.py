"""HAPI, an HL7 v2 library in Java that knows nothing of ours, feeds the patient index and asks it."""

import os
import subprocess
from pathlib import Path
from typing import Any

import hl7
import pytest

from tests.mllp import SCOPE, adt, edge_for, listening, pdq, pid, pix, told
from tests.software import organization, registered

pytestmark = [pytest.mark.conformance, pytest.mark.java]

_PROGRAM = Path(__file__).parent / "hl7v2" / "Client.java"
KIS, LAB = "&1.2.8.4&ISO", "&1.2.8.5&ISO"


def test_hapi_feeds_and_asks_on_one_connection(database: Any, tmp_path: Path) -> None:
    domains = ["urn:oid:1.2.8.4", "urn:oid:1.2.8.5"]
    client = registered(organization("720001", "hospital"), scope=SCOPE, domains=domains)
    somebody = pid(f"1^^^{KIS}", f"L1^^^{LAB}", name="M\u00fcller^Zo\u00e9")
    asked = [
        (adt("A04", somebody), "ACK", "AA"),
        (adt("A08", somebody, version="2.5"), "ACK", "AA"),
        (adt("A04", pid(f"2^^^{KIS}", name="Neu^Uta", born="19610708")), "ACK", "AA"),
        (
            adt("A40", f"PID|1||2^^^{KIS}||Neu^Uta", more=f"MRG|1^^^{KIS}\r"),
            "ACK",
            "AA",
        ),
        (adt("A04", f"PID|1||3^^^{KIS}||Neu^Uta||19610799"), "ACK", "AE"),
        (pix(f"1^^^{KIS}"), "RSP_K23", "AA"),
        (pix(f"none^^^{KIS}"), "RSP_K23", "AE"),
        (pdq("@PID.5.1.1^Muller"), "RSP_K21", "AA"),
        (pdq("@PID.8^F"), "RSP_K21", "AE"),
    ]
    file = tmp_path / "messages"
    file.write_text("\n".join(text for text, _structure, _code in asked), newline="")
    jars = Path(os.environ["SALUS_HAPI_HL7V2"]) / "*"
    with listening(edge_for(client.client_id).answer) as port:
        done = subprocess.run(
            ["java", "-Dca.uhn.hl7v2.llp.charset=UTF-8", "-cp", jars, _PROGRAM, str(port), file],
            capture_output=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr.decode()
    lines = [line.split("\t", 1) for line in done.stdout.decode().split("\n") if "\t" in line]
    answers = [hl7.parse(text.replace("\x1e", "\r")) for _structure, text in lines]
    assert [
        (structure, told(answer)[0]) for (structure, _), answer in zip(lines, answers, strict=True)
    ] == [(structure, code) for _text, structure, code in asked]
    assert f"L1^^^{LAB}" in str(answers[5]) and f"2^^^{KIS}" in str(answers[5])
    assert "M\u00fcller^Zo\u00e9" in str(answers[7])
