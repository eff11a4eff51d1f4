"""Brings the database to the code's shape; runs as owner, on its own or from `salus serve`."""

import os
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

RIGHTS = Path(__file__).with_name("rights.sql")


def migrate() -> None:
    with connection.cursor() as cursor:
        # Two commands may start at once; the lock ends with the session.
        cursor.execute("select pg_advisory_lock(hashtext('migrate'))")
        call_command("migrate", verbosity=0, interactive=False)
        cursor.execute(RIGHTS.read_text())


if __name__ == "__main__":
    os.environ["SALUS_ROLE"] = "owner"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    migrate()
