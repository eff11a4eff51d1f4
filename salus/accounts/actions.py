"""The writes of accounts that are not django-allauth's."""

import secrets
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from salus.accounts.models import (
    STAFF,
    Account,
    AccountKind,
    AuthorizationCode,
    RefreshToken,
    RevokedToken,
    UsedAssertion,
)
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, InvalidInput, NotFound


def register_staff(*, actor: Actor, kind: AccountKind, email: str, at: datetime) -> str:
    """Make an account of the agency's staff; returns its first password, which is kept nowhere.

    Raises InvalidInput for what is no e-mail address, Conflict when an account has it.
    """
    if kind not in STAFF:
        raise InvalidInput("patients and professionals get their accounts from their registers")
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidInput("this is no e-mail address") from None
    password = secrets.token_urlsafe(16)
    with transaction.atomic():
        if Account.objects.filter(email__iexact=email).exists():
            raise Conflict("an account has this e-mail address already")
        account = Account.objects.create(
            kind=kind,
            email=email,
            password=make_password(password),
            created_at=at,
            activated_at=at,
        )
        EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)
        record(actor=actor, kind=EventKind.STAFF_CHANGED, at=at)
    return password


def end_staff(*, actor: Actor, email: str, at: datetime) -> None:
    """End an account of the agency's staff: whoever is signed in with it is so no longer. Raises NotFound."""
    with transaction.atomic():
        mine = Account.objects.filter(kind__in=STAFF, email__iexact=email, deleted_at=None)
        if not mine.update(deleted_at=at):
            raise NotFound("no such account of the agency's staff")
        record(actor=actor, kind=EventKind.STAFF_CHANGED, at=at)


def clear_expired_sessions(*, at: datetime) -> None:
    """Delete the sessions that ended before, with the last search of the index that one may hold.

    Housekeeping: nobody's data is read, so it has no actor and leaves no event.
    """
    Session.objects.filter(expire_date__lt=at).delete()


def revoke_token(id: UUID, *, until: datetime) -> None:
    """No token with this ``jti``, or of this family, holds any more; ``until`` then the last has expired.

    A part of its caller's action, which leaves the event.
    """
    RevokedToken.objects.get_or_create(id=id, defaults={"expires_at": until})


def forget_expired_tokens(*, at: datetime) -> None:
    """Delete what expired before: codes, refresh tokens, revocations, and assertions that nobody can replay.

    Housekeeping, as above.
    """
    for model in (AuthorizationCode, RefreshToken, RevokedToken, UsedAssertion):
        model.objects.filter(expires_at__lt=at).delete()
