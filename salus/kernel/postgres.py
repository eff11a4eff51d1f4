"""The database: an embedded PostgreSQL 18 on the data folder, or any server by DATABASE_URL.

One program owns the folder and runs its server; others attach to it, or, when nobody owns it, run
one for as long as they need it.
"""

import fcntl
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
from psycopg import sql

from salus.kernel import cluster
from salus.kernel.data_folder import DataFolderDamaged, DataFolderInUse, owned, secret
from salus.kernel.errors import SalusError

ROLES = ("owner", "app", "loader", "reporter", "sequencer")
BYPASS_RLS = ("loader", "reporter", "sequencer")  # copy in, count, and log, over all persons


class DatabaseUrlInvalid(SalusError):
    """DATABASE_URL is not an address of a PostgreSQL database."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """What a driver needs to connect as one role; `host` is a name or a Unix socket's folder."""

    host: str
    port: int
    user: str
    password: str
    dbname: str


def is_embedded(environ: Mapping[str, str] = os.environ) -> bool:
    return not environ.get("DATABASE_URL")


def login(data: Path, role: str, environ: Mapping[str, str] = os.environ) -> Login:
    """The login of `role`: one of ROLES, or "superuser" of the embedded server.

    DATABASE_URL_<ROLE> goes before DATABASE_URL, which goes before the data folder. TLS to an
    external server is set as libpq does: PGSSLMODE, PGSSLROOTCERT.
    """
    if not is_embedded(environ):
        return _parse(environ.get(f"DATABASE_URL_{role.upper()}") or environ["DATABASE_URL"])
    data = data.resolve()
    return Login(
        host=str(cluster.socket_folder(data)),
        port=5432,
        user=role,
        password=secret(data, role),
        dbname="salus",
    )


def _parse(url: str) -> Login:
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    host = options.pop("host", [unquote(parts.hostname or "")])[0]
    if parts.scheme not in ("postgres", "postgresql") or not host or not parts.path[1:] or options:
        raise DatabaseUrlInvalid(  # the URL holds a password: it is not shown
            "DATABASE_URL must read postgresql://user:password@host:port/database (?host=/folder "
            "for a Unix socket; other options by libpq's variables, as PGSSLMODE)"
        )
    return Login(
        host=host,
        port=parts.port or 5432,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        dbname=unquote(parts.path[1:]),
    )


@contextmanager
def serving(data: Path, *, lasting: bool = False) -> Iterator[subprocess.Popen[bytes] | None]:
    """Own the folder (`lasting`: see `owned`) and run its server inside this block.

    Yields the server, None if external.

    Raises DataFolderInUse when another program owns the folder, and the other errors of the data
    folder when it cannot be used.
    """
    data = data.resolve()
    with owned(data, lasting=lasting):
        if is_embedded():
            with running(data) as server:
                yield server
        else:
            yield None


@contextmanager
def running(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server of a folder that this process owns, with its database and roles."""
    with cluster.running(data, secret(data, "superuser")) as server:
        try:
            _make_database(data)
        except psycopg.OperationalError as error:
            raise _unusable(data, error) from error
        yield server


@contextmanager
def attached(data: Path) -> Iterator[None]:
    """Have the database answer inside this block: by a running server, or by an own one."""
    data = data.resolve()
    if not is_embedded():
        with suppress(DataFolderInUse), owned(data):
            pass  # makes the secrets
        yield
        return
    with ExitStack() as stack:
        while not _attach(data, stack):
            time.sleep(0.1)  # the folder's owner is just starting or stopping its server
        yield


def _attach(data: Path, stack: ExitStack) -> bool:
    try:
        stack.enter_context(serving(data))
    except DataFolderInUse:
        # Held while attached, so that a command which runs the server ends after its guests.
        guest = stack.enter_context((data / "guests.lock").open("a"))
        fcntl.flock(guest, fcntl.LOCK_SH)
        if _is_ready(data):
            return True
        guest.close()
        return False
    guests = stack.enter_context((data / "guests.lock").open("a"))
    stack.callback(fcntl.flock, guests, fcntl.LOCK_EX)
    return True


def _is_ready(data: Path) -> bool:
    try:
        psycopg.connect(**asdict(login(data, ROLES[0]))).close()
    except (psycopg.OperationalError, DataFolderDamaged):
        return False
    return True


def _unusable(data: Path, error: psycopg.OperationalError) -> SalusError:
    if "password authentication failed" in str(error):
        return DataFolderDamaged(
            f"the database in {data} refuses the secrets in {data / 'secrets'}: restore both from "
            "the same backup"
        )
    return cluster.refused(data)


def _make_database(data: Path) -> None:
    """Make what is missing of database and roles; each role's password is that of its secret."""
    superuser = login(data, "superuser")
    with psycopg.connect(**asdict(replace(superuser, dbname="postgres")), autocommit=True) as first:
        if not first.execute("select from pg_database where datname = 'salus'").fetchall():
            first.execute("create database salus")
    # One transaction: whoever can sign in finds everything in place.
    with psycopg.connect(**asdict(superuser)) as connection:
        made = {name for (name,) in connection.execute("select rolname from pg_roles")}
        for role in ROLES:
            verb = sql.SQL("alter" if role in made else "create")
            # The server sees no password, only what SCRAM verifies it by.
            verifier = connection.pgconn.encrypt_password(
                secret(data, role).encode(), role.encode(), b"scram-sha-256"
            ).decode()
            connection.execute(
                sql.SQL(
                    "{} role {} login nosuperuser nocreatedb nocreaterole noreplication "
                    "noinherit {} password {}"
                ).format(
                    verb,
                    sql.Identifier(role),
                    sql.SQL("bypassrls" if role in BYPASS_RLS else "nobypassrls"),
                    sql.Literal(verifier),
                )
            )
        connection.execute(_GRANTS)


_GRANTS = """
    alter role reporter set default_transaction_read_only = on;
    alter database salus owner to owner;
    revoke all on database salus, postgres, template1 from public;
    grant connect on database salus to app, loader, reporter, sequencer;
    alter schema public owner to owner;
    revoke all on schema public from public;
    grant usage on schema public to app, loader, reporter, sequencer;
"""
