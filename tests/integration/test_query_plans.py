"""No read walks through a table of patients: each statement that a query sends is explained where it is sent,
as app, in the same transaction and under the same person set, and must go by an index.

In the small nation a table fits on a few pages, and the planner is kept from reading it whole: that shows
that an index can serve the statement. At 1/10, in `make prove`, the planner chooses freely.
"""

import inspect
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from salus.audit.models import Event
from salus.directory.finding import Question, find
from salus.kernel.clock import now
from salus.kernel.postgres import attached
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.models import Person
from tests.conftest import as_role, new_folder, salus
from tests.plans import scans
from tests.query_cases import CASES, Asked, Case, actor_named, asked_by_demo_people
from tests.rare_rows import let_in_apps, link_people, link_to

FOUND_BY = ("directory_listing", "directory_nameword", "directory_wordkey")
SMALL = 8  # pages: below it the planner may rightly read a table whole


@pytest.fixture(scope="module")
def peopled(nation: Path) -> None:
    """What an index over an empty table would serve shows nothing; the patient is asked for by two rows."""
    let_in_apps(nation)
    link_people(nation)
    link_to(actor_named("patient").person or 0)


@pytest.fixture
def small(nation: Path, peopled: None) -> Iterator[Asked]:
    """The nation at 1/1000, whose planner reads no table whole if it can do otherwise."""
    asked = asked_by_demo_people()
    with connection.cursor() as cursor:
        cursor.execute("set enable_seqscan = off")
        yield asked
        cursor.execute("reset enable_seqscan")


def _name(value: object) -> str:
    return value.__name__ if inspect.isfunction(value) and value.__name__ != "<lambda>" else "by"


def test_every_public_query_has_a_case() -> None:
    public = set()
    for domain in settings.DOMAINS:
        if (Path(*domain.split(".")) / "queries.py").exists():
            module = import_module(f"{domain}.queries")
            public |= {
                function
                for name, function in inspect.getmembers(module, inspect.isfunction)
                if function.__module__ == module.__name__ and not name.startswith("_")
            }
    assert public
    assert public <= {function for function, _case in CASES}


@pytest.mark.parametrize(("function", "case"), CASES, ids=_name)
def test_an_index_can_serve_each_statement(
    small: Asked, function: Callable[..., Any], case: Case
) -> None:
    assert scans(lambda: case(small)) == []


@pytest.mark.parametrize(
    "question",
    [
        Question(text="Schmit"),
        Question(text="jean schmtt"),
        Question(text="dentiste portugais Esch"),
        Question(text="pharmacie L-4130"),
        Question(profession="106289002"),
        Question(type="hospital"),
        Question(near=(49.6, 6.1), within=5.0),
    ],
    ids=str,
)
def test_an_index_can_serve_each_search_of_the_directory(small: Asked, question: Question) -> None:
    assert scans(lambda: find(question, at=now()), tables=FOUND_BY) == []


def test_what_reads_the_whole_is_noticed(small: Asked) -> None:
    """A table without an index to serve, an index from its start, a log read backwards until it is enough."""
    with finding_in(Scope.INDEX):
        assert scans(lambda: list(Person.objects.filter(household=1)))
        assert scans(lambda: list(Person.objects.order_by("birth_date", "family_key")[:1]))
    with rows_of([small.person]):
        assert scans(lambda: list(Event.objects.order_by("-at", "-id")[:200]))


@pytest.fixture(scope="module")
def large() -> Iterator[Asked]:
    """The nation at 1/10, in an installation of its own, to which Django is connected as app."""
    with ExitStack() as stack:
        data = new_folder()
        stack.callback(shutil.rmtree, data)
        done = salus("simulate", "--scale", "1/10", "--until", "2025-02", "--seed", "1", data=data)
        assert done.returncode == 0, done.stderr
        stack.enter_context(attached(data))
        stack.enter_context(as_role("app", data))
        stack.enter_context(override_settings(DATA=data))
        yield asked_by_demo_people()


@pytest.mark.prove
@pytest.mark.parametrize(("function", "case"), CASES, ids=_name)
def test_the_planner_chooses_an_index(
    large: Asked, function: Callable[..., Any], case: Case
) -> None:
    assert scans(lambda: case(large), smallest=SMALL) == []
