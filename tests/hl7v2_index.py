"""The patient index over HL7 v2 as a hospital's system asks it, for tests of its messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hl7

from salus.kernel.rows import rows_of
from salus.mpi.fhir.rendering import rendered
from salus.mpi.models import Person
from salus.mpi.queries import person_identified
from tests.mllp import (
    SCOPE,
    adt,
    asked,
    edge_for,
    listening,
    pid,
    told,
)
from tests.software import organization, registered

KIS = "&1.2.3.4&ISO"  # a hospital's own numbers
LAB = "&1.2.3.5&ISO"
DOMAINS = ("urn:oid:1.2.3.4", "urn:oid:1.2.3.5")


@contextmanager
def hospital(value: str) -> Iterator[int]:
    """The port on which one hospital's system, which may feed and ask, speaks."""
    client = registered(organization(value, "hospital"), scope=SCOPE, domains=DOMAINS)
    with listening(edge_for(client.client_id).answer) as port:
        yield port


def feed(port: int, *identifiers: str, event: str = "A01", **said: Any) -> None:
    assert told(asked(port, adt(event, pid(*identifiers, **said)))) == ("AA", "")


def person_with(number: str, system: str = "urn:oid:1.2.3.4") -> int:
    person = person_identified([(system, number)])
    assert person
    return person


def patient(number: str) -> dict[str, Any]:
    person = person_with(number)
    with rows_of([person]):
        return rendered(Person.objects.get(pk=person)).body


def identifiers(answer: hl7.Message) -> set[str]:
    return {str(one) for segment in answer.segments("PID") for one in segment(3)}


def families(answer: hl7.Message) -> list[str]:
    try:
        return [str(segment(5)(1)(1)) for segment in answer.segments("PID")]
    except KeyError:
        return []


def status(answer: hl7.Message) -> tuple[str, str]:
    return str(answer["MSA.1"]), str(answer["QAK.2"])
