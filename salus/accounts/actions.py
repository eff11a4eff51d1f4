"""The writes of accounts that are not django-allauth's."""

from datetime import datetime
from uuid import UUID

from django.contrib.sessions.models import Session

from salus.accounts.models import AuthorizationCode, RefreshToken, RevokedToken, UsedAssertion


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
