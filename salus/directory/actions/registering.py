"""Registering what other domains and imports bring, one entry at a time."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from salus.directory.actions.changing import change, source_named
from salus.directory.lines import Line
from salus.directory.models import How, Kind
from salus.directory.projecting import TABLES
from salus.kernel.actor import Actor


def register_practitioner(
    *,
    actor: Actor,
    at: datetime,
    system: str,
    value: str,
    family: str,
    given: str,
    profession: str,
    prefix: str = "",
    gender: str = "",
) -> tuple[int, bool]:
    """Register a professional by identifier; returns (row id, created). A known one stays as is."""
    said = {
        "family": family,
        "given": given,
        "prefix": prefix,
        "gender": gender,
        "profession": profession,
    }
    return _register(actor, at, Kind.PRACTITIONER, system, value, said)


def register_organization(
    *,
    actor: Actor,
    at: datetime,
    system: str,
    value: str,
    name: str,
    type: str,
    country: str = "",
    postal_code: str = "",
    municipality: str = "",
    line: str = "",
    telephone: str = "",
) -> tuple[int, bool]:
    """Register an organisation by identifier; returns (row id, created). A known one stays as is."""
    said = {
        "name": name,
        "type": type,
        "country": country,
        "postal_code": postal_code,
        "municipality": municipality,
        "line": line,
        "telephone": telephone,
    }
    return _register(actor, at, Kind.ORGANIZATION, system, value, said)


def register_role(
    *,
    actor: Actor,
    at: datetime,
    system: str,
    value: str,
    practitioner: int,
    organization: int,
    since: date,
    until: date | None = None,
) -> tuple[int, bool]:
    """Register who works where, by the role's own identifier; returns (row id, created). A known one stays as is."""
    said = {"practitioner": practitioner, "organization": organization}
    return _register(actor, at, Kind.ROLE, system, value, said, since=since, until=until)


@transaction.atomic
def _register(
    actor: Actor,
    at: datetime,
    kind: Kind,
    system: str,
    value: str,
    said: dict[str, Any],
    *,
    since: date | None = None,
    until: date | None = None,
) -> tuple[int, bool]:
    known = TABLES[kind].objects.filter(system=system, value=value).values_list("pk", flat=True)
    if (row := known.first()) is not None:
        return row, False
    line = Line(
        number=1,
        kind=kind,
        system=system,
        value=value,
        said={name: given for name, given in said.items() if given != ""},
        since=since,
        until=until,
    )
    source = source_named(actor.system or "feed", at=at)
    (entry,) = change(actor=actor, at=at, source=source, how=How.FEED, lines=[line])
    return entry, True
