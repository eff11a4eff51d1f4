"""May this actor do this to this person's record? Pure: facts in, a permit or a deny with its reason out."""

from dataclasses import dataclass
from enum import StrEnum

from salus.kernel.actor import Role


class Purpose(StrEnum):
    READ = "read"
    WRITE = "write"
    CONTROL = "control"  # close, reopen, declare, name: the patient's own acts


@dataclass(frozen=True, kw_only=True)
class Facts:
    role: Role
    own: bool = False  # the actor is the person
    assistant: bool = False  # the actor is named as the person's assistant
    trusted: bool = False  # the professional is in the person's circle of trust
    registered: bool = False  # the professional is in the directory today
    elsewhere: bool = False  # an app acts for the actor, and was opened for another person
    closed: bool = False  # the patient keeps the record closed


@dataclass(frozen=True, kw_only=True)
class Decision:
    permit: bool
    rule: str  # stable id of the rule, for events and tests
    reason: str


def decide(purpose: Purpose, facts: Facts) -> Decision:
    """The first rule that applies decides; none applies: deny."""
    if facts.elsewhere:
        return _deny("launch", "the app was opened for another patient")
    if facts.role is Role.SYSTEM:
        if facts.closed and purpose is not Purpose.CONTROL:
            return _deny("closed", "the patient keeps the record closed")
        return _permit(
            "system", "the agency files what others sent, and what patients ask on paper"
        )
    if facts.role is Role.PATIENT and (facts.own or facts.assistant):
        if purpose is Purpose.CONTROL:
            return _permit("control", "the patient, or the assistant with the same rights, decides")
        if facts.closed:
            return _deny("closed", "the patient keeps the record closed")
        if facts.own:
            return _permit("own", "the patient's own record")
        return _permit("assistant", "named as assistant by the patient")
    if facts.role is Role.PROFESSIONAL and purpose is not Purpose.CONTROL:
        if not facts.registered:
            return _deny("not-registered", "the professional is not in the directory today")
        if facts.closed:
            return _deny("closed", "the patient keeps the record closed")
        if facts.trusted:
            return _permit("circle-of-trust", "declared by the patient in the circle of trust")
    return _deny("no-right", "no right to this record")


def _permit(rule: str, reason: str) -> Decision:
    return Decision(permit=True, rule=rule, reason=reason)


def _deny(rule: str, reason: str) -> Decision:
    return Decision(permit=False, rule=rule, reason=reason)
