"""Registers' files as they are read: what each line says, and which are refused why."""

import json
from datetime import date
from io import BytesIO
from typing import Any

import pytest

from salus.directory.lines import Line
from salus.directory.models import Kind
from salus.directory.reading import MOST_LINES, Reading, read
from salus.kernel.errors import InvalidInput
from tests.fhir_bundles import bundle

COLLEGE = "https://college.example/members"
HEADER = "kind,identifier,family,given,profession,languages"


def reading(content: bytes | str, kind: Kind | None = None) -> Reading:
    body = content.encode() if isinstance(content, str) else content
    return read(BytesIO(body), system=COLLEGE, kind=kind)


def lines(content: bytes | str, kind: Kind | None = None) -> list[Line]:
    return list(reading(content, kind).lines)


def the_line(*rows: str, kind: Kind | None = None) -> Line:
    (line,) = lines("\n".join(rows), kind)
    return line


def test_a_line_of_csv_is_what_it_says() -> None:
    header = "kind,identifier,since,until,practitioner,organization,telephone,new_patients,hours"
    row = 'PractitionerRole,R1,2024-01-01,2026-01-01,7,urn:x|9,-,yes,"Mo-We,Fr 08:00-12:00"'
    assert the_line(header, row) == Line(
        number=2,
        kind=Kind.ROLE,
        system=COLLEGE,
        value="R1",
        since=date(2024, 1, 1),
        until=date(2026, 1, 1),
        said={
            "practitioner": f"{COLLEGE}|7",
            "organization": "urn:x|9",
            "telephone": None,
            "new_patients": True,
            "hours": [
                {
                    "daysOfWeek": ["mon", "tue", "wed", "fri"],
                    "availableStartTime": "08:00",
                    "availableEndTime": "12:00",
                }
            ],
        },
    )


@pytest.mark.parametrize(
    ("charset", "delimiter", "form"),
    [
        ("utf-8", ",", "CSV (UTF-8, parted by commas)"),
        ("utf-8-sig", ";", "CSV (UTF-8, parted by semicolons)"),
        ("utf-16", "\t", "CSV (UTF-16, parted by tabs)"),
        ("cp1252", ";", "CSV (Windows-1252, parted by semicolons)"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_charset_and_dialect_are_found(charset: str, delimiter: str, form: str, end: str) -> None:
    content = f"{HEADER}{end}Practitioner,7,Müller,Léa,62247001,fr pt{end}".replace(",", delimiter)
    found = reading(content.encode(charset))
    (line,) = found.lines
    assert (found.form, line.said["family"]) == (form, "Müller")
    assert line.said["languages"] == ["fr", "pt"]
    assert any("not UTF-8" in note for note in found.notes) is (charset == "cp1252")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("Practitioner,7,Weber", "has 3 values, but the first line names 6"),
        ("Practitioner,7,Weber,Léa,62247001,fr,more", "has 7 values"),
        ("Wizard,7,Weber,Léa,62247001,fr", "kind: should be one of Practitioner"),
        (",7,Weber,Léa,62247001,fr", "kind: is missing"),
        ('Practitioner,7,"Weber"x,Léa,62247001,fr', "is not CSV"),
        ("Practitioner,7,We\0ber,Léa,62247001,fr", "family: holds what is no character"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_the_others_go_on(
    row: str, problem: str
) -> None:
    right = "Practitioner,8,Weis,Jo,62247001,fr"
    wrong, other = lines("\n".join([HEADER, "", row, right]))
    assert (wrong.number, other.number, other.problem) == (3, 4, "")
    assert problem in wrong.problem


def test_a_quote_that_is_never_closed_refuses_what_it_swallows() -> None:
    found = lines(f'{HEADER}\nPractitioner,8,Weis,Jo,62247001,fr\nPractitioner,9,"Weber,L,6,fr\nx')
    assert [(line.number, bool(line.problem)) for line in found] == [(2, False), (3, True)]


def test_a_line_of_several_lines_has_the_number_of_its_first() -> None:
    found = lines('identifier,name,line\n1,"A\nB",x\n2,C,y', Kind.ORGANIZATION)
    assert [line.number for line in found] == [2, 4]


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("latitude", '"49,6117"', 49.6117),
        ("longitude", "6.13", 6.13),
        ("accessible", "No", False),
        ("limits", '"N02A, N05"', ["N02A", "N05"]),
        (
            "hours",
            "24/7",
            [
                {
                    "daysOfWeek": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                    "allDay": True,
                }
            ],
        ),
    ],
)
def test_cells_that_are_no_text(column: str, cell: str, value: Any) -> None:
    assert the_line(f"identifier,{column}", f"1,{cell}", kind=Kind.LOCATION).said == {column: value}


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("latitude", "north"),
        ("accessible", "perhaps"),
        ("since", "03.05.2025"),
        ("hours", "morning"),
        ("hours", "Mo-Xx 08:00-12:00"),
        ("hours", "Fr-Mo 08:00-12:00"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(column: str, cell: str) -> None:
    line = the_line(f"identifier,{column}", f"1,{cell}", kind=Kind.LOCATION)
    assert line.problem.startswith(f"{column}: should be ")
    assert line.value == "1"  # it is named, and so does not end


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \n", "the file is empty"),
        (b"Dear registrar,\n", "names no column identifier"),
        (b"PK\x03\x04\x81rest", "names no column identifier"),
        (b"kind,identifier,family,Family\n", "names a column twice: family"),
        (b"identifier,family\n", "does not say what it tells of"),
        (b'{"resourceType": "Bundle", "type"', "not JSON"),
        (b'{"resourceType":\n "Patient"}', "resourceType must be Bundle"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(content: bytes, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        lines(content)


def test_what_is_too_much_is_refused() -> None:
    with pytest.raises(InvalidInput, match="larger than 64 MiB"):
        reading(b" " * (64 * 2**20 + 1))
    with pytest.raises(InvalidInput, match=f"more than {MOST_LINES} lines"):
        lines("identifier,name\n" + "1,a\n" * (MOST_LINES + 1), Kind.ORGANIZATION)


def test_columns_that_are_not_known_are_told() -> None:
    found = reading("identifier,name,telefone,same_as\n1,A,5,2\n", Kind.ORGANIZATION)
    assert found.notes == ("columns that are not known and not used: telefone, same_as",)
    assert next(found.lines).said == {"name": "A"}


PRACTITIONER = {
    "resourceType": "Practitioner",
    "id": "p1",
    "identifier": [{"system": COLLEGE, "value": "7"}],
    "active": True,
    "name": [{"family": "Weber", "given": ["Léa", "Marie"], "prefix": ["Dr."]}],
    "telecom": [
        {"system": "phone", "value": "+352 99", "use": "home"},
        {"system": "phone", "value": "+352 22", "use": "work"},
    ],
    "birthDate": "1980-05-01",
    "gender": "female",
    "communication": [{"coding": [{"system": "urn:ietf:bcp:47", "code": "pt"}]}],
    "qualification": [
        {
            "identifier": [{"system": "urn:licences", "value": "L1"}],
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "62247001"}]},
            "period": {"start": "2010-01-01", "end": "2029-12-31"},
            "extension": [
                {
                    "url": "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification",
                    "extension": [
                        {
                            "url": "whereValid",
                            "valueCodeableConcept": {"coding": [{"code": "LU"}]},
                        }
                    ],
                }
            ],
        }
    ],
}
ORGANIZATION = {
    "resourceType": "Organization",
    "id": "o1",
    "identifier": [{"system": COLLEGE, "value": "H"}],
    "name": "Clinic",
    "active": False,
    "type": [{"coding": [{"code": "prov"}]}],
}
ROLE = {
    "resourceType": "PractitionerRole",
    "identifier": [{"system": COLLEGE, "value": "R"}],
    "practitioner": {"reference": "Practitioner/p1"},
    "organization": {"identifier": {"system": COLLEGE, "value": "H"}},
    "availableTime": [{"daysOfWeek": ["mon"], "allDay": True}],
    "period": {"start": "2020-01-01"},
}
SAID = [
    {
        "family": "Weber",
        "given": "Léa Marie",
        "prefix": "Dr.",
        "gender": "female",
        "birth_date": "1980-05-01",
        "profession": "62247001",
        "languages": ["pt"],
        "telephone": "+352 22",
        "private_telephone": "+352 99",
    },
    {"practitioner": f"{COLLEGE}|7", "profession": "62247001", "country": "LU"},
    {"name": "Clinic", "type": "hospital", "status": "ended"},
    {
        "practitioner": f"{COLLEGE}|7",
        "organization": f"{COLLEGE}|H",
        "hours": [{"daysOfWeek": ["mon"], "allDay": True}],
    },
]


def as_ndjson(*resources: Any) -> bytes:
    return b"\n".join(json.dumps(resource).encode() for resource in resources)


def as_bundle(*resources: Any) -> bytes:
    return json.dumps(bundle({str(n): one for n, one in enumerate(resources)})).encode()


def test_resources_of_fhir_say_what_they_hold() -> None:
    found = lines(as_ndjson(PRACTITIONER, ORGANIZATION, ROLE))
    assert [line.said for line in found] == SAID
    assert not any(line.problem for line in found)
    licence = found[1]
    assert (licence.system, licence.value, licence.number) == ("urn:licences", "L1", 1)
    assert (licence.since, licence.until) == (date(2010, 1, 1), date(2030, 1, 1))


def test_a_bundle_says_the_same() -> None:
    role = ROLE | {"practitioner": {"reference": f"Practitioner?identifier={COLLEGE}|7"}}
    assert [line.said for line in lines(as_bundle(role, PRACTITIONER, ORGANIZATION))] == [
        SAID[3],
        *SAID[:3],
    ]


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({"resourceType": "Patient"}, "resourceType: should be one of"),
        (PRACTITIONER | {"name": [{}]}, "name[0].family: missing"),
        (PRACTITIONER | {"birthDate": "1980"}, "birthDate: must be exact to the day"),
        (ROLE | {"practitioner": {"reference": "Practitioner/none"}}, "names nothing"),
        (ROLE | {"practitioner": {"reference": "#contained"}}, "names nothing"),
        (PRACTITIONER | {"identifier": 5}, "identifier: an array is expected"),
        ([1], "no resource of FHIR"),
    ],
)
def test_a_wrong_resource_is_refused_and_the_others_go_on(broken: Any, problem: str) -> None:
    first, wrong, *others = lines(as_ndjson(ORGANIZATION, broken, PRACTITIONER))
    assert (first.problem, wrong.number, others[0].problem) == ("", 2, "")
    assert problem in wrong.problem


def test_a_line_that_is_no_json_or_too_long_is_refused_alone() -> None:
    long = json.dumps({"resourceType": "x", "id": "y" * 2**21}).encode()
    content = b"\n".join([as_ndjson(ORGANIZATION), b"{oh", long, as_ndjson(PRACTITIONER)])
    assert [(line.number, line.problem) for line in lines(content)] == [
        (1, ""),
        (2, "not JSON: line 1 column 2"),
        (3, "longer than 1 MiB"),
        (4, ""),
        (4, ""),
    ]
