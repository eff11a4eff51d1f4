"""From the arrays of the world to rows of the real tables: the directory, patients' choices, acts, documents."""

import numpy as np
from django.contrib.auth.hashers import make_password

from salus.audit.models import Agent, EventKind
from salus.simulation import binary_copy as copy
from salus.simulation.demo_people import EMAILS, PASSWORD, STAFF
from salus.simulation.documents import LANGUAGES, Documents
from salus.simulation.events import Events, for_professionals
from salus.simulation.lives import Links, Spans, World
from salus.simulation.providers import (
    DEMO_LABORATORY,
    DEMO_PHARMACIST,
    DEMO_PHYSICIAN,
    DEMO_RESCUER,
    DEMO_SUSPENDED,
    HOLDERS,
    Users,
)
from salus.simulation.sampling import mixed
from salus.simulation.tables import (
    Names,
    Table,
    account_table,
    event_table,
    until,
    verified_emails,
)
from salus.simulation.tables_of_directory import register_tables
from salus.simulation.timeline import NEVER, Ints
from salus.simulation.vaccinations import ACT_TYPES, acts, vaccinators
from salus.terminology import ATC, VACCINES

_DEMO = {
    DEMO_PHYSICIAN: "physician",
    DEMO_PHARMACIST: "pharmacist",
    DEMO_LABORATORY: "laboratory",
    DEMO_RESCUER: "rescuer",
    DEMO_SUSPENDED: "suspended",
}
_AT_COUNTERS = {
    DEMO_PHARMACIST: ("affiliation", "historic", "prescribing"),
    DEMO_LABORATORY: ("affiliation",),
    DEMO_RESCUER: ("affiliation", "look-up"),
}


def directory_tables(world: World, names: Names, end: int) -> list[Table]:
    """The provider directory with what its professionals hold."""
    who = np.flatnonzero(world.providers.practitioners.registered < end)
    return [
        *register_tables(world, names, end),
        *_accounts(world, who, names, end),
        *_counters(world, end),
        _heard(end),
        *_staff(world, end),
        _mail(world, names, end),
        _shares(world, names, end),
    ]


def _accounts(world: World, who: Ints, names: Names, end: int) -> list[Table]:
    practitioners = world.providers.practitioners
    activated = until(practitioners.activated[who], end)
    demo = {who: EMAILS[part] for who, part in _DEMO.items()}
    emails = [
        demo.get(i) or _address(world, i, names, "praxis.example") if at < NEVER else ""
        for i, at in zip(who.tolist(), activated.tolist(), strict=True)
    ]
    ids = len(world.people) + 1 + who
    account = account_table(
        ids=ids,
        kind="professional",
        emails=emails,
        passwords=[make_password(PASSWORD) if e in demo.values() else "!" for e in emails],
        created=practitioners.registered[who] + 1_000_000,
        activated=activated,
        deleted=np.full(len(who), NEVER),
    )
    bound = Table(
        name="access_accountpractitioner",
        columns={"account_id": copy.bigints(ids), "practitioner_id": copy.keys(who)},
    )
    return [account, bound, verified_emails(ids, emails)]


def _counters(world: World, end: int) -> list[Table]:
    """Where the demo people work, registered to ask about insurance; the pharmacist sees how much that was."""
    registered = world.providers.practitioners.registered
    who = np.array([one for one in _AT_COUNTERS if registered[one] < end], dtype=np.int64)
    works = world.providers.roles.organization
    since = copy.instants(registered[who])
    callers = Table(
        name="eligibility_caller",
        columns={
            "organization_id": copy.keys(works[who]),
            "rights": copy.text_arrays([_AT_COUNTERS[one] for one in who.tolist()]),
            "per_minute": copy.integers(np.full(len(who), 30)),
            "per_day": copy.integers(np.full(len(who), 2_000)),
            "since": since,
        },
    )
    administrator = who[who == DEMO_PHARMACIST]
    named = Table(
        name="eligibility_administrator",
        columns={
            "organization_id": copy.keys(works[administrator]),
            "account_id": copy.bigints(len(world.people) + 1 + administrator),
            "since": copy.instants(registered[administrator]),
        },
    )
    return [callers, named]


def _heard(end: int) -> Table:
    """The social-security register told of all periods until the last moment that is lived."""
    told = copy.instants(np.array([end]))
    return Table(
        name="eligibility_delivery",
        columns={
            "kind": copy.same("delta", 1),
            "as_of": told,
            "received_at": told,
            "applied_at": told,
        },
    )


def _staff(world: World, end: int) -> list[Table]:
    """Accounts of the agency's staff, after those of people and professionals."""
    tables, first = [], first_staff_id(world)
    for kind, parts in STAFF.items():
        ids = np.arange(first, first + len(parts))
        since = np.full(len(parts), world.line.starts[0])
        emails = [EMAILS[part] for part in parts]
        account = account_table(
            ids=ids,
            kind=kind,
            emails=emails,
            passwords=[make_password(PASSWORD) for _ in parts],
            created=since,
            activated=since,
            deleted=np.full(len(parts), NEVER),
        )
        tables += [account, verified_emails(ids, emails)]
        first += len(parts)
    return tables


def last_staff_id(world: World) -> int:
    return first_staff_id(world) + sum(map(len, STAFF.values())) - 1


def first_staff_id(world: World) -> int:
    return len(world.people) + len(world.providers.practitioners) + 1


def _address(world: World, practitioner: int, names: Names, host: str) -> str:
    practitioners = world.providers.practitioners
    given = names.key(names.text(practitioners.given[practitioner]))
    family = names.key(names.text(practitioners.family[practitioner]))
    return f"{given}.{family}.{practitioner + 1}@{host}".replace(" ", "-")


def _mail(world: World, names: Names, end: int) -> Table:
    table, columns = _users(world, world.providers.mail, names, end, "regimail.example")
    columns["holder"] = copy.words(HOLDERS, world.providers.mail.holder[table])
    return Table(name="secure_mail_mailidentity", columns=columns)


def _shares(world: World, names: Names, end: int) -> Table:
    _, columns = _users(world, world.providers.shares, names, end, "regibox.example")
    return Table(name="file_share_shareuser", columns=columns)


def _users(
    world: World, users: Users, names: Names, end: int, host: str
) -> tuple[Ints, dict[str, copy.Column]]:
    rows = np.flatnonzero(users.since < end)
    addresses = [
        _address(world, who, names, host) if who >= 0 else f"{HOLDERS[kind]}.{row + 1}@{host}"
        for row, who, kind in zip(
            rows.tolist(),
            users.practitioner[rows].tolist(),
            users.holder[rows].tolist(),
            strict=True,
        )
    ]
    return rows, {
        "id": copy.keys(rows),
        "address": copy.words(addresses),
        "practitioner_id": copy.keys(users.practitioner[rows]),
        "since": copy.instants(users.since[rows]),
        "until": copy.instants(until(users.until[rows], end)),
    }


def choice_tables(world: World, end: int) -> list[Table]:
    """What patients decided: closures, circle of trust, assistants, vaccination records, consents."""
    vaccinated = np.flatnonzero(world.vaccinated_at < end)
    circle = _links(world.circle, "access_trustedprofessional", "practitioner_id", end)
    assistants = _links(world.assistants, "access_assistant", "assistant_id", end)
    closures = _spans(world.closures, "shared_record_closure", "closed_at", "reopened_at", end)
    consents = _spans(
        world.consents, "vaccination_transferconsent", "given_at", "withdrawn_at", end
    )
    records = Table(
        name="vaccination_vaccinationrecord",
        columns={
            "person_id": copy.keys(vaccinated),
            "opened_at": copy.instants(world.vaccinated_at[vaccinated]),
        },
    )
    opened = for_professionals(
        world,
        EventKind.RECORD_OPENED,
        at=world.vaccinated_at[vaccinated],
        practitioner=vaccinators(world, vaccinated),
        person=vaccinated,
    )
    changes = [
        event
        for rows in (world.circle, world.assistants, world.closures, world.consents)
        for event in _changes(world, rows)
    ]
    return [closures, circle, assistants, records, consents, event_table([*opened, *changes], end)]


def _changes(world: World, rows: Links | Spans) -> list[Events]:
    """One event for each start and each end: by the patient, or on paper by who has no account."""
    person = np.concatenate([rows.person, rows.person])
    at = np.concatenate([rows.since, rows.until])
    online = (world.activated_at[person] < at) & (world.deleted_at[person] > at)
    by_patient, on_paper = np.flatnonzero(online), np.flatnonzero(~online)
    return [
        Events(
            kind=EventKind.CONSENT_CHANGED,
            agent=Agent.PATIENT,
            at=at[by_patient],
            account=person[by_patient],
            person=person[by_patient],
        ),
        Events(
            kind=EventKind.CONSENT_CHANGED,
            agent=Agent.SYSTEM,
            at=at[on_paper],
            person=person[on_paper],
            system="paper-form",
        ),
    ]


def _links(links: Links, name: str, who: str, end: int) -> Table:
    rows = np.flatnonzero(links.since < end)
    return Table(
        name=name,
        columns={
            "id": copy.keys(rows),
            "person_id": copy.keys(links.person[rows]),
            who: copy.keys(links.who[rows]),
            "since": copy.instants(links.since[rows]),
            "until": copy.instants(until(links.until[rows], end)),
        },
    )


def _spans(spans: Spans, name: str, since: str, until_: str, end: int) -> Table:
    rows = np.flatnonzero(spans.since < end)
    return Table(
        name=name,
        columns={
            "id": copy.keys(rows),
            "record_id": copy.keys(spans.person[rows]),
            since: copy.instants(spans.since[rows]),
            until_: copy.instants(until(spans.until[rows], end)),
        },
    )


def vaccination_tables(world: World, rows: Ints, end: int) -> list[Table]:
    """Acts with an event each."""
    all_acts = acts(world)
    rows = rows[all_acts.recorded[rows] < end]
    vaccine, person = all_acts.vaccine[rows], all_acts.person[rows]
    performed = all_acts.act_type[rows] == ACT_TYPES.index("performed")
    # A lot is used up within weeks.
    lot = mixed(vaccine * 4096 + all_acts.occurred[rows] // 45, 47)
    lots = [
        f"{chr(65 + bits % 26)}{chr(65 + bits // 26 % 26)}{bits // 676 % 10_000:04}" if here else ""
        for bits, here in zip((lot >> np.uint64(16)).tolist(), performed.tolist(), strict=True)
    ]
    table = Table(
        name="vaccination_immunization",
        columns={
            "id": copy.keys(rows),
            "record_id": copy.keys(person),
            "act_type": copy.words(ACT_TYPES, all_acts.act_type[rows]),
            "vaccine_system": copy.same(ATC, len(rows)),
            "vaccine_code": copy.words([v.atc for v in VACCINES], vaccine),
            "vaccine_display": copy.words([v.display for v in VACCINES], vaccine),
            "occurred_on": copy.dates(all_acts.occurred[rows]),
            "recorded_at": copy.instants(all_acts.recorded[rows]),
            "practitioner_id": copy.keys(all_acts.practitioner[rows]),
            "lot_number": copy.words(lots),
            "dose_number": copy.smallints(all_acts.dose[rows]),
            "entered_in_error_at": copy.instants(until(all_acts.in_error[rows], end)),
        },
    )
    by_doctor, imported = all_acts.practitioner[rows] >= 0, all_acts.practitioner[rows] < 0
    recorded = all_acts.recorded[rows]
    events = [
        *for_professionals(
            world,
            EventKind.VACCINATION_RECORDED,
            at=recorded[by_doctor],
            practitioner=all_acts.practitioner[rows][by_doctor],
            person=person[by_doctor],
        ),
        Events(
            kind=EventKind.VACCINATION_RECORDED,
            agent=Agent.SYSTEM,
            at=recorded[imported],
            person=person[imported],
            system="msvac",
        ),
    ]
    return [table, event_table(events, end)]


def document_table(filed: Documents, end: int) -> Table:
    return Table(
        name="shared_record_document",
        columns={
            "id": copy.bigints(filed.ids),
            "person_id": copy.keys(filed.person),
            "filed_at": copy.instants(filed.filed),
            "created_on": copy.dates(filed.created),
            "type": copy.smallints(filed.type),
            "format": copy.smallints(filed.format),
            "language": copy.words(LANGUAGES, filed.language),
            "title": copy.same("", len(filed)),
            "practitioner_id": copy.keys(filed.practitioner),
            "organization_id": copy.keys(filed.organization),
            "replaces_id": copy.keys(
                np.where(filed.replaces >= 0, filed.first + filed.replaces - 1, -1)
            ),
            "ended_at": copy.instants(until(filed.ended, end)),
            "ended_reason": copy.smallints(
                np.where(filed.ended < end, filed.ended_reason, 0), null=0
            ),
        },
    )
