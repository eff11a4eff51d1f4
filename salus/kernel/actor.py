"""Who acts. Every query and every action takes one, and every event names it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from salus.kernel.scopes import Scopes


class Role(StrEnum):
    PATIENT = "patient"
    PROFESSIONAL = "professional"
    AGENCY = "agency"  # staff who decide about software; they see nobody's record
    STEWARD = "steward"  # staff who judge whether two in the patient index are one; as above
    REGISTRAR = "registrar"  # staff who keep the provider directory; as above
    SOFTWARE = "software"  # of an organisation, in its own name
    SYSTEM = "system"


# Of the agency: bound to nobody, with no rights on records that they could lend to an app.
STAFF = frozenset({Role.AGENCY, Role.STEWARD, Role.REGISTRAR})


class PurposeOfUse(StrEnum):
    """Why somebody's data is used: codes of http://terminology.hl7.org/CodeSystem/v3-ActReason (IHE IUA 3.71.4)."""

    TREATMENT = "TREAT"
    EMERGENCY = "ETREAT"
    COVERAGE = "COVERAGE"  # is this person insured
    OPERATIONS = "HOPERAT"
    PATIENT_REQUEST = "PATRQT"
    PUBLIC_HEALTH = "PUBHLTH"


class Assurance(StrEnum):
    """How sure it is who acts, by what the sign-in proved (eIDAS, Article 8)."""

    LOW = "low"  # a password, or a client secret
    SUBSTANTIAL = "substantial"  # a second factor, or a key that only the software holds


@dataclass(frozen=True, kw_only=True)
class Actor:
    """One actor in one session or with one token.

    ``person`` is the number under which the actor is known in the patient index, ``practitioner`` the row in the
    directory; all are row ids, so nothing here can leak into a log. A system actor (import, worker) is named by
    ``system``. With a token come the ``client`` (the software that asks), its ``organization`` and the ``scopes``
    that were granted; pages have no scopes, there the rule of the view decides.
    """

    role: Role
    account: int | None = None
    person: int | None = None
    others: tuple[int, ...] = ()  # rows of the same human being in the index, beside ``person``
    bound: int | None = None  # the one of these rows that the account is bound to
    practitioner: int | None = None
    system: str = ""
    client: int | None = None
    organization: int | None = None
    domains: frozenset[str] = frozenset()  # systems of patients' numbers that it gives out (URIs)
    organization_type: str = ""  # code of salus.terminology.ORGANIZATION_TYPES
    purpose: PurposeOfUse | None = None
    scopes: Scopes | None = None
    patient: int | None = (
        None  # an app was opened for this person (SMART launch context), and for nobody else
    )
    assurance: Assurance = Assurance.LOW

    @property
    def identities(self) -> tuple[int, ...]:
        """All rows of the actor in the patient index, ``person`` first."""
        return (self.person, *self.others) if self.person else ()

    @property
    def speaks_for(self) -> int | None:
        """The organisation whose software acts by itself or as a professional whom it names.

        None when somebody signed in: whoever made the app that they use has no part in what they do.
        """
        return None if self.account else self.organization

    def __post_init__(self) -> None:
        named = {
            Role.PATIENT: self.account and self.person,
            # Software may say for which of its organisation's professionals it asks (IUA): no account is needed.
            Role.PROFESSIONAL: (self.account or self.client) and self.practitioner,
            Role.AGENCY: self.account,
            Role.STEWARD: self.account,
            Role.REGISTRAR: self.account,
            Role.SOFTWARE: self.client and self.organization,
            Role.SYSTEM: self.system,
        }[self.role]
        if not named:
            raise ValueError(f"an actor of role {self.role} must be named")
        if (self.client is None) != (self.scopes is None):
            raise ValueError("software has scopes, and nobody else has")
