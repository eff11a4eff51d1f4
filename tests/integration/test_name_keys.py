"""The keys by which people are found: the loader, the migration and the actions make the same."""

from dataclasses import asdict
from datetime import date
from importlib import import_module
from pathlib import Path

import psycopg
import pytest

from salus.kernel.postgres import login
from salus.mpi.keys import name_keys
from tests.conftest import as_role
from tests.rare_rows import change_people

fill = import_module("salus.mpi.migrations.0005_name_keys_of_people").fill
Key = tuple[int, date, str]


@pytest.fixture
def rows(nation: Path) -> psycopg.Connection:
    return psycopg.connect(**asdict(login(nation, "superuser")), autocommit=True)


def keys(rows: psycopg.Connection) -> set[Key]:
    return set(rows.execute("select person_id, birth_date, key from mpi_namekey").fetchall())


def test_those_who_were_there_before_get_the_same_keys(rows: psycopg.Connection) -> None:
    with rows:
        loaded = keys(rows)
        rows.execute("delete from mpi_namekey")
        with as_role("owner"):
            fill(None, None)
            assert keys(rows) == loaded
            rows.execute("delete from mpi_namekey where person_id > 500")
            fill(None, None)  # as after a kill
            assert keys(rows) == loaded


def test_a_change_adds_keys_and_takes_none(rows: psycopg.Connection) -> None:
    with rows:
        before = keys(rows)
        change_people()
        added = keys(rows) - before
        assert before <= keys(rows)
        assert {(person, born) for person, born, _key in added} == {
            (person, date(1900, 1, 1)) for person in (11, 12, 13)
        }
        assert {key for _person, _born, key in added} >= set(name_keys("Name", "Neuer"))


def test_names_of_one_sound_have_one_key() -> None:
    assert name_keys("Anna", "Müller") == name_keys("Mueller", "Anna") == ["an mlr"]
    assert set(name_keys("Anna Maria", "Weber", ["Schmit"])) > {"an smt", "fpr mr"}
    assert name_keys("Anna", "") == name_keys("", "Weber") == []
    assert len(name_keys("Anna Bert Carl Dora Emil Finn", "Aba Eno Ilu Oki")) == 24  # enough
