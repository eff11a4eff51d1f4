"""Whether the service can answer now: asked by every caller's software, so it costs next to nothing."""

from datetime import datetime

import psycopg
from django.core.cache import cache
from django.db import DatabaseError, connection

from salus.country import country
from salus.eligibility.queries import heard
from salus.eligibility.rest.messages import Register, ServiceStatus
from salus.eligibility.rules import Service, service

POLL_AFTER = 120  # seconds
_KEPT = 10  # seconds, in each process
_PATIENCE = 2  # seconds for the database to answer


def service_status(at: datetime) -> ServiceStatus:
    kept = cache.get(__name__)
    if isinstance(kept, ServiceStatus):
        return kept
    status = _status(at)
    cache.set(__name__, status, _KEPT)
    return status


def _status(at: datetime) -> ServiceStatus:
    try:
        _reach_database()
        until = heard()
    except (DatabaseError, psycopg.Error):
        return ServiceStatus(status=Service.UNABLE, register_=None, at=at, poll_after=POLL_AFTER)
    status = service(at=at, heard=until, rules=country().ELIGIBILITY)
    return ServiceStatus(
        status=status,
        register_=Register(heard_until=until, silent=status is not Service.ABLE),
        at=at,
        poll_after=POLL_AFTER,
    )


def _reach_database() -> None:
    """By a connection of its own: the pool tries for half a minute, while whoever polls waits in line."""
    parameters = connection.get_connection_params() | {"connect_timeout": _PATIENCE}
    psycopg.connect(**parameters).close()
