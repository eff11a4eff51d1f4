"""`salus doctor`: checks an installation, and says of each finding what to do."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

from config.doctor_services import answers_by_soap, endpoints, listening
from config.finding import Finding
from config.ldap_options import LdapOptions
from config.mllp_options import MllpOptions
from salus.kernel import cluster, data_folder, keys, postgres, wal
from salus.kernel.backup_folder import BackupFolder, BackupUnreachable, Remembered
from salus.kernel.errors import SalusError
from salus.kernel.events import QUEUE
from salus.shared_record.store import ContentDamaged, ContentStore, StoredContent

_LITTLE_SPACE = 5 * 2**30  # bytes; the nation at 1/100 takes about one
_NO_SPACE = 2**28


def doctor(data: Path) -> int:
    """Print one line per check; returns 1 when one failed (a warning is not a failure)."""
    failed = False
    for finding in _findings(data.resolve()):
        print(finding)
        failed |= finding.problem is not None and not finding.is_warning
    return int(failed)


def _findings(data: Path) -> Iterator[Finding]:
    if not data.is_dir() or (os.access(data, os.R_OK) and not any(data.iterdir())):
        yield Finding(
            what=f"data folder {data}", problem="nothing there yet; `salus serve` makes it"
        )
        return
    yield from _folder(data)
    if not _is_writable(data):
        return  # somebody else's folder: what is in it cannot be seen
    yield _secrets(data)
    yield from listening("HL7 v2", MllpOptions.of(os.environ, port=None))
    yield from listening("address book", LdapOptions.of(os.environ, port=None))
    yield from answers_by_soap(data)
    if postgres.is_embedded() and not (data / "postgres").is_dir():
        problem = "absent; `salus serve` makes a new one, a backup restores an old one"
        yield Finding(what="database", problem=problem)
        return
    try:
        with postgres.attached(data):
            yield from _database(data)
    except SalusError as error:
        yield Finding(what="database", problem=str(error))
    except psycopg.OperationalError as error:
        first_line = str(error).splitlines()[0]
        yield Finding(what="database", problem=f"{first_line}; see DATABASE_URL")


def _folder(data: Path) -> Iterator[Finding]:
    writable = _is_writable(data)
    yield Finding(
        what=f"data folder {data} of user {data.stat().st_uid} is writable",
        problem=None if writable else "run as its owner, or choose another with --data",
    )
    open_to_all = data.stat().st_mode & 0o002
    yield Finding(
        what="not everybody may write there",
        problem=f"chmod o-w {data}" if open_to_all else None,
    )
    free = shutil.disk_usage(data).free
    yield Finding(
        what=f"{free / 2**30:.1f} GiB free on its disk",
        problem="too little: free some" if free < _LITTLE_SPACE else None,
        is_warning=free >= _NO_SPACE,
    )


def _is_writable(data: Path) -> bool:
    return os.access(data, os.W_OK | os.X_OK)


def _secrets(data: Path) -> Finding:
    folder = data / "secrets"
    paths = [folder / name for name in data_folder.SECRETS]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        problem = f"{', '.join(missing)} missing: restore {folder} from a backup"
        return Finding(what="secrets", problem=problem)
    readable = [str(path) for path in [folder, *paths] if path.stat().st_mode & 0o077]
    return Finding(
        what="secrets are there, and for the owner alone",
        problem=f"others may read them: chmod go= {' '.join(readable)}" if readable else None,
    )


def _database(data: Path) -> Iterator[Finding]:
    with psycopg.connect(**asdict(postgres.login(data, "owner"))) as connection:
        version = connection.info.server_version // 10000
        problem = None if str(version) == cluster.VERSION else f"Salus needs {cluster.VERSION}"
        yield Finding(what=f"database answers, PostgreSQL {version}", problem=problem)
        yield from _rights(connection)
    migrations = _migrations(data)
    yield migrations
    if migrations.problem is None:
        yield _set_aside(data)
        yield _content(data)
        yield _published(data)
        yield _housekeeping(data)
        yield _deliveries(data)
        yield _receipts(data)
        yield endpoints()
    if postgres.is_embedded():
        yield from _backups(data)


def _rights(connection: psycopg.Connection) -> Iterator[Finding]:
    for what, query, problem in _RIGHTS:
        wrong = [name for (name,) in connection.execute(query)]
        text = f"{problem}: {', '.join(wrong)}" if wrong else None
        yield Finding(what=what, problem=text)


# Each query returns the names that are wrong.
_RIGHTS = (
    (
        "roles owner, app, loader, reporter and sequencer are there",
        """select name from unnest(array['owner', 'app', 'loader', 'reporter', 'sequencer']) as name
           where name not in (select rolname from pg_roles)""",
        "missing; the embedded server makes them, on your own server see the installation guide",
    ),
    (
        "no role can do more than it must",
        """select rolname from pg_roles
           where rolname in ('owner', 'app', 'loader', 'reporter', 'sequencer')
           and (rolsuper or rolcreaterole or rolreplication
                or rolbypassrls <> (rolname in ('loader', 'reporter', 'sequencer')))""",
        "wrong attributes; alter role ... nosuperuser nocreaterole noreplication, and bypassrls "
        "for loader, reporter and sequencer alone",
    ),
    (
        "no role is a member of another",
        """select member::regrole::text from pg_auth_members
           where member::regrole::text
               in ('owner', 'app', 'loader', 'reporter', 'sequencer')""",
        "revoke their memberships",
    ),
    (
        "row-level security binds the tables' owner too, and has a policy",
        """select relname::text from pg_class where relrowsecurity
           and not (relforcerowsecurity
                    -- a partition without one is closed to all who name it
                    and (relispartition or exists (select from pg_policy where polrelid = pg_class.oid)))""",
        "run `salus serve`, which migrates; if it stays, restore from a backup",
    ),
    (
        "events can be neither changed nor deleted",
        """select rolname || ' on ' || relname from pg_roles, pg_class
           where rolname in ('app', 'loader', 'reporter', 'sequencer')
           and relname ~ '^audit_event' and relkind in ('r', 'p')
           and has_table_privilege(rolname, pg_class.oid, 'update, delete')""",
        "revoke update, delete",
    ),
)


def _migrations(data: Path) -> Finding:
    environ = {
        **os.environ,
        "SALUS_DATA": str(data),
        "SALUS_ROLE": "owner",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "-P", "-m", "django", "migrate", "--check", "--verbosity", "0"]
    child = subprocess.run(command, env=environ, capture_output=True, check=False)
    problem = None if child.returncode == 0 else "not up to date; `salus serve` does it"
    return Finding(what="tables are of this version", problem=problem)


def _set_aside(data: Path) -> Finding:
    with psycopg.connect(**asdict(postgres.login(data, "owner"))) as connection:
        found = connection.execute("select count(*) from simulation_setaside").fetchone()
    away = found[0] if found else 0
    problem = f"{away} are away: a simulation is loading, or was killed: run `salus simulate` again"
    return Finding(what="indexes and constraints are in place", problem=problem if away else None)


def _content(data: Path) -> Finding:
    """Open one document picked at random; its content goes nowhere."""
    with psycopg.connect(**asdict(postgres.login(data, "loader"))) as connection:
        row = connection.execute(_RANDOM_DOCUMENT).fetchone()
    if row is None:
        return Finding(what="no document is stored yet")
    document, person, pack, position, size, sha256, wrapped_key = row
    stored = StoredContent(
        pack=pack, position=position, size=size, sha256=sha256, wrapped_key=wrapped_key
    )
    problem = None
    try:
        ContentStore(data).open(document=document, person=person, stored=stored)
    except ContentDamaged as error:
        problem = f"{error}: restore {data / 'documents'} from a backup"
    return Finding(what="a document picked at random opens with its hash", problem=problem)


def _published(data: Path) -> Finding:
    changed = changed_editions(data)
    return Finding(
        what="the files of the activity report are as they were published",
        problem=f"{len(changed)} are not, {changed[0]} the first: restore them from a backup"
        if changed
        else None,
    )


def changed_editions(data: Path) -> list[Path]:
    """The files of published editions that have not the hash any more with which they were signed."""
    with psycopg.connect(**asdict(postgres.login(data, "reporter"))) as connection:
        files = connection.execute(_PUBLISHED_FILES).fetchall()
    return [
        file
        for month, revision, name, digest in files
        if not (file := data / "reports" / month / f"r{revision}" / name).is_file()
        or hashlib.sha256(file.read_bytes()).hexdigest() != digest
    ]


def _housekeeping(data: Path) -> Finding:
    """Whether the worker keeps up: every task was done lately, and none failed the last time it was due."""
    with psycopg.connect(**asdict(postgres.login(data, "app"))) as connection:
        tasks = connection.execute(_LAST_DONE).fetchall()
    if failed := [task for task, _, has_failed in tasks if has_failed]:
        problem = f"{', '.join(failed)} failed: where, is in the log of `salus serve`"
        return Finding(what="housekeeping", problem=problem)
    done = [at for _, at, _ in tasks if at]
    if not done or len(done) < len(tasks):
        problem = "not done yet: `salus serve` does it every hour"
        return Finding(what="housekeeping", problem=problem, is_warning=True)
    age = datetime.now(UTC) - min(done)
    return Finding(
        what=f"housekeeping, last done {age.total_seconds() / 3600:.0f} hours ago",
        problem="the worker is behind: `salus serve` does it every hour" if age > _BEHIND else None,
        is_warning=True,  # a site that is not served has none
    )


def _deliveries(data: Path) -> Finding:
    """Whether every subscriber takes the events that it is told of."""
    with psycopg.connect(**asdict(postgres.login(data, "app"))) as connection:
        failing = connection.execute(_FAILING, [QUEUE]).fetchall()
    problems = [
        f"{name} fails on {events}, {times} times by now" for name, events, times in failing
    ]
    return Finding(
        what="domain events are delivered",
        problem=f"{', '.join(problems)}: where, is in the log of `salus serve`, which tries on"
        if problems
        else None,
    )


def _receipts(data: Path) -> Finding:
    """Whether those who are told of links of the patient index have confirmed."""
    with psycopg.connect(**asdict(postgres.login(data, "loader"))) as connection:
        waiting = connection.execute(_UNCONFIRMED, [datetime.now(UTC) - _BEHIND]).fetchall()
    problems = [
        f"{receiver} ({links}, since {since:%Y-%m-%d})" for receiver, links, since in waiting
    ]
    return Finding(
        what="who is told of links of persons has confirmed",
        problem=f"not {', '.join(problems)}" if problems else None,
        is_warning=True,  # a hospital's system may be away
    )


def _backups(data: Path) -> Iterator[Finding]:
    """Whether the installation could be restored, to when, and with which keys."""
    known = Remembered.of(data)
    if known.folder is None:
        problem = "none, all would be lost with this disk: `salus backup --to DIR`"
        yield Finding(what="backups", problem=problem, is_warning=True)
    else:
        yield _last_backup(known.folder, known.last)
        yield _log(data, known.folder)
    fingerprints = keys.fingerprints(keys.keys_of(data))
    yield Finding(
        what=f"the keys have a copy; fingerprint of the content key {fingerprints[keys.CONTENT_KEY]}",
        problem=None if known.keys == fingerprints else "no: `salus key export --to FILE`",
        is_warning=True,
    )


def _last_backup(folder: BackupFolder, last: str | None) -> Finding:
    what = f"backup in {folder.root}"
    try:
        folder.system()
    except BackupUnreachable as error:
        return Finding(what=what, problem=str(error))
    if last is None:
        return Finding(what=what, problem="none was finished: `salus backup`")
    age = datetime.now(UTC) - datetime.fromisoformat(last)
    return Finding(
        what=f"{what}, the last {age.total_seconds() / 3600:.0f} hours ago",
        problem="too old: run `salus backup` every night" if age > _OLD_BACKUP else None,
    )


def _log(data: Path, folder: BackupFolder) -> Finding:
    """The database's log on its two steps: out of the server into DATA/wal, from there to the backups."""
    with psycopg.connect(**asdict(postgres.login(data, "superuser"))) as connection:
        row = connection.execute(_UNARCHIVED).fetchone()
    unarchived, since, failed = row or (0, None, False)
    waiting = wal.files(data / "wal")
    kept = [file.stat().st_mtime for file in wal.files(folder.wal)] if folder.wal.is_dir() else []
    what = "the database's log is kept"
    if kept:
        what += f" until {datetime.fromtimestamp(max(kept), ZoneInfo(cluster.TIME_ZONE)):%Y-%m-%d %H:%M:%S}"
    problem = None
    late = datetime.now(UTC) - _LATE
    if failed or (since and since < late):
        problem = (
            f"{unarchived} files of 16 MiB wait in {data / 'postgres' / 'pg_wal'} and fill its disk, the server "
            f"cannot hand them over: why is at the end of {data / 'log' / 'postgresql.log'}"
        )
    elif waiting and datetime.fromtimestamp(min(f.stat().st_mtime for f in waiting), UTC) < late:
        megabytes = sum(file.stat().st_size for file in waiting) / 2**20
        problem = (
            f"{len(waiting)} files, {megabytes:.0f} MiB, wait in {data / 'wal'} and fill its disk: `salus backup` "
            f"says why {folder.root} does not take them, a running `salus serve` sends them"
        )
    return Finding(what=what, problem=problem)


_OLD_BACKUP = timedelta(hours=36)  # a night's was missed
_BEHIND = timedelta(hours=3)  # it is due every hour
_LATE = timedelta(minutes=5)  # a disk that is away for a moment is nobody's alarm
_UNARCHIVED = """
    select count(*), min(modification),
        coalesce((select last_failed_time > coalesce(last_archived_time, '-infinity') from pg_stat_archiver), false)
    from pg_ls_archive_statusdir() where name like '%.ready'
"""
_LAST_DONE = """
    select task_name,
        (select max(at) from procrastinate_jobs done join procrastinate_events event on event.job_id = done.id
            where done.task_name = due.task_name and event.type = 'succeeded'),
        exists (select from procrastinate_jobs job where job.id = due.job_id and job.status = 'failed')
    from procrastinate_periodic_defers due
"""
_FAILING = """
    select args ->> 'subscriber', count(*), max(attempts) from procrastinate_jobs
    where queue_name = %s and status <> 'succeeded' and attempts > 0 group by 1 order by 1
"""
_UNCONFIRMED = """
    select receiver, count(*), min(since) from mpi_receipt
    where confirmed_at is null and since < %s group by receiver order by receiver
"""
_PUBLISHED_FILES = """
    select to_char(period, 'YYYY-MM'), revision, file.key, file.value
    from activity_report_archivededition, jsonb_each_text(document -> 'files') file
    order by period, revision, file.key
"""
_RANDOM_DOCUMENT = """
    select document_id, person_id, pack, position, size, sha256, wrapped_key
    from shared_record_documentcontent join shared_record_document on id = document_id
    where document_id >= (select random() * max(document_id) from shared_record_documentcontent)
    order by document_id limit 1
"""
