"""IHE PDQm over HTTP: Patient Demographics Query (ITI-78) and Match (ITI-119); the cases stand in
docs/reference/ihe-patient-index.md."""

from typing import Any

import pytest
from defusedxml import ElementTree

from salus.fhir import validation
from salus.fhir.resource import Body
from salus.mpi.fhir.explanation import EXPLANATION, definition
from salus.mpi.fhir.matching import MATCH_GRADE, MOST
from tests.fhir_client import Answer, Fhir
from tests.patient_index import (
    BLUE,
    RED,
    also_known,
    fed,
    hospital,
    links,
    number,
    registered,
    requests,
    somebody,
)

pytestmark = pytest.mark.usefixtures("nation")


@pytest.fixture(scope="module")
def client(nation: object) -> Fhir:
    return hospital()


@pytest.fixture(scope="module")
def known(client: Fhir) -> Body:
    """Somebody of whom a hospital says all that is searched by."""
    maiden = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"
    body = somebody(
        telecom=[{"system": "phone", "value": "+352 621 000 001"}],
        extension=[{"url": maiden, "valueString": "Steichen"}],
        active=True,
        managingOrganization={"reference": "Organization/1"},
    )
    body["address"][0] |= {"state": "Esch-sur-Alzette", "text": "chez sa mère"}
    answer = client.post("Patient", body)
    assert answer.status == 201, answer.body
    return answer.body


def search(client: Fhir, **query: Any) -> Answer:
    named = {name.replace("__", ":").replace("_c_", "-"): value for name, value in query.items()}
    return client.get("Patient", named, Prefer="handling=strict")


# ITI-78


FILTERS = {
    "active": ("true", "false"),
    "given": ("", "Zacharias"),
    "telecom": ("+352 621 000 001", "+352 621 000 002"),
    "address": ("chez sa", "chez son"),
    "address_c_city": ("dudel", "Esch"),
    "address_c_country": ("LU", "FR"),
    "address_c_postalcode": ("L-34", "L-1"),
    "address_c_state": ("esch", "Luxembourg"),
    "gender": ("female", "male"),
    "mothersMaidenName": ("steich", "Weber"),
    "organization": ("Organization/1", "Organization/2"),
}


@pytest.mark.parametrize("parameter", FILTERS)
def test_each_parameter_filters(client: Fhir, known: Body, parameter: str) -> None:
    yes, no = FILTERS[parameter]
    yes = yes or known["name"][0]["given"][0]
    family = known["name"][0]["family"]
    assert search(client, family=family, **{parameter: yes}).ids == [known["id"]]
    assert search(client, family=family, **{parameter: no}).ids == []


@pytest.mark.parametrize("parameter", ["_id", "family", "identifier", "birthdate"])
def test_by_itself_finds_whom_it_names(client: Fhir, known: Body, parameter: str) -> None:
    value = {
        "_id": known["id"],
        "family": known["name"][0]["family"],
        "identifier": number(known),
        "birthdate": known["birthDate"],
    }[parameter]
    assert known["id"] in search(client, **{parameter: value}).ids


def test_what_names_nobody_is_refused_by_itself(client: Fhir) -> None:
    for query in ({"gender": "female"}, {"telecom": "1"}, {"address_c_city": "Luxembourg"}):
        answer = search(client, **query)
        assert answer.status == 400
        assert "say whom you mean" in answer.body["issue"][0]["details"]["text"]


def test_combinations_and_repeated_parameters(client: Fhir, known: Body) -> None:
    family, born = known["name"][0]["family"], known["birthDate"]
    first, second = known["name"][0]["given"]
    assert search(client, family=family, gender="female").ids == [known["id"]]
    assert search(client, family=family, birthdate=born).ids == [known["id"]]
    assert search(client, family=f"{family},nobody", given=first).ids == [known["id"]]
    assert search(client, family=family, given=[first, second]).ids == [known["id"]]
    assert search(client, family=family, given=[first, "Zacharias"]).ids == []


@pytest.mark.parametrize(
    ("parameter", "said", "other"),
    [
        ("address_c_city", "Dudelange", "dudelange"),
        ("address_c_city", "Dudelange", "Dudel"),
        ("mothersMaidenName", "Steichen", "Steich"),
        ("address", "chez sa mère", "chez sa"),
    ],
)
def test_exact_is_exact(client: Fhir, known: Body, parameter: str, said: str, other: str) -> None:
    family = known["name"][0]["family"]
    assert search(client, family=family, **{f"{parameter}__exact": said}).ids == [known["id"]]
    assert search(client, family=family, **{f"{parameter}__exact": other}).ids == []


def test_names_are_exact_too(client: Fhir, known: Body) -> None:
    family, given = known["name"][0]["family"], known["name"][0]["given"]
    for parameter in ("given", "name"):
        for said in (*given, " ".join(given)):
            found = search(client, family=family, **{f"{parameter}__exact": said})
            assert found.ids == [known["id"]], (parameter, said)
        assert search(client, family=family, **{f"{parameter}__exact": given[0].lower()}).ids == []
    assert search(client, family__exact=family).ids == [known["id"]]
    assert search(client, family__exact=family.lower()).ids == []


def test_by_post_as_by_get_in_json_and_xml(client: Fhir, known: Body) -> None:
    family = known["name"][0]["family"]
    assert client.form("Patient/_search", family=family).ids == [known["id"]]
    answer = client.get("Patient", {"family": family}, Accept="application/fhir+xml")
    bundle = ElementTree.fromstring(answer.content)
    assert bundle.tag == "{http://hl7.org/fhir}Bundle"
    assert client.get("Patient", {"family": family, "_format": "ttl"}).status == 406


def test_nobody_found_is_an_empty_bundle(client: Fhir) -> None:
    before = requests()
    answer = search(client, family="Niemandsland")
    assert (answer.status, answer.ids, answer.body["total"]) == (200, [], 0)
    assert requests() == before + 1


def test_a_read_of_nobody_is_not_found(client: Fhir) -> None:
    answer = client.get("Patient/999999999")
    assert (answer.status, answer.body["issue"][0]["code"]) == (404, "not-found")


@pytest.fixture(scope="module")
def joined(client: Fhir) -> tuple[Body, str]:
    """A hospital's record that the matcher linked, and the golden record's id."""
    body = somebody()
    root = registered(body)
    answer = fed(client, body)
    assert answer.status == 201, answer.body
    return answer.body, str(root)


def test_any_record_finds_the_golden_record(client: Fhir, joined: tuple[Body, str]) -> None:
    record, root = joined
    assert record["id"] != root
    for query in (
        {"identifier": number(record)},
        {"_id": record["id"]},
        {"_id": f"{record['id']},{root}"},
        {"family": record["name"][0]["family"], "birthdate": record["birthDate"]},
    ):
        answer = search(client, **query)
        assert answer.ids == [root], query
    (golden,) = (entry["resource"] for entry in answer.body["entry"])
    systems = {one["system"] for one in golden["identifier"]}
    assert RED in systems and len(systems) == 2


def test_a_linked_record_refers_to_the_golden_record(
    client: Fhir, joined: tuple[Body, str]
) -> None:
    record, root = joined
    read, golden = client.get(f"Patient/{record['id']}").body, client.get(f"Patient/{root}").body
    assert links(read) == {f"Patient/{root}": "refer"}
    assert (read["active"], read["name"]) == (True, record["name"])
    assert links(golden) == {f"Patient/{record['id']}": "seealso"}
    assert validation.faults(golden) == validation.faults(read) == []


def test_the_golden_records_version_changes_with_each_of_its_records(
    client: Fhir, joined: tuple[Body, str]
) -> None:
    record, root = joined
    before = client.get(f"Patient/{root}")
    assert client.get(f"Patient/{root}", If_None_Match=before.headers["ETag"]).status == 304
    newer = {**record, "telecom": [{"system": "phone", "value": "1"}]}
    stale = client.put(f"Patient/{record['id']}", newer, If_Match='W/"1.00000000"')
    assert stale.status == 412
    version = client.get(f"Patient/{record['id']}").headers["ETag"]
    changed = client.put(f"Patient/{record['id']}", newer, If_Match=version)
    assert changed.status == 200, changed.body
    after = client.get(f"Patient/{root}", If_None_Match=before.headers["ETag"])
    assert after.status == 200
    assert after.body["meta"]["lastUpdated"] > before.body["meta"]["lastUpdated"]
    place = f"Patient/{root}/_history/{after.body['meta']['versionId']}"
    assert client.get(place).body == after.body


def test_a_domain_filters_people_and_their_numbers(client: Fhir, joined: tuple[Body, str]) -> None:
    record, root = joined
    fed(client, also_known(somebody()), BLUE)  # so that the domain is known
    query = {"family": record["name"][0]["family"], "birthdate": record["birthDate"]}
    answer = search(client, identifier=f"{RED}|", **query)
    assert answer.ids == [root]
    (golden,) = (entry["resource"] for entry in answer.body["entry"])
    assert [one["system"] for one in golden["identifier"]] == [RED]
    assert search(client, identifier=f"{RED}|,{BLUE}|", **query).ids == [root]
    assert search(client, identifier=f"{BLUE}|", **query).ids == []


def test_a_domain_that_nobody_knows_is_not_found(client: Fhir, known: Body) -> None:
    answer = search(client, identifier="urn:oid:2.999.99|", family=known["name"][0]["family"])
    (issue,) = answer.body["issue"]
    assert answer.status == 404
    assert (issue["severity"], issue["code"]) == ("warning", "not-found")
    assert issue["diagnostics"] == "targetSystem not found"


# ITI-119


def match(client: Fhir, patient: Body, **parameters: Any) -> Answer:
    said = [{"name": "resource", "resource": patient}]
    for name, value in parameters.items():
        kind = "valueBoolean" if isinstance(value, bool) else "valueInteger"
        said.append({"name": name, kind: value})
    return client.post("Patient/$match", {"resourceType": "Parameters", "parameter": said})


def asked(body: Body) -> Body:
    """As somebody at a desk asks who that is: without a number."""
    return {
        key: value
        for key, value in body.items()
        if key in ("resourceType", "name", "gender", "birthDate", "address")
    }


def graded(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 200, answer.body
    return [
        (entry["resource"]["id"], extension["valueCode"])
        for entry in answer.body.get("entry", ())
        for extension in entry["search"]["extension"]
        if extension["url"] == MATCH_GRADE
    ]


def test_match_finds_one_for_certain(client: Fhir, joined: tuple[Body, str]) -> None:
    record, root = joined
    before = requests()
    answer = match(client, asked(record))
    assert graded(answer) == [(root, "certain")]
    assert requests() == before + 1
    (entry,) = answer.body["entry"]
    assert entry["search"]["mode"] == "match" and 0.9 < entry["search"]["score"] <= 1
    assert answer.body["type"] == "searchset" and validation.faults(answer.body) == []


def test_match_takes_a_patient_by_itself(client: Fhir, joined: tuple[Body, str]) -> None:
    record, root = joined
    assert graded(client.post("Patient/$match", asked(record))) == [(root, "certain")]
    read = client.post("Patient/$match", asked(record), Accept="application/fhir+xml")
    assert ElementTree.fromstring(read.content).tag == "{http://hl7.org/fhir}Bundle"


def test_match_says_why_field_by_field(client: Fhir, joined: tuple[Body, str]) -> None:
    record, _root = joined
    (entry,) = match(client, asked(record)).body["entry"]
    (why,) = (one for one in entry["search"]["extension"] if one["url"] == EXPLANATION)
    weights = {}
    for part in why["extension"]:
        if part["url"] == "field":
            name, level, weight = (
                next(iter(value for key, value in one.items() if key != "url"))
                for one in part["extension"]
            )
            weights[name] = (level, weight)
    assert weights["birth-date"][0] == "equal" and weights["birth-date"][1] > 5
    assert validation.faults(definition()) == []
    text = str(why)
    assert not any(value in text for value in (record["birthDate"], record["name"][0]["family"]))


@pytest.fixture(scope="module")
def alike(client: Fhir) -> tuple[Body, set[str]]:
    """Two who may be one, and that stewards have not judged."""
    body = somebody()
    first = registered(body)
    other = {**body, "name": [{**body["name"][0], "given": ["Colette"]}]}
    second = registered(other)
    return body, {str(first), str(second)}


def test_match_orders_several_and_counts(client: Fhir, alike: tuple[Body, set[str]]) -> None:
    body, both = alike
    answer = match(client, asked(body))
    found = graded(answer)
    scores = [entry["search"]["score"] for entry in answer.body["entry"]]
    assert scores == sorted(scores, reverse=True)
    assert {grade for _, grade in found} <= {"certain", "probable", "possible"}
    assert both >= {one for one, _ in found} and len(found) >= 1
    assert len(graded(match(client, asked(body), count=1))) == 1
    assert match(client, asked(body), count=0).status == 400


def test_match_only_certain(client: Fhir, alike: tuple[Body, set[str]]) -> None:
    body, _both = alike
    vague = {"resourceType": "Patient", "name": body["name"], "gender": "female"}
    assert all(grade != "certain" for _, grade in graded(match(client, vague)))
    assert graded(match(client, vague, onlyCertainMatches=True)) == []
    for _, grade in graded(match(client, asked(body), onlyCertainMatches=True)):
        assert grade == "certain"


def test_match_finds_nobody(client: Fhir) -> None:
    before = requests()
    answer = match(client, asked(somebody()))
    assert (graded(answer), answer.body["total"]) == ([], 0)
    assert requests() == before + 1


def test_match_refuses_what_it_does_not_understand(client: Fhir) -> None:
    strange = {**asked(somebody()), "modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}
    answer = match(client, strange)
    assert (answer.status, answer.body["resourceType"]) == (400, "OperationOutcome")
    nothing = match(client, {"resourceType": "Patient", "gender": "female"})
    assert nothing.status == 400
    assert nothing.body["issue"][0]["expression"] == ["Parameters.parameter[0].resource"]
    known = {**asked(somebody()), "extension": [{"url": "urn:x", "valueBoolean": True}]}
    assert match(client, known).status == 200


def test_match_shows_no_more_than_may_be_looked_at(client: Fhir) -> None:
    weber = {"resourceType": "Patient", "name": [{"family": "Weber", "given": ["Marie"]}]}
    assert len(graded(match(client, weber, count=500))) <= MOST
