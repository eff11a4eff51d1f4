"""The writes of accounts that are not django-allauth's."""

from datetime import datetime
from uuid import UUID

from django.contrib.sessions.models import Session

from salus.accounts.models import RevokedToken
from salus.accounts.oauth.tokens import LIFETIME


def revoke_family(*, family: UUID, at: datetime) -> None:
    """No token holds any more that came of one authorization, signed as they are. Its caller leaves the event."""
    RevokedToken.objects.get_or_create(id=family, defaults={"expires_at": at + LIFETIME})


def clear_expired_sessions(*, at: datetime) -> None:
    """Delete the sessions that ended before, with the last search of the index that one may hold.

    Housekeeping: nobody's data is read, so it has no actor and leaves no event.
    """
    Session.objects.filter(expire_date__lt=at).delete()
