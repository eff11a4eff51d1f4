"""What the papers name exists: paths, make targets, commands and their options; and each page is listed."""

import re
from pathlib import Path

import pytest

from config.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(page for page in DOCS.rglob("*.md") if "evidence" not in page.parts),
]
FOLDERS = "benchmarks|config|docs|locale|salus|tests|tools"
PATH = re.compile(rf"^(?:{FOLDERS})/[\w./*-]*$")
MADE = {"docs/evidence/", "salus/portal/static/vendor/"}  # by `make prove` and `make assets`


def code(page: Path) -> list[str]:
    """The code spans and the lines of code blocks of a page."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, flags=re.DOTALL | re.MULTILINE)
    spans = re.findall(
        r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    )
    indented = re.findall(r"^ {4}(salus .*|make .*)$", text, flags=re.MULTILINE)
    return spans + indented + [line.strip() for block in blocks for line in block.splitlines()]


def help_of(*command: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_paths_exist(page: Path) -> None:
    named = {word for words in code(page) for word in words.split() if PATH.match(word)}
    assert [path for path in named - MADE if not any(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_targets_exist(page: Path) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    calls = [re.match(r"make((?: +\w+=\S+)*) +([a-z][a-z-]*)", text) for text in code(page)]
    assert {call[2] for call in calls if call} <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_commands_and_options_exist(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in code(page):
        call = re.match(r"(?:\S+=\S+ )*(?:\.venv/bin/)?salus ([a-z-]+)(.*)", text)
        if call:
            known = help_of(call[1], capsys=capsys)
            assert f"salus {call[1]} [-h]" in known, text
            steps: list[str] = []
            for step in call[2].split():
                if "STEP" not in known:
                    break
                steps.append(step)
                known = help_of(call[1], *steps, capsys=capsys)
            options = re.findall(r"--[a-z-]+", call[2].partition("#")[0])
            assert [option for option in options if option not in known] == [], text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_tests_exist(page: Path) -> None:
    for text in code(page):
        if named := re.fullmatch(r"(tests/[\w/]+\.py)::(test_\w+)", text):
            source = (ROOT / named[1]).read_text(encoding="utf-8")
            assert re.search(rf"^def {named[2]}\(", source, re.MULTILINE), text


def test_every_command_is_in_the_readme_and_in_the_reference(
    capsys: pytest.CaptureFixture[str],
) -> None:
    commands = re.findall(r"^    ([a-z][a-z-]*)(?= |$)", help_of(capsys=capsys), flags=re.MULTILINE)
    assert len(commands) >= 6
    for page in (ROOT / "README.md", DOCS / "reference/commands.md"):
        text = page.read_text(encoding="utf-8")
        assert [name for name in commands if f"| `salus {name}" not in text] == []


def test_every_page_is_listed() -> None:
    listed = {
        (index.parent / target).resolve()
        for index in (DOCS / "README.md", DOCS / "adr/README.md")
        for target in re.findall(r"\]\(([^)#]+)", index.read_text(encoding="utf-8"))
    }
    pages = {page for page in PAGES if DOCS in page.parents} - {DOCS / "README.md"}
    assert sorted(str(page.relative_to(ROOT)) for page in pages - listed) == []


def test_decisions_are_numbered_as_their_files() -> None:
    for record in (DOCS / "adr").glob("0*.md"):
        assert record.read_text(encoding="utf-8").startswith(f"# {record.name[:4]} ")
