"""What several files stand on: a small event log to damage, and the nation as the reporter and the superuser see it."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.conf import settings
from django.test import override_settings

from salus.kernel.postgres import login
from tests.conftest import as_role

if TYPE_CHECKING:  # in earnest only when Django is set up, which comes after this file is read
    from tests.event_log import Log


@pytest.fixture(scope="module")
def made(database: Path) -> "Iterator[Log]":
    from tests.event_log import a_log

    with a_log(database) as whole:
        yield whole


@pytest.fixture
def whole(made: "Log") -> "Iterator[Log]":
    """The same, put back as it was afterwards."""
    from tests.event_log import as_it_was

    with as_it_was(made):
        yield made


@pytest.fixture
def reporter(nation: Path) -> Iterator[None]:
    """Django as the reporter; editions in one language, where what is tested is the same in each."""
    with as_role("reporter"), override_settings(LANGUAGES=settings.LANGUAGES[:1]):
        yield


@pytest.fixture(scope="module")
def rows(nation: Path) -> Iterator[psycopg.Connection]:
    """As the one who may drop partitions, and tamper with rows."""
    with psycopg.connect(**asdict(login(nation, "superuser")), autocommit=True) as connection:
        connection.execute("set time zone 'Europe/Luxembourg'")
        yield connection
