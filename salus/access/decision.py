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
    registered: bool = False  # professional, or the software's organisation: in the directory today
    vouched: bool = (
        False  # nobody signed in: an organisation's software says which professional it is
    )
    works_there: bool = (
        False  # the professional works today at the organisation whose software asks
    )
    own_filing: bool = False  # what is read or filed is in the name of the software's organisation
    emergency: bool = False  # the purpose of use is an emergency
    elsewhere: bool = False  # an app acts for the actor, and was opened for another person
    closed: bool = False  # the patient keeps the record closed


@dataclass(frozen=True, kw_only=True)
class Decision:
    permit: bool
    rule: str  # stable id of the rule, for events and tests
    reason: str


def decide(purpose: Purpose, facts: Facts) -> Decision:
    """The first rule that applies decides; none applies: deny.

    Whoever has no right to the record does not learn either whether it is closed.
    """
    if facts.emergency:
        # Whoever has another right states that one: the patient must not read of an emergency that was none.
        return _deny("emergency", "nobody has a right by emergency yet")
    if facts.elsewhere:
        return _deny("launch", "the app was opened for another patient")
    if facts.role is Role.SYSTEM:
        if purpose is Purpose.CONTROL:
            return _permit("system", "the agency does what patients ask on paper")
        return _unless_closed(facts, "system", "the agency files what others sent")
    if facts.role is Role.PATIENT and (facts.own or facts.assistant):
        if purpose is Purpose.CONTROL:
            return _permit("control", "the patient, or the assistant with the same rights, decides")
        if facts.own:
            return _unless_closed(facts, "own", "the patient's own record")
        return _unless_closed(facts, "assistant", "named as assistant by the patient")
    if facts.role in (Role.PROFESSIONAL, Role.SOFTWARE) and purpose is not Purpose.CONTROL:
        if not facts.registered:
            return _deny("not-registered", "not in the directory today")
        in_its_name = facts.vouched or facts.role is Role.SOFTWARE
        if in_its_name and purpose is Purpose.WRITE and not facts.own_filing:
            return _deny("another-name", "software files in its own organisation's name alone")
        if facts.role is Role.SOFTWARE and facts.own_filing:
            return _unless_closed(facts, "own-filing", "filed in the name of its own organisation")
        if facts.vouched and not facts.works_there:
            return _deny("works-elsewhere", "the professional does not work there today")
        if facts.role is Role.PROFESSIONAL and facts.trusted:
            return _unless_closed(facts, "circle-of-trust", "declared by the patient")
    return _deny("no-right", "no right to this record")


def _unless_closed(facts: Facts, rule: str, reason: str) -> Decision:
    if facts.closed:
        return _deny("closed", "the patient keeps the record closed")
    return _permit(rule, reason)


def _permit(rule: str, reason: str) -> Decision:
    return Decision(permit=True, rule=rule, reason=reason)


def _deny(rule: str, reason: str) -> Decision:
    return Decision(permit=False, rule=rule, reason=reason)
