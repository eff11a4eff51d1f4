"""What happens when an account signs in: who it is bound to, one event, and the time of the last visit."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse

from salus.access.queries import actor_of
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.clock import now
from salus.kernel.rows import acting_as

PREVIOUS_VISIT = "previous_visit"  # session key: ISO 8601 instant of the sign-in before this one


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's hooks; named by settings.ACCOUNT_ADAPTER."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made for the insured and for professionals by their registers, never here."""
        return False

    def pre_login(
        self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any
    ) -> HttpResponse | None:
        refused: HttpResponse | None = super().pre_login(request, user, **kwargs)
        if refused is None and actor_of(user.pk, at=now()) is None:
            refused = self.respond_user_inactive(request, user)
        return refused

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        previous = user.last_login
        super().login(request, user)
        actor = actor_of(user.pk, at=now())
        if actor:
            with acting_as(actor):
                record(actor=actor, kind=EventKind.SIGN_IN, at=now(), person=actor.person)
        if previous:
            request.session[PREVIOUS_VISIT] = previous.isoformat()

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """None of allauth's: the page that follows shows what happened."""
