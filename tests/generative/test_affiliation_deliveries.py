"""Full files, deltas and people who are registered late, in any order and however often, against a plain replay."""

import random
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.eligibility.register.actions import bring_in_waiting
from salus.kernel.clock import now
from salus.mpi.actions import register_person
from tests.affiliations import PEOPLE, Sending, Sent, as_csv, as_json, replayed, send, standing
from tests.links import SYSTEM

pytestmark = pytest.mark.usefixtures("database")

# About leap days and changes of the clock, which no period may notice.
_DAYS = [date(2024, 2, 28) + timedelta(days=n) for n in range(3)] + [
    date(2024, 3, 31),
    date(2024, 10, 27),
    date(2025, 1, 1),
]
_KEYS, _VALUES = "abcd", "123"


@st.composite
def histories(draw: st.DrawFn) -> list[Sending | str]:
    """Files and, as a number, the moment at which its person is registered; each message has a sequence of its own."""
    days = st.sampled_from(_DAYS)
    sequences = iter(range(1, 100))
    acts: list[Sending | str] = list(
        draw(st.lists(st.sampled_from(_VALUES), unique=True, min_size=1))
    )

    def message(key: str, sequence: int) -> Sent:
        since, until = sorted((draw(days), draw(days)))
        return Sent(
            key=key,
            value=draw(st.sampled_from(_VALUES)),
            since=since.isoformat(),
            until=until.isoformat() if until > since else "",
            withdrawn=draw(st.integers(0, 4)) == 0,
            sequence=sequence,
        )

    for _ in range(draw(st.integers(1, 5))):
        if draw(st.integers(0, 2)) == 0:
            keys = draw(st.lists(st.sampled_from(_KEYS), unique=True))
            sequence = next(sequences)
            acts.append(Sending(messages=tuple(message(key, 0) for key in keys), sequence=sequence))
        else:
            keys = draw(st.lists(st.sampled_from(_KEYS), min_size=1, max_size=4))
            acts.append(Sending(messages=tuple(message(key, next(sequences)) for key in keys)))
    again = draw(st.lists(st.sampled_from(acts), max_size=2))
    return draw(st.permutations([*acts, *(one for one in again if isinstance(one, Sending))]))


def _agrees(acts: list[Sending | str], seed: int) -> None:
    rng, people, sent = random.Random(seed), dict[str, int](), list[Sending]()
    with transaction.atomic():
        for act in acts:
            if isinstance(act, str):
                people[act], _ = register_person(
                    actor=SYSTEM,
                    at=now(),
                    identifiers=[(PEOPLE, act)],
                    family="Weber",
                    given="Anna",
                    birth_date=date(1980, 1, 1),
                    gender="female",
                )
                bring_in_waiting(actor=SYSTEM, at=now())
            else:
                sent.append(act)
                messages = list(act.messages)
                rng.shuffle(messages)  # nor in the file does the order matter
                shuffled = Sending(messages=tuple(messages), sequence=act.sequence)
                body = as_csv(shuffled) if rng.random() < 0.5 else as_json(shuffled)
                send(body, full=act.sequence is not None, confirmed=True)
            assert standing() == replayed(sent, people)
        transaction.set_rollback(True)


@settings(max_examples=12)
@given(histories(), st.integers(0, 2**32))
def test_any_order_gives_what_a_replay_gives(acts: list[Sending | str], seed: int) -> None:
    _agrees(acts, seed)


@pytest.mark.prove
@settings(max_examples=3_000)
@given(histories(), st.integers(0, 2**32))
def test_any_order_gives_what_a_replay_gives_at_length(
    acts: list[Sending | str], seed: int
) -> None:
    _agrees(acts, seed)
