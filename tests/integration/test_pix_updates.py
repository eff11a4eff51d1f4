"""Systems are told over HL7 v2 when cross references change (IHE ITI-10), and acknowledge."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from salus.access.certificates import actor_of_client
from salus.audit.models import EventKind
from salus.hl7v2.edge import Answer, Call, Edge, Transaction
from salus.hl7v2.sender import NotAcknowledged
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.kernel.errors import Forbidden, InvalidInput, SalusError
from salus.mpi.events import PersonsLinked
from salus.mpi.hl7v2.updating import Receiver, announce, notify, receivers
from salus.mpi.merging import replaced_by
from salus.mpi.models import Link
from salus.mpi.queries import person_identified
from salus.mpi.receipts import unconfirmed
from tests.conftest import as_role
from tests.fhir_patients import events
from tests.mllp import SCOPE, adt, asked, edge_for, listening, pid, told
from tests.software import organization, registered

KIS, LAB = "&1.2.7.4&ISO", "&1.2.7.5&ISO"


class Cabinet:
    """Somebody else's server, which keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[Call] = []
        self.refuses = False
        self.edge = Edge(
            transactions=[
                Transaction(
                    type="ADT",
                    events=frozenset(["A31"]),
                    versions=frozenset(["2.5"]),
                    handle=self._hear,
                )
            ],
            authenticate=lambda _certificate: Actor(role=Role.SYSTEM, system="test"),
            processing=frozenset("P"),
        )

    def _hear(self, call: Call) -> Answer:
        if self.refuses:
            raise SalusError("not now")
        self.heard.append(call)
        return Answer()

    @property
    def identifiers(self) -> list[set[str]]:
        return [
            {field.raw for field in call.message.required("PID").repetitions(3)}
            for call in self.heard
        ]


@pytest.fixture(scope="module")
def client(database: Any) -> str:
    hospital = organization("710001", "hospital")
    return registered(
        hospital, scope=SCOPE, domains=["urn:oid:1.2.7.4", "urn:oid:1.2.7.5"]
    ).client_id


@pytest.fixture(scope="module")
def link(client: str) -> tuple[int, int, int]:
    """Of two records, the second of which replaced the first; with both persons."""
    with listening(edge_for(client).answer) as port:
        for number, name, born in (("1", "Alt^Ida", "19500607"), ("2", "Neu^Uta", "19610708")):
            said = pid(f"{number}^^^{KIS}", f"L{number}^^^{LAB}", name=name, born=born, address="")
            assert told(asked(port, adt("A04", said))) == ("AA", "")
    one, other = (person_identified([("urn:oid:1.2.7.4", number)]) or 0 for number in "12")
    made = replaced_by(
        actor=actor_of_client(client, purpose=PurposeOfUse.TREATMENT),
        at=now(),
        person=one,
        target=other,
        request_id=None,
    )
    assert made
    return made, one, other


@pytest.fixture
def cabinet() -> Iterator[tuple[Cabinet, int]]:
    made = Cabinet()
    with listening(made.edge.answer) as port:
        yield made, port


def tell(client: str, link: tuple[int, int, int], port: int, **said: Any) -> None:
    to = Receiver(name="kis", host="127.0.0.1", port=port, client=client)
    number, *persons = link
    notify(
        replace(to, **said),
        actor=actor_of_client(client, purpose=PurposeOfUse.TREATMENT),
        persons=persons,
        link=number,
        ended=False,
        at=now(),
        tls=None,
    )


def waits() -> list[str]:
    return [one.receiver for one in unconfirmed(before=now()) if one.receiver.startswith("MLLP")]


def announced(link: tuple[int, int, int], *told_of: Receiver) -> None:
    number, person, root = link
    with as_role("superuser"):
        at = Link.objects.get(pk=number).made_at
    announce(PersonsLinked(link=number, person=person, root=root, at=at), told_of, ended=False)


def test_who_acknowledges_is_waited_for_no_longer(
    client: str, link: tuple[int, int, int], cabinet: tuple[Cabinet, int]
) -> None:
    made, port = cabinet
    announced(link, Receiver(name="kis", host="127.0.0.1", port=port, client=client))
    assert waits() == ["MLLP kis"]
    made.refuses = True
    with pytest.raises(NotAcknowledged):
        tell(client, link, port)
    assert waits() == ["MLLP kis"]
    made.refuses = False
    before = events(EventKind.PERSON_TOLD)
    tell(client, link, port)
    assert waits() == []
    assert events(EventKind.PERSON_TOLD) - before == 1
    assert made.identifiers == [{f"1^^^{KIS}", f"2^^^{KIS}", f"L1^^^{LAB}", f"L2^^^{LAB}"}]
    (call,) = made.heard
    assert (call.message.header.text(9, 3), call.message.required("PV1").text(2)) == (
        *("ADT_A05", "N"),
    )
    assert call.message.required("PID").text(7) == ""  # of the patient the identifiers alone


def test_a_receiver_is_told_its_domains_alone(
    client: str, link: tuple[int, int, int], cabinet: tuple[Cabinet, int]
) -> None:
    made, port = cabinet
    tell(client, link, port, domains=("urn:oid:1.2.7.5",))
    tell(client, link, port, domains=("urn:oid:1.2.9.9",))
    assert made.identifiers == [{f"L1^^^{LAB}", f"L2^^^{LAB}"}]


def test_a_message_that_is_sent_again_has_its_name(
    client: str, link: tuple[int, int, int], cabinet: tuple[Cabinet, int]
) -> None:
    made, port = cabinet
    for _ in range(2):
        tell(client, link, port)
    one, again = (call.message.control_id for call in made.heard)
    assert one == again


def test_nothing_is_told_to_who_may_not_ask_or_without_tls_elsewhere(
    link: tuple[int, int, int], client: str, cabinet: tuple[Cabinet, int]
) -> None:
    made, port = cabinet
    feeds_only = registered(organization("710002", "hospital"), scope="system/Patient.cu")
    with pytest.raises(Forbidden):
        tell(feeds_only.client_id, link, port)
    with pytest.raises(NotAcknowledged):
        tell(client, link, port, host="kis.example")
    assert made.heard == []


def test_nobody_listens(
    client: str, link: tuple[int, int, int], cabinet: tuple[Cabinet, int]
) -> None:
    with pytest.raises(NotAcknowledged):
        tell(client, link, 1)


def test_receivers_are_named_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "receivers.toml"
    file.write_text(
        '[[receiver]]\nname = "kis"\nhost = "kis.example"\nport = 2575\nclient = "one"\n'
        'domains = ["urn:oid:1.2"]\n'
    )
    assert receivers(file) == {
        "kis": Receiver(
            name="kis", host="kis.example", port=2575, client="one", domains=("urn:oid:1.2",)
        )
    }
    assert receivers(None) == {}
    for wrong in ("[[receiver]]\nname = 'x'\n", "[[receiver]]\nnames = 'x'\n", "no TOML"):
        file.write_text(wrong)
        with pytest.raises(InvalidInput):
            receivers(file)
    with pytest.raises(InvalidInput):
        receivers(tmp_path / "absent.toml")
