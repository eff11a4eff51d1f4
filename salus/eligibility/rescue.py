"""What is owed and told afterwards: a check by a number after a look-up by name, the use of a proof without a line."""

import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.timezone import localtime

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.eligibility.models import LookUp, ProofUse, Right
from salus.eligibility.permissions import CallerInForce, check_right
from salus.eligibility.proofs import TOLD_WITHIN, Proof, read_proof
from salus.eligibility.queries import Insured
from salus.eligibility.quota import counted
from salus.eligibility.rules import Status
from salus.kernel.actor import Actor
from salus.kernel.errors import InvalidInput

OWED_WITHIN = timedelta(hours=48)  # ours: a shift, and the day after it


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of the use of a proof: what it ``said``, and what is ``found`` now of the day on which it was used,
    or of that of which it spoke."""

    outcome: ProofUse.Outcome
    said: Status
    found: Status


def remember(caller: int, person: int, *, mission: str, at: datetime) -> None:
    """That the caller found this person by name; to be called in the transaction of the answer."""
    LookUp.objects.create(caller_id=caller, whom=_hash(person), mission=mission, at=at)


def confirm(actor: Actor, persons: tuple[int, ...], *, at: datetime) -> None:
    """The caller asked by a number of the human being with these rows: what it owed of them is done."""
    hashes = [_hash(person) for person in persons]
    owed = LookUp.objects.filter(**_whoever_asks(actor), whom__in=hashes, checked_at=None)
    owed.update(checked_at=at)


def tell_of_use(*, actor: Actor, proof: str, used_at: datetime, at: datetime) -> Told:
    """The caller relied on a proof at ``used_at``: counted once, and held against what the register says of the day.

    To be told again while the outcome is pending, until TOLD_WITHIN after the proof's end. Raises InvalidInput for what
    was not signed here or did not hold then, Forbidden, TooMany.
    """
    shown = read_proof(proof, at=at)
    if not shown.since <= used_at <= at:
        raise InvalidInput("a proof is used after it was signed, and before now", at="used_at")
    if used_at >= shown.until:
        raise InvalidInput("the proof held no more", at="used_at")
    if at >= shown.until + TOLD_WITHIN:
        raise InvalidInput("the use is told too late", at="proof")
    return counted(
        actor,
        1,
        at,
        lambda caller, person: _told(actor, caller, shown, person, used_at, at),
        about=(shown.system, shown.value),
    )


def _told(
    actor: Actor,
    caller: CallerInForce,
    proof: Proof,
    person: Insured,
    used_at: datetime,
    at: datetime,
) -> Told:
    check_right(caller, Right.PROOF)
    known = ProofUse.objects.filter(**_whoever_asks(actor), proof=proof.id, used_at=used_at)
    record(
        actor=actor,
        kind=EventKind.ELIGIBILITY_CHECK,
        at=at,
        person=person.persons[0] if person.persons else None,
        persons=person.persons[1:],
        repeated=known.exists(),
    )
    verdict = person.verdict(day=_day(proof, localtime(used_at)), at=at)
    outcome = ProofUse.Outcome.CONFIRMED
    if person.heard is None or person.heard < used_at:
        outcome = ProofUse.Outcome.PENDING
    elif verdict.status is not proof.status:
        outcome = ProofUse.Outcome.DIFFERS
    if not known.update(outcome=outcome):
        ProofUse.objects.create(
            caller_id=caller.id, proof=proof.id, used_at=used_at, outcome=outcome, told_at=at
        )
    return Told(outcome=outcome, said=proof.status, found=verdict.status)


def _day(proof: Proof, used_at: datetime) -> date:
    """Of which the user of the proof took it to speak: of the moment, unless it is one of a day before."""
    is_of_its_day = proof.day == proof.since.astimezone(used_at.tzinfo).date()
    return used_at.date() if is_of_its_day else proof.day


def _whoever_asks(actor: Actor) -> dict[str, int | None]:
    """The caller, also of before: whenever it gets other rights or quotas it has a new row."""
    return {"caller__organization": actor.organization, "caller__client": actor.client}


def _hash(person: int) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), f"look-up {person}".encode(), "sha256")
