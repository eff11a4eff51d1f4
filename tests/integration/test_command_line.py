"""What a user reads when a command cannot do its work: one line, no traceback, the right exit code."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.cli import complaint, main
from tests.conftest import salus


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "COMMAND"),
        (["report", "2024-13"], "'2024-13' is not a month"),
        (["simulate", "--scale", "1/0"], "'1/0' is not a scale"),
        (["serve", "--port", "99999"], "'99999' is not a port"),
        (["import"], "FILE"),
    ],
)
def test_wrong_usage(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert says in capsys.readouterr().err


def test_months_that_cannot_be_reported(database: Path) -> None:
    for month, says in (
        ("2999-01", "2999-01 has not begun yet"),
        ("1999-12", "nothing had been recorded by the end of 1999-12"),
    ):
        done = salus("report", month, data=database)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert done.stderr.startswith(f"salus: {says}")


@pytest.mark.parametrize("command", [("report", "2024-12"), ("import", __file__)])
def test_a_server_that_does_not_answer(
    installation: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://app:secret@127.0.0.1:1/salus")
    done = salus(*command, data=installation)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "the database does not answer" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.prove
def test_two_first_commands_at_once_wait_for_each_other(installation: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: salus("demo-people", data=installation), range(2)))
    assert {done.returncode for done in outcomes} == {1}
    assert {done.stderr for done in outcomes} == {
        "salus: no demo people here: `salus simulate` makes them with the nation\n"
    }


def test_the_doctor_finds_a_healthy_folder_healthy_and_names_what_is_wrong(
    installation: Path,
) -> None:
    absent = salus("doctor", data=installation / "none")
    assert absent.returncode == 1
    assert "`salus serve` makes it" in absent.stdout
    assert not (installation / "none").exists()

    salus("demo-people", data=installation)
    assert (healthy := salus("doctor", data=installation)).returncode == 0, healthy.stdout

    (installation / "secrets" / "content_kek").chmod(0o644)
    exposed = salus("doctor", data=installation)
    assert exposed.returncode == 1
    assert "others may read them" in exposed.stdout

    (installation / "secrets" / "content_kek").unlink()
    assert "content_kek missing" in salus("doctor", data=installation).stdout


def test_an_error_of_ours_shows_its_place_and_never_its_text() -> None:
    number = str(1980051712345)
    text = f"Key (value)=({number}) already exists"
    try:
        raise ValueError(text)
    except ValueError as error:
        told = complaint(error)
    assert "test_command_line.py" in told
    assert number not in told
