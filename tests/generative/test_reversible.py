"""Whatever is joined, filed, decided and parted in between: when all are parted, each is as if never joined.

Every identity has a twin that nobody ever links. What an identity was given is given to its twin, too; what was
refused, because another's record was closed, is not. In the end both have the same documents, doses, rights and
decisions. The counts are the same all the time: rows never move.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from salus.access.actions import (
    declare_professional,
    end_assistance,
    end_declaration,
    name_assistant,
)
from salus.access.decision import Purpose
from salus.access.models import AccountPerson, AccountPractitioner, Assistant, TrustedProfessional
from salus.access.queries import actor_of, circle_of_trust
from salus.accounts.models import Account, AccountKind
from salus.directory.actions import register_practitioner
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, NotFound
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.identities import identities_of, rows_of_human
from salus.mpi.models import Link
from salus.mpi.receipts import unconfirmed
from salus.shared_record.actions import close_record, file_document, open_record, reopen_record
from salus.shared_record.models import Closure, Document, Format, Record
from salus.shared_record.permissions import decision_on, is_closed
from salus.vaccination.actions import (
    give_transfer_consent,
    record_immunization,
    withdraw_transfer_consent,
)
from salus.vaccination.models import ActType, Immunization, TransferConsent, VaccinationRecord
from salus.vaccination.queries import vaccinations_of
from tests.links import SYSTEM, delivered, linked, merged, parted, registered, replaced

pytestmark = pytest.mark.usefixtures("database")

_numbers = count(1)
_serials = count(100)
PEOPLE, DOCTORS = 4, 2
someone = st.integers(0, PEOPLE - 1)
doctors = st.integers(0, DOCTORS - 1)


@dataclass(frozen=True, kw_only=True)
class Life:
    """An identity of the index with an account: one that is joined to others, or the twin that is not."""

    person: int
    account: int

    @property
    def actor(self) -> Actor:
        actor = actor_of(self.account, at=now())
        assert actor
        return actor


def _life(kind: int) -> Life:
    """Two of the national register, a hospital's, and one that has no record."""
    person = registered(serial=next(_serials)) if kind < 2 else registered()
    if kind < 3:
        open_record(actor=SYSTEM, person=person, at=now())
    account = _account(AccountKind.PATIENT)
    with rows_of([person]):
        AccountPerson.objects.create(account=account, person_id=person)
    return Life(person=person, account=account.pk)


def _account(kind: AccountKind) -> Account:
    email = f"{next(_numbers)}@demo.salus.example"
    return Account.objects.create(kind=kind, email=email, created_at=now(), activated_at=now())


def _doctor() -> Actor:
    practitioner, _ = register_practitioner(
        actor=SYSTEM,
        at=now(),
        system="urn:test",
        value=f"doctor-{next(_numbers)}",
        family="Schmit",
        given="Paul",
        profession="62247001",
    )
    account = _account(AccountKind.PROFESSIONAL)
    AccountPractitioner.objects.create(account=account, practitioner_id=practitioner)
    actor = actor_of(account.pk, at=now())
    assert actor
    return actor


def accepted(act: Callable[[], Any]) -> Any:
    """What it gives, None when it is refused."""
    with suppress(Conflict, NotFound):
        return act() or True
    return None


class Reversible(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.lives = [_life(kind) for kind in range(PEOPLE)]
        self.twins = [_life(kind) for kind in range(PEOPLE)]
        self.doctors = [_doctor() for _ in range(DOCTORS)]
        self.copies: dict[int, int] = {}  # a document -> that of the twin

    # Joining and parting

    @rule(one=someone, other=someone, how=st.sampled_from([linked, replaced, merged]))
    def join(self, one: int, other: int, how: Callable[[int, int], Any]) -> None:
        if one != other:
            accepted(lambda: how(self.lives[one].person, self.lives[other].person))
            delivered()

    @precondition(lambda self: self.links())
    @rule(which=st.integers(0, PEOPLE))
    def part(self, which: int) -> None:
        links = self.links()
        parted(links[which % len(links)])
        delivered()

    # Filing

    @rule(of=someone, on_page=st.none() | doctors, replacing=st.booleans())
    def file(self, of: int, on_page: int | None, replacing: bool) -> None:
        """By a hospital for the number that it knows, or by a doctor, who knows the number of today."""
        person, actor = self.lives[of].person, SYSTEM
        if on_page is not None:
            person, actor = identities_of(person).root, self.doctors[on_page]
        replaces = self._newest(person, actor.practitioner) if replacing else None
        title = f"document {next(_numbers)}"
        document = accepted(lambda: _filed(person, actor, title, replaces))
        if document:
            row = self._row(document)
            twin = self.twins[self._index(row.person_id)]
            open_record(actor=SYSTEM, person=twin.person, at=now())
            self.copies[document] = self._forced(twin, row, title)

    @rule(of=someone, on_page=st.none() | doctors)
    def vaccinate(self, of: int, on_page: int | None) -> None:
        person, actor = self.lives[of].person, SYSTEM
        if on_page is not None:
            person, actor = identities_of(person).root, self.doctors[on_page]
        lot = f"lot {next(_numbers)}"
        if accepted(lambda: _vaccinated(person, actor, lot)):
            _vaccinated(self.twins[self._index(person)].person, SYSTEM, lot)

    # What patients decide, as the pages offer it

    @rule(who=someone, doctor=doctors)
    def declare(self, who: int, doctor: int) -> None:
        self._decide(who, declare_professional, practitioner=self._practitioner(doctor))

    @rule(who=someone, doctor=doctors)
    def end(self, who: int, doctor: int) -> None:
        practitioner = self._practitioner(doctor)
        shown = circle_of_trust(self.lives[who].person, at=now())
        if practitioner in {one.practitioner for one in shown}:
            self._decide(who, end_declaration, practitioner=practitioner)

    @rule(who=someone, closing=st.booleans())
    def close_or_reopen(self, who: int, closing: bool) -> None:
        if is_closed(self.lives[who].person) != closing:
            self._decide(who, close_record if closing else reopen_record)

    @rule(who=someone, giving=st.booleans())
    def consent(self, who: int, giving: bool) -> None:
        actor = self.lives[who].actor
        card = vaccinations_of(actor=actor, person=actor.person or 0, at=now())
        if card and card.transfer_consent != giving:
            self._decide(who, give_transfer_consent if giving else withdraw_transfer_consent)

    @rule(who=someone, helper=someone)
    def name(self, who: int, helper: int) -> None:
        actor, at = self.lives[who].actor, now()
        named = self.lives[helper].person
        if accepted(
            lambda: name_assistant(actor=actor, person=actor.person or 0, assistant=named, at=at)
        ):
            twin = self.twins[who]
            name_assistant(
                actor=twin.actor, person=twin.person, assistant=self.twins[helper].person, at=at
            )

    @rule(who=someone, helper=someone)
    def take_leave(self, who: int, helper: int) -> None:
        """An assistant is a human being: who was named by several numbers is one by none of them any more."""
        actor, at, known = self.lives[who].actor, now(), identities_of(self.lives[helper].person)
        if helper == who or known.root == actor.person:
            return
        end_assistance(actor=actor, person=actor.person or 0, assistant=known.root, at=at)
        for one in known.all:
            twin, theirs = self.twins[who], self.twins[self._index(one)]
            end_assistance(actor=twin.actor, person=twin.person, assistant=theirs.person, at=at)

    # What holds

    @invariant()
    def the_counts_are_as_if_never_joined(self) -> None:
        assert _counts(self.lives) == _counts(self.twins)

    def teardown(self) -> None:
        while links := self.links():
            parted(links[0])
            delivered()
        assert unconfirmed(before=now()) == []
        for life, twin in zip(self.lives, self.twins, strict=True):
            assert identities_of(life.person).all == (life.person,)
            assert self._rows(life, self.lives) == self._rows(twin, self.twins)
            for actor, same in zip(self._actors(self.lives), self._actors(self.twins), strict=True):
                assert _decided(actor, life.person) == _decided(same, twin.person)

    def links(self) -> list[int]:
        persons = [life.person for life in self.lives]
        with finding_in(Scope.INDEX):
            rows = Link.objects.filter(person__in=persons, ended_at=None).order_by("pk")
            return list(rows.values_list("pk", flat=True))

    def _decide(self, who: int, act: Callable[..., Any], **said: Any) -> None:
        actor, twin, at = self.lives[who].actor, self.twins[who], now()
        if accepted(lambda: act(actor=actor, person=actor.person, at=at, **said)):
            self._as_much_is_there(who)
            act(actor=twin.actor, person=twin.person, at=at, **said)

    def _as_much_is_there(self, who: int) -> None:
        """Who decides about a record that is another's gets one of their own."""
        life, twin = self.lives[who], self.twins[who]
        with rows_of([life.person]):
            has = Record.objects.filter(pk=life.person).exists()
            vaccinated = VaccinationRecord.objects.filter(pk=life.person).first()
        if has:
            open_record(actor=SYSTEM, person=twin.person, at=now())
        if vaccinated:
            with rows_of([twin.person]):
                VaccinationRecord.objects.get_or_create(
                    pk=twin.person, defaults={"opened_at": vaccinated.opened_at}
                )

    def _forced(self, twin: Life, row: Document, title: str) -> int:
        """Whatever the twin's patient says of it: the other's record took it."""
        replaces = self.copies[row.replaces_id] if row.replaces_id else None
        with rows_of([twin.person]):
            closed = Closure.objects.filter(record=twin.person, reopened_at=None)
            since = list(closed.values_list("pk", flat=True))
            closed.update(reopened_at=now())
            document = file_document(
                actor=SYSTEM, **_said(twin.person, title, row.practitioner_id, replaces)
            )[0]
            Closure.objects.filter(pk__in=since).update(reopened_at=None)
        return document

    def _newest(self, person: int, practitioner: int | None) -> int | None:
        with rows_of_human(person) as human:
            current = Document.objects.filter(
                person__in=human.all, ended_at=None, practitioner=practitioner
            )
            return current.order_by("-pk").values_list("pk", flat=True).first()

    def _row(self, document: int) -> Document:
        with finding_in(Scope.RECORDS):
            return Document.objects.get(pk=document)

    def _index(self, person: int) -> int:
        return [life.person for life in self.lives].index(person)

    def _practitioner(self, doctor: int) -> int:
        return self.doctors[doctor].practitioner or 0

    def _actors(self, lives: list[Life]) -> list[Actor]:
        return [*(life.actor for life in lives), *self.doctors]

    def _rows(self, life: Life, lives: list[Life]) -> dict[str, Any]:
        """All that stands on the identity; of what somebody decides, what is in force."""
        own, index = life.person, {one.person: number for number, one in enumerate(lives)}
        with rows_of([own]):
            return {
                "record": Record.objects.filter(pk=own).count(),
                "closed": Closure.objects.filter(record=own, reopened_at=None).count(),
                "documents": _values(Document, person=own)("title", "ended_reason"),
                "doses": _values(Immunization, record=own)("lot_number"),
                "consents": _values(TransferConsent, record=own, withdrawn_at=None)("record_id")
                != [],
                "trusted": _values(TrustedProfessional, person=own, until=None)("practitioner"),
                "assistants": sorted(
                    index[one] for (one,) in _values(Assistant, person=own, until=None)("assistant")
                ),
            }


def _values(model: Any, **which: Any) -> Callable[..., list[Any]]:
    return lambda *columns: sorted(model.objects.filter(**which).values_list(*columns), key=str)


def _said(
    person: int, title: str, practitioner: int | None, replaces: int | None
) -> dict[str, Any]:
    return {
        "person": person,
        "at": now(),
        "created_on": date(2025, 2, 1),
        "type": 1,
        "format": Format.PDF,
        "language": "fr",
        "content": b"%PDF",
        "title": title,
        "practitioner": practitioner,
        "replaces": replaces,
    }


def _filed(person: int, actor: Actor, title: str, replaces: int | None) -> int:
    return file_document(actor=actor, **_said(person, title, actor.practitioner, replaces))[0]


def _vaccinated(person: int, actor: Actor, lot: str) -> int:
    return record_immunization(
        actor=actor,
        person=person,
        at=now(),
        act_type=ActType.HISTORICAL,
        vaccine_system="http://www.whocc.no/atc",
        vaccine_code="J07BB02",
        vaccine_display="Influenza",
        occurred_on=date(2025, 1, 7),
        lot_number=lot,
        opening=True,
    )[0]


def _counts(lives: list[Life]) -> list[int]:
    """What the report counts of documents, doses and vaccination records."""
    persons = [life.person for life in lives]
    with rows_of(persons):
        return [
            Document.objects.filter(person__in=persons).count(),
            Document.objects.filter(person__in=persons, ended_at=None).count(),
            Immunization.objects.filter(record__in=persons).count(),
            VaccinationRecord.objects.filter(pk__in=persons).count(),
        ]


def _decided(actor: Actor, person: int) -> list[str]:
    with rows_of_human(person) as human:
        return [
            decision_on(actor=actor, human=human, at=now(), purpose=one).rule for one in Purpose
        ]


def _drill(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


Reversible.TestCase.settings = _drill(200, 50) if os.environ.get("SALUS_PROVE") else _drill(4, 20)
TestReversible = Reversible.TestCase
