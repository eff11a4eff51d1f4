"""The writes of accounts that are not django-allauth's."""

from datetime import datetime

from django.contrib.sessions.models import Session


def clear_expired_sessions(*, at: datetime) -> None:
    """Delete the sessions that ended before, with the last search of the index that one may hold.

    Housekeeping: nobody's data is read, so it has no actor and leaves no event.
    """
    Session.objects.filter(expire_date__lt=at).delete()
