"""Brings the database to the code's shape; runs as owner, on its own or from `salus serve`."""

import os
from pathlib import Path

import django
from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

RIGHTS = Path(__file__).with_name("rights.sql")


def migrate() -> None:
    with connection.cursor() as cursor:
        # Two commands may start at once; the lock ends with the session.
        cursor.execute("select pg_advisory_lock(hashtext('migrate'))")
        call_command("migrate", verbosity=0, interactive=False)
        cursor.execute(RIGHTS.read_text())


def is_current() -> bool:
    """Whether the tables have the code's shape, as far as this process's role may see."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except ProgrammingError:  # a first migration is under way: its list is not readable yet
        return False


if __name__ == "__main__":
    os.environ["SALUS_ROLE"] = "owner"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    migrate()
