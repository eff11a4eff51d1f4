"""Who may ask: an organisation with its approved software, or at its own counter, each with rights of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from salus.directory.queries import roles_held
from salus.eligibility.models import Caller, Right
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.errors import Forbidden, NotFound
from salus.kernel.scopes import Context, Interaction

CHECKS = "CoverageEligibilityRequest"  # the type whose scope opens every door: system/….c

COLUMNS = ("id", "rights", "per_minute", "per_day")  # of a caller


@dataclass(frozen=True, kw_only=True)
class CallerInForce:
    id: int
    rights: frozenset[Right]
    per_minute: int
    per_day: int

    @classmethod
    def of(cls, row: Sequence[Any] | None) -> "CallerInForce":
        """Of the columns that COLUMNS names. Raises Forbidden: there is none."""
        if row is None or row[0] is None:
            raise Forbidden("this organisation is not registered to ask with this software")
        number, rights, per_minute, per_day = row
        return cls(
            id=number,
            rights=frozenset(map(Right, rights)),
            per_minute=per_minute,
            per_day=per_day,
        )


def at_counter(actor: Actor, organization: int, *, at: datetime) -> Actor:
    """The professional who signed in, asking for an organisation where they work today. Raises NotFound."""
    works = roles_held(at.date()).filter(
        practitioner=actor.practitioner,
        organization=organization,
        organization__deregistered_at=None,
    )
    type_ = works.values_list("organization__type", flat=True).first()
    if actor.role is not Role.PROFESSIONAL or actor.client is not None or type_ is None:
        raise NotFound("no such counter")
    return replace(
        actor,
        organization=organization,
        organization_type=type_,
        purpose=PurposeOfUse.COVERAGE,
    )


def check_speaks_for_caller(actor: Actor) -> None:
    """Raises Forbidden for whoever cannot be one: which callers there are is another question."""
    if actor.client is None:
        if actor.role is not Role.PROFESSIONAL or actor.organization is None:
            raise Forbidden("only organisations ask about insurance")
    else:
        _check_software(actor)


def caller_of(actor: Actor) -> CallerInForce:
    """Raises Forbidden for whoever is no caller, or no more."""
    check_speaks_for_caller(actor)
    rows = Caller.objects.filter(
        organization=actor.organization, client=actor.client, ended_at=None
    )
    return CallerInForce.of(rows.values_list(*COLUMNS).first())


def check_agency(actor: Actor, otherwise: str) -> None:
    """Raises Forbidden with the text."""
    if actor.role not in (Role.AGENCY, Role.SYSTEM):
        raise Forbidden(otherwise)


def check_right(caller: CallerInForce, *rights: Right) -> None:
    """Raises Forbidden."""
    for right in rights:
        if right not in caller.rights:
            raise Forbidden(f"the caller has no right to ask this: {right}")


def _check_software(actor: Actor) -> None:
    if actor.speaks_for is None:
        raise Forbidden("only an organisation's own software asks about insurance")
    scopes = actor.scopes.allowing(Interaction.CREATE, CHECKS) if actor.scopes else ()
    if not any(scope.context is Context.SYSTEM and not scope.only for scope in scopes):
        raise Forbidden(f"the token has no scope system/{CHECKS}.c, which this needs")
    if actor.purpose is not PurposeOfUse.COVERAGE:
        raise Forbidden("the token does not state the purpose of use COVERAGE")
