"""Callers of the eligibility service, and a register that was heard."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from salus.access.oauth.actions import Registered
from salus.accounts.models import Client
from salus.accounts.oauth.tokens import AccessToken
from salus.audit.models import Event, EventKind
from salus.eligibility.callers import register_caller
from salus.eligibility.models import Affiliation, Delivery, Right
from salus.eligibility.questions import AffiliationQuestion
from salus.kernel.actor import Actor, Assurance, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.kernel.scopes import read_scopes
from salus.mpi.models import PersonIdentifier
from tests.conftest import as_role
from tests.software import ISSUER, SYSTEM, ask, organization, registered

SCOPE = "system/CoverageEligibilityRequest.c"
_numbers = count(1)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Software of a new organisation that is a caller: with its secret, and as its token would make it ask."""

    client: Registered
    actor: Actor

    @classmethod
    def new(
        cls,
        type: str = "pharmacy",
        *,
        scope: str = SCOPE,
        purpose: PurposeOfUse = PurposeOfUse.COVERAGE,
        rights: Collection[Right] = frozenset(Right),
        per_minute: int = 1_000,
        per_day: int = 10_000,
        certificates: tuple[bytes, ...] = (),
    ) -> "Asking":
        where = organization(f"E{next(_numbers)}-{type}", type)
        made = registered(where, scope=scope, purposes=(purpose,), certificates=certificates)
        client = Client.objects.get(client_id=made.client_id).pk
        register_caller(
            actor=SYSTEM,
            at=now(),
            organization=where,
            client=client,
            rights=rights,
            per_minute=per_minute,
            per_day=per_day,
        )
        actor = Actor(
            role=Role.SOFTWARE,
            client=client,
            organization=where,
            organization_type=type,
            purpose=purpose,
            scopes=read_scopes(scope.split()),
            assurance=Assurance.SUBSTANTIAL,
        )
        return cls(client=made, actor=actor)

    @property
    def authorization(self) -> dict[str, str]:
        """With a token of the real endpoint."""
        return {"Authorization": f"Bearer {ask(self.client)['access_token']}"}


def caller(type: str = "pharmacy", **how: Any) -> Actor:
    return Asking.new(type, **how).actor


def registered_anew(actor: Actor) -> int:
    """Of software that asks the row by which it does from now on."""
    return register_caller(
        actor=SYSTEM,
        at=now(),
        organization=actor.organization or 0,
        client=actor.client,
        rights=list(Right),
        per_minute=1_000,
        per_day=10_000,
    )


def token(actor: Actor, **changed: Any) -> str:
    """As /oauth/token gives it to the actor's software."""
    purpose = {"ihe_iua": {"purpose_of_use": [{"code": PurposeOfUse.COVERAGE}]}}
    client_id = str(Client.objects.get(pk=actor.client or 0).client_id)
    claims: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": f"{ISSUER}/fhir",
        "client_id": client_id,
        "subject": client_id,
        "scope": SCOPE,
        "issued_at": now(),
        "expires_at": now() + timedelta(minutes=5),
        "claims": {"extensions": purpose},
    }
    return AccessToken(**(claims | changed)).signed()


def register_heard(at: datetime) -> None:
    """The register's last word is of this instant."""
    if not Delivery.objects.update(as_of=at, applied_at=at):
        Delivery.objects.create(kind="delta", as_of=at, received_at=at, applied_at=at)


def affiliate(person: int, since: date, until: date | None = None) -> None:
    with rows_of([person]):
        Affiliation.objects.create(
            person_id=person, key=f"T{next(_numbers)}", since=since, until=until
        )


def about(person: int, day: date | None = None, *, proof: bool = False) -> AffiliationQuestion:
    """Asked by the number under which the person is known."""
    with rows_of([person]):
        known = PersonIdentifier.objects.filter(person=person).first()
    assert known
    return AffiliationQuestion(system=known.system, value=known.value, day=day, proof=proof)


def counted(caller: Actor) -> int:
    """Checks of all callers of its kind, as the report counts them."""
    return counted_of(caller.organization_type)


def counted_of(type: str) -> int:
    with as_role("reporter"):
        return Event.objects.filter(
            kind=EventKind.ELIGIBILITY_CHECK,
            agent=type,
            denied=False,
            repeated=False,
        ).count()


def last_event(kind: EventKind = EventKind.ELIGIBILITY_CHECK) -> Event:
    with as_role("superuser"):
        return Event.objects.filter(kind=kind).latest("id")
