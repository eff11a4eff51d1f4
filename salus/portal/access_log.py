"""The access log in plain words: who, when, what. Acts of one actor in one hour make one line."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from salus.access.queries import AccessEntry, who_looked
from salus.audit.models import Agent, EventKind
from salus.kernel.actor import Actor, PurposeOfUse
from salus.terminology import ORGANIZATION_TYPES

WHAT: dict[EventKind, str | Promise] = {
    EventKind.SIGN_IN: _("signed in"),
    EventKind.RECORD_OPENED: _("opened the record as the law says"),
    EventKind.RECORD_VIEWED: _("looked at what is in the record"),
    EventKind.DOCUMENT_OPENED: _("opened a document"),
    EventKind.DOCUMENT_FILED: _("filed a document"),
    EventKind.INDEX_REQUEST: _("looked the name up in the patient index"),
    EventKind.ELIGIBILITY_CHECK: _("checked the health insurance"),
    EventKind.AFFILIATIONS_CHANGED: _("said when you are insured"),
    EventKind.VACCINATION_RECORDED: _("recorded a vaccination"),
    EventKind.CONSENT_CHANGED: _("changed who may see the record"),
    EventKind.PERSON_REGISTERED: _("registered the person in the patient index"),
    EventKind.PERSON_CHANGED: _("changed what the patient index says of the person"),
    EventKind.PERSON_TOLD: _("was told what the patient index says of the person"),
    EventKind.PERSONS_LINKED: _("joined two entries of the patient index"),
    EventKind.PERSONS_SEPARATED: _("parted two entries of the patient index"),
    EventKind.PAIR_SHOWN: _("compared two entries of the patient index"),
    EventKind.PAIR_JUDGED: _("judged whether two entries of the patient index are one person"),
    EventKind.DIRECTORY_CHANGED: _("changed the directory"),
    EventKind.DIRECTORY_SHOWN: _("saw what the directory keeps to itself"),
    EventKind.PATIENTS_LISTED: _("saw the name in their own list of people"),
    EventKind.TOKEN_ISSUED: _("let an app in"),
    EventKind.TOKEN_REVOKED: _("shut an app out"),
    EventKind.CLIENT_CHANGED: _("changed which software may ask"),
    EventKind.STAFF_CHANGED: _("changed who works for the agency"),
    EventKind.APP_AUTHORIZED: _("gave an app access to the record"),
    EventKind.APP_ENDED: _("ended an app's access"),
}
WHO: dict[Agent, str | Promise] = {
    Agent.PATIENT: _("Patient or assistant"),
    Agent.PROFESSIONAL: _("Health professional"),
    Agent.HOSPITAL: _("Hospital"),
    Agent.PHARMACY: _("Pharmacy"),
    Agent.LABORATORY: _("Medical laboratory"),
    Agent.RESCUE: _("Fire and rescue corps"),
    Agent.SYSTEM: _("A system of the agency"),
}
WHY: dict[PurposeOfUse, str | Promise] = {
    PurposeOfUse.TREATMENT: _("for your treatment"),
    PurposeOfUse.EMERGENCY: _("to treat you in an emergency"),
    PurposeOfUse.COVERAGE: _("to see how you are insured"),
    PurposeOfUse.OPERATIONS: _("for the running of the organisation"),
    PurposeOfUse.PATIENT_REQUEST: _("because you asked for it"),
    PurposeOfUse.PUBLIC_HEALTH: _("for public health"),
}

_ICONS = {
    EventKind.SIGN_IN: "sign-in",
    EventKind.DOCUMENT_OPENED: "document",
    EventKind.DOCUMENT_FILED: "plus",
    EventKind.INDEX_REQUEST: "search",
    EventKind.ELIGIBILITY_CHECK: "shield",
    EventKind.VACCINATION_RECORDED: "vaccination",
    EventKind.CONSENT_CHANGED: "settings",
    EventKind.APP_AUTHORIZED: "key",
    EventKind.APP_ENDED: "lock",
}


@dataclass(frozen=True, kw_only=True)
class Line:
    kind: EventKind
    at: datetime  # of the last of them
    name: str  # '' when only the role is known
    role: str | Promise
    organization: str  # of a person who acted; '' when none is known
    software: str  # '' for what was done on our own pages
    what: str | Promise
    why: str | Promise
    icon: str
    acts: list[AccessEntry]  # newest first
    own: bool
    denied: bool
    among_several: bool

    @property
    def times(self) -> int:
        """How often it was done: a request that came again is not done again."""
        return max(1, len(self.acts) - self.retries)

    @property
    def retries(self) -> int:
        return sum(act.repeated for act in self.acts)


def access_log(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> list[Line]:
    """Newest first; the same act by the same actor within one clock hour is one line."""
    entries = who_looked(actor=actor, person=person, at=at, request_id=request_id)
    return [_line(list(group)) for _same, group in groupby(entries, _same)]


def _same(entry: AccessEntry) -> tuple[object, ...]:
    hour = entry.at.replace(minute=0, second=0, microsecond=0)
    who = (entry.agent, entry.name, entry.organization, entry.software, entry.own)
    return (hour, entry.kind, *who, entry.purpose, entry.denied, entry.among_several)


def _line(entries: list[AccessEntry]) -> Line:
    newest = entries[0]
    return Line(
        kind=newest.kind,
        at=newest.at,
        name=newest.name or newest.organization,
        role=_role(newest),
        organization=newest.organization if newest.name else "",
        software=newest.software,
        what=WHAT[newest.kind],
        why=WHY[newest.purpose] if newest.purpose else "",
        icon=_ICONS.get(newest.kind, "eye"),
        acts=entries,
        own=newest.own,
        denied=newest.denied,
        among_several=newest.among_several,
    )


def _role(entry: AccessEntry) -> str | Promise:
    """An organisation says better than "a system" who asked in its own name."""
    if entry.agent is Agent.SYSTEM and entry.organization:
        return ORGANIZATION_TYPES[entry.organization_type]
    return WHO[entry.agent]
