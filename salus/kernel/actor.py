"""Who acts. Every query and every action takes one, and every event names it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    PATIENT = "patient"
    PROFESSIONAL = "professional"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """One actor in one session.

    ``person`` is the actor's own row in the patient index, ``practitioner`` the row in the directory;
    both are row ids, so nothing here can leak into a log. A system actor (import, worker) is named by ``system``.
    """

    role: Role
    account: int | None = None
    person: int | None = None
    practitioner: int | None = None
    system: str = ""

    def __post_init__(self) -> None:
        named = {
            Role.PATIENT: self.account and self.person,
            Role.PROFESSIONAL: self.account and self.practitioner,
            Role.SYSTEM: self.system,
        }[self.role]
        if not named:
            raise ValueError(f"an actor of role {self.role} must be named")
