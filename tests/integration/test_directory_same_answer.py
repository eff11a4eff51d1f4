"""Portal, FHIR, files and address book name the same entries for the same question, with the same public values.

The question is who of a name may practise today: the portal and the address book know no other; in FHIR and in the
files, which show the suspended too, it is those who are ``active``.
"""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest
import sansldap
from django.test import Client

from salus.directory.address_book.answering import answer
from salus.directory.address_book.framing import Frames
from salus.directory.files import Edition, export, folder
from salus.directory.finding import Question, find
from salus.directory.models import Kind, Practitioner
from salus.directory.projecting import project
from salus.directory.queries import practising, registered_practitioners
from salus.kernel.clock import now
from salus.kernel.search_key import search_key

Entries = dict[int, tuple[str, str]]  # row id: family and given name


@pytest.fixture(scope="module")
def edition(nation: Path) -> Iterator[Edition]:
    gone = Practitioner.objects.filter(deregistered_at=None).order_by("pk")[3]
    gone.deregistered_at = now()
    gone.save()
    _list_again()
    yield export(at=now())
    rmtree(folder())


def _list_again() -> None:
    """As after a change set."""
    everybody = Practitioner.objects.values_list("pk", flat=True)
    project({Kind.PRACTITIONER: list(everybody)}, at=now())


def by_portal(family: str) -> Entries:
    """In quotation marks it is a name and no language, profession or place."""
    page = (
        Client(headers={"host": "localhost"})
        .get("/directory/", {"text": f'"{family}"'})
        .content.decode()
    )
    shown = {int(number) for number in re.findall(r"/directory/professionals/(\d+)/", page)}
    hits = find(Question(text=f'"{family}"'), at=now(), size=100).hits
    people = {hit.entry: hit.name for hit in hits if hit.kind == Kind.PRACTITIONER}
    assert shown == set(people)
    rows = Practitioner.objects.in_bulk(people)
    return {
        pk: (row.family, row.given)
        for pk, row in rows.items()
        if row.family_key
        == search_key(family)  # the portal forgives, and finds who is nearly called so
    }


def by_fhir(family: str) -> Entries:
    answered = (
        Client(headers={"host": "localhost"})
        .get("/fhir/Practitioner", {"family": family, "active": "true", "_count": "100"})
        .json()
    )
    found = [entry["resource"] for entry in answered.get("entry", [])]
    names = {
        int(one["id"]): one["name"][0] for one in found if one["resourceType"] == "Practitioner"
    }
    return {
        pk: (name["family"], " ".join(name["given"]))
        for pk, name in names.items()
        if search_key(name["family"]) == search_key(family)
    }


def by_file(edition: Edition, family: str) -> Entries:
    with (edition.folder / "Practitioner.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    lines = (edition.folder / "Practitioner.ndjson").read_text().splitlines()
    resources = {one["id"]: one for one in map(json.loads, lines)}
    assert {row["id"]: row["family"] for row in rows} == {
        one["id"]: one["name"][0]["family"] for one in resources.values()
    }
    return {
        int(row["id"]): (row["family"], row["given"])
        for row in rows
        if search_key(row["family"]) == search_key(family) and resources[row["id"]]["active"]
    }


def by_address_book(family: str) -> Entries:
    client = sansldap.LDAPClient()
    number = client.search_request(
        base_object="ou=professionals,dc=salus",
        filter=sansldap.FilterEquality(attribute="sn", value=family.encode()),
    )
    (frame,) = Frames(4096).feed(client.data_to_send())
    found: Entries = {}
    for message in Frames(2**20).feed(answer(frame).content):
        entry = sansldap.LDAPClient()
        entry.search_request(filter=sansldap.FilterPresent(attribute="cn"))
        assert message.number == number
        (result,) = entry.receive(message.content)
        if isinstance(result, sansldap.SearchResultEntry):
            values = {one.name: [v.decode() for v in one.values] for one in result.attributes}
            found[int(values["uid"][0])] = (values["sn"][0], values["givenName"][0])
    return found


def test_the_same_question_has_the_same_answer(edition: Edition) -> None:
    families = sorted(set(Practitioner.objects.values_list("family", flat=True)))
    answers = {
        family: (
            by_portal(family),
            by_fhir(family),
            by_file(edition, family),
            by_address_book(family),
        )
        for family in families
    }
    assert {
        family: found for family, found in answers.items() if any(one != found[0] for one in found)
    } == {}
    named = {pk for found in answers.values() for pk in found[0]}
    today = now().date()
    assert named == set(practising(today).values_list("pk", flat=True))
    assert registered_practitioners().count() > len(named)  # somebody is suspended
    assert Practitioner.objects.filter(same_as=None).count() > registered_practitioners().count()
