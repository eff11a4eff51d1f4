"""Deliveries of the register at the same moment: as one after another, and nobody waits for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.eligibility.models import Right, WaitingPeriod
from salus.eligibility.register.actions import bring_in_waiting
from salus.kernel.clock import now
from salus.kernel.rows import Scope, finding_in, rows_of
from tests.affiliations import (
    PEOPLE,
    Sending,
    Sent,
    as_json,
    periods,
    person,
    replayed,
    send,
    standing,
)
from tests.at_once import after
from tests.eligibility import caller, token
from tests.links import SYSTEM
from tests.rare_rows import rename

pytestmark = pytest.mark.usefixtures("database")

BORN = date(1980, 1, 1)
_serials, _sequences = count(1), count(1)


def told(whom: int) -> int:
    with rows_of([whom]):
        return Event.objects.filter(kind=EventKind.AFFILIATIONS_CHANGED).count()


def sending(*messages: Sent, full: bool = False) -> Callable[[], Any]:
    sequence = next(_sequences) if full else None
    return lambda: send(periods(*messages, sequence=sequence), full=full, confirmed=True)


def test_the_same_file_twice_is_taken_in_once() -> None:
    who, value = person(next(_serials))
    twice = sending(Sent(key="S", value=value, since="2020-01-01", sequence=next(_sequences)))
    done = after(twice, twice, waits=True).result()
    assert (done.counts["applied"], done.counts["repeated"]) == (0, 1)
    assert standing("S") == {"S": (who, date(2020, 1, 1), None)} and told(who) == 1


def test_the_newer_message_stays_whichever_is_written_first() -> None:
    who, value = person(next(_serials))
    for key, first in (("O", 0), ("P", 1)):
        older = Sent(key=key, value=value, since="2020-01-01", sequence=next(_sequences))
        both = [older, replace(older, since="2021-01-01", sequence=next(_sequences))]
        after(sending(both[first]), sending(both[1 - first]), waits=True).result()
        assert standing(key) == {key: (who, date(2021, 1, 1), None)}


def test_a_full_file_and_what_is_said_after_it_and_before_it() -> None:
    who, value = person(next(_serials))
    numbers = [next(_sequences) for _ in range(2)]
    before = Sent(key="FA", value=value, since="2020-01-01", sequence=numbers[0])
    for delta_first in (True, False):
        whole = sending(Sent(key="FB", value=value, since="2020-01-01"), full=True)
        later = Sent(key="FC", value=value, since="2020-01-01", sequence=next(_sequences))
        delta = sending(before, later)
        after(*((delta, whole) if delta_first else (whole, delta)), waits=True).result()
        assert standing("F") == {key: (who, date(2020, 1, 1), None) for key in ("FB", "FC")}


def test_what_waits_is_brought_in_while_a_delivery_says_more_of_it() -> None:
    for key, delivery_first in (("V", True), ("W", False)):
        serial = next(_serials)
        value = matricule(BORN, serial)
        waits = Sent(key=key, value=value, since="2020-01-01", sequence=next(_sequences))
        sending(waits)()
        who, _ = person(serial)
        newer = sending(replace(waits, since="2021-01-01", sequence=next(_sequences)))
        first, second = (newer, hourly) if delivery_first else (hourly, newer)
        after(first, second, waits=True).result()
        assert standing(key) == {key: (who, date(2021, 1, 1), None)}
        with finding_in(Scope.REGISTER):
            assert not WaitingPeriod.objects.filter(key=key).exists()


def test_what_waits_is_brought_in_for_nobody_when_a_delivery_names_somebody_else() -> None:
    serial = next(_serials)
    value = matricule(BORN, serial)
    waits = Sent(key="X", value=value, since="2020-01-01", sequence=next(_sequences))
    sending(waits)()
    person(serial)
    corrected = sending(replace(waits, value="nobody", sequence=next(_sequences)))
    assert after(corrected, hourly, waits=True).result() == 0
    assert standing("X") == {}


def hourly() -> int:
    return bring_in_waiting(actor=SYSTEM, at=now())


def test_nobody_waits_for_a_delivery_to_be_changed_in_the_index() -> None:
    """Its end takes long, and whoever changes two people at once would wait for it as it waits for them."""
    who, value = person(next(_serials))
    says = sending(Sent(key="C", value=value, since="2020-01-01", sequence=next(_sequences)))

    def ends() -> None:
        says()
        connection.check_constraints()  # as its commit does

    after(ends, lambda: rename(who), waits=False).result()


def test_files_and_messages_of_many_at_once_are_what_a_replay_gives() -> None:
    people = {value: who for who, value in (person(next(_serials)) for _ in range(4))}
    values = list(people)
    register = token(caller(rights=frozenset([Right.REGISTER])))

    def messages(turn: int) -> tuple[Sent, ...]:
        """Of the same periods, each time in another order, so that rows would be locked crosswise."""
        keys = [f"M{n}" for n in range(200)]
        return tuple(
            Sent(
                key=key,
                value=values[(n + turn) % len(values)],
                since=f"20{10 + turn}-01-01",
                withdrawn=(n + turn) % 7 == 0,
                sequence=next(_sequences),
            )
            for n, key in enumerate(keys if turn % 2 else reversed(keys))
        )

    sendings = [Sending(messages=messages(turn)) for turn in range(6)]
    sendings[3] = Sending(messages=sendings[3].messages, sequence=next(_sequences))
    sendings += sendings[:3]

    def deliver(number: int) -> None:
        one = sendings[number]
        try:
            if number % 2:
                body = periods(*one.messages, sequence=one.sequence)
                send(body, full=one.sequence is not None, confirmed=True)
            else:
                posted(register, one)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, range(len(sendings))))
    expected = replayed(sendings, people)
    assert standing("M") == expected and 100 < len(expected) < 200


def posted(register: str, sending: Sending) -> None:
    body = as_json(sending).replace(PEOPLE.encode(), MATRICULE_SYSTEM.encode())
    answer = Browser(SERVER_NAME="localhost").post(
        "/eligibility/v1/register",
        body,
        content_type="application/x-ndjson",
        headers={"authorization": f"Bearer {register}"},
    )
    assert answer.status_code == 200, answer.content
