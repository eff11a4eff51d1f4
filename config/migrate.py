"""What only the owner of the tables may do: runs as owner, on its own, or called by `salus serve` and `salus simulate`.

python -m config.migrate               bring the database to the code's shape
python -m config.migrate set-aside     take indexes and constraints away, before a nation is loaded
python -m config.migrate put-back      put them back, after it
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

import django
from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

from salus.kernel.errors import AlreadyRunning
from salus.kernel.logs import Formatter

BUSY = 75  # exit code (sysexits.h: EX_TEMPFAIL): a simulation is filling this installation
RIGHTS = Path(__file__).with_name("rights.sql")


def main(work: str) -> None:
    with connection.cursor() as cursor:
        # Two commands may start at once; the lock ends with the session.
        cursor.execute("select pg_advisory_lock(hashtext('migrate'))")
    {"migrate": migrate, "set-aside": set_aside, "put-back": put_back}[work]()


def migrate() -> None:
    if "simulation_setaside" in connection.introspection.table_names():
        _put_back_what_a_killed_load_left()
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute(RIGHTS.read_text())


def set_aside() -> None:
    from salus.simulation.run import loaded_tables
    from salus.simulation.set_aside import set_aside

    set_aside(loaded_tables())


def put_back() -> None:
    from salus.simulation.set_aside import put_back

    put_back()


def is_current() -> bool:
    """Whether the tables have the code's shape, as far as this process's role may see."""
    from salus.simulation.models import SetAside

    return is_migrated() and not SetAside.objects.exists()


def is_migrated() -> bool:
    """The same, but indexes and constraints may be set aside."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except ProgrammingError:  # a first migration is under way: its list is not readable yet
        return False


def _put_back_what_a_killed_load_left() -> None:
    from salus.simulation.models import SetAside
    from salus.simulation.run import alone

    if SetAside.objects.exists():
        with alone():
            put_back()


def _end(error: Exception) -> NoReturn:
    """Exit with code BUSY, or 1 and the place of the error: its text may quote values of rows."""
    if isinstance(error, AlreadyRunning):
        sys.exit(BUSY)
    sys.exit(Formatter().formatException((type(error), error, error.__traceback__)))


if __name__ == "__main__":
    os.environ["SALUS_ROLE"] = "owner"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    try:
        main(*sys.argv[1:] or ["migrate"])
    except Exception as error:
        _end(error)
