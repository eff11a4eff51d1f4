"""`salus match`: registries' files as they come, dirty, and what is written of them."""

import csv
import os
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from config.cli import main

COLUMNS = (
    *("record_id", "given_name", "family_name", "birth_date", "sex", "street", "house_number"),
    *("postal_code", "city", "phone"),
)
GIVEN = (
    *("Anne", "Paul", "Claire", "Marc", "Sophie", "Joao", "Lena", "Tom", "Nadia", "Luc", "Rosa"),
    *("Pit", "Irene", "Hugo", "Carla", "Max", "Eva", "Jos"),
)
FAMILY = (
    *("Weber", "Muller", "Schmit", "Lopes", "Ferreira", "Wagner", "Reding", "Klein", "Thill"),
    *("Santos", "Martin", "Dupont", "Becker", "Kremer", "Faber", "Simon", "Krier", "Ries"),
    *("Steffen", "Welter", "Theisen", "Braun", "Biver", "Bley", "Lentz", "Molitor", "Kohn"),
)
STREETS = ("rue de la Gare", "Grand-Rue", "Op der Heed", "route d'Arlon", "rue du Moulin")

Row = dict[str, str]


def people(count: int, seed: int = 7) -> list[Row]:
    rng = random.Random(seed)
    return [
        {
            "record_id": f"a{number:04}",
            "given_name": rng.choice(GIVEN),
            "family_name": rng.choice(FAMILY),
            "birth_date": f"{rng.randrange(1930, 2020)}-{rng.randrange(1, 13):02}-{rng.randrange(2, 29):02}",
            "sex": rng.choice(["male", "female"]),
            "street": rng.choice(STREETS),
            "house_number": str(rng.randrange(1, 90)),
            "postal_code": str(rng.randrange(1000, 9999)),
            "city": rng.choice(["Esch", "Diekirch", "Mersch", "Wiltz"]),
            "phone": str(rng.randrange(621000000, 691999999)),
        }
        for number in range(count)
    ]


def again(row: Row, number: int) -> Row:
    """The same person, written by another system."""
    other = row | {"record_id": "b" + row["record_id"][1:]}
    match number % 5:
        case 0:
            other |= {
                "given_name": row["family_name"].upper(),
                "family_name": row["given_name"].upper(),
            }
        case 1:
            year, month, day = row["birth_date"].split("-")
            other |= {
                "birth_date": f"{day}.{month}.{year}",
                "postal_code": "L-" + row["postal_code"],
            }
        case 2:
            other |= {"phone": "", "sex": ""}
        case 3:
            other |= {"street": "", "house_number": "", "city": "inconnu"}
        case 4:
            other |= {"street": f"{row['house_number']}, {row['street']}", "house_number": ""}
    return other


def write(
    path: Path, rows: Iterable[Row], *, delimiter: str = ",", encoding: str = "utf-8"
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "links.csv"


def match(*arguments: object) -> int:
    return main(["match", *map(str, arguments)])


def test_two_files_are_linked(tmp_path: Path, out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = people(60)
    others = [again(row, number) for number, row in enumerate(rows[:35])]
    a = write(tmp_path / "a.csv", rows)
    b = write(tmp_path / "b.csv", reversed(others), delimiter=";", encoding="utf-8-sig")
    assert match(a, b, "--out", out) == 0
    assert capfd.readouterr().err == ""  # no bar, since this is no terminal

    found = read(out)
    assert list(found[0]) == ["id_a", "id_b", "weight", "band"]
    assert found == sorted(found, key=lambda pair: (pair["id_a"], pair["id_b"]))
    assert {pair["band"] for pair in found} <= {"link", "review"}
    same = {
        (row["record_id"], other["record_id"]) for row, other in zip(rows, others, strict=False)
    }
    linked = {(pair["id_a"], pair["id_b"]) for pair in found if pair["band"] == "link"}
    assert linked <= same
    assert len(linked) >= 20
    assert {(pair["id_a"], pair["id_b"]) for pair in found} >= same


def test_one_file_is_deduplicated_and_the_same_file_gives_the_same_bytes(
    tmp_path: Path, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = people(90)
    # A brother at the same address, born on the same day: twins.
    twin = rows[5] | {"record_id": "twin", "given_name": "Zacharie"}
    doubles = [again(row, number) for number, row in enumerate(rows[:30])]
    file = write(tmp_path / "a.csv", [*rows, *doubles, twin])
    assert match(file, "--out", out) == 0
    found = read(out)
    assert all(pair["id_a"] < pair["id_b"] for pair in found)
    assert not [pair for pair in found if "twin" in pair.values() and pair["band"] == "link"]
    assert sum(pair["band"] == "link" for pair in found) >= 20
    assert match(file, "--out", "-") == 0
    assert capfd.readouterr().out == out.read_text()


def test_ten_lines_without_doubles_give_none(tmp_path: Path, out: Path) -> None:
    file = write(tmp_path / "a.csv", people(10))
    assert match(file, "--out", out) == 0
    assert read(out) == []


def test_few_columns_and_empty_ones_will_do(tmp_path: Path, out: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        "Record_ID,given_name,family_name,phone\n1,Anne,Weber,\n2,Paul,Lopes,\n3,Anne,Weber,\n"
    )
    assert match(file, "--out", out) == 0
    assert [(pair["id_a"], pair["id_b"]) for pair in read(out) if pair["band"] == "link"] == []


def test_bad_lines_are_named_without_their_values_and_left_out(
    tmp_path: Path, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(
        "record_id,given_name,family_name,birth_date,zip\n"
        "1,André,Weber,1957-03-12,\n"
        "2,Paul,Secret\n"
        ",Paul,Secret,1957-03-12,\n"
        "\n"
        "3,André,Weber,1957-02-31,x\n".encode("latin-1")
    )
    assert match(file, "--out", out) == 0
    said = capfd.readouterr().err.splitlines()
    assert said == [
        f"salus match: {file} is not UTF-8; read as Latin-1 (Windows-1252)",
        f"salus match: {file}: 1 other column is not used",
        f"salus match: {file}: line 3 has 3 values, but the first line names 5; it is left out",
        f"salus match: {file}: line 4 has no record_id; it is left out",
        "salus match: 2 lines were left out",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has no column record_id"),
        ("id,given_name\n1,Anne\n", "has no column record_id"),
        ("record_id\n1\n", "has nothing to compare"),
        ("record_id,sex,sex\n1,m,m\n", "names a column twice: sex"),
        ("record_id,given_name\n1,Anne\n1,Paul\n", "but 1 of its values stand more than once"),
    ],
)
def test_a_file_that_cannot_be_matched_is_one_line(
    tmp_path: Path, out: Path, capfd: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(content)
    out.write_text("as it was")
    assert match(file, "--out", out) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"salus: {file}: ")
    assert said in line
    assert "Anne" not in line
    assert out.read_text() == "as it was"
    assert sorted(tmp_path.iterdir()) == [file, out]


def test_a_file_that_is_not_there_and_a_place_that_cannot_be_written(
    tmp_path: Path, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert match(tmp_path / "none.csv", "--out", out) == 1
    assert "cannot be read: No such file or directory" in capfd.readouterr().err
    file = write(tmp_path / "a.csv", people(3))
    assert match(file, "--out", tmp_path / "none" / "links.csv") == 1
    assert "cannot be written (No such file or directory)" in capfd.readouterr().err


def test_wrong_usage_is_2(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        match("a.csv")
    assert ended.value.code == 2


def test_no_other_command_loads_what_learns() -> None:
    code = "import config.cli, sys; print([m for m in sys.modules if m in {'splink','duckdb','pyarrow'}])"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SALUS")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean
    )
    assert done.stdout.strip() == "[]"
