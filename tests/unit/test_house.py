"""The habits of the house that a program can check. Each failing test names the offenders."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {".css", ".html", ".js", ".py", ".sh", ".typ"}
MOST_LINES = 400


def project_files() -> list[Path]:
    """Every file that is committed or about to be, as git sees it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def project_texts() -> Iterator[tuple[str, str]]:
    """Name and text of each file that is text."""
    for file in project_files():
        content = file.read_bytes()
        if b"\0" not in content[:8192] and not content.startswith(b"%PDF-"):
            yield str(file.relative_to(ROOT)), content.decode("utf-8")


def parsed(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Name and syntax tree of each Python file in the folders."""
    for file in project_files():
        name = str(file.relative_to(ROOT))
        if file.suffix == ".py" and name.split("/")[0] in folders:
            yield name, ast.parse(file.read_text(encoding="utf-8"), name)


def imports(tree: ast.Module) -> Iterator[str]:
    """Dotted names that a file imports, a.b.c for `from a.b import c`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_import_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True, no_logo=True) == 0


def test_files_are_short() -> None:
    too_long = [
        f"{name}: {lines} lines"
        for name, text in project_texts()
        if Path(name).suffix in SOURCES and (lines := text.count("\n")) > MOST_LINES
    ]
    assert too_long == []


def test_no_drawer_of_helpers() -> None:
    drawers = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
    assert [str(file) for file in project_files() if file.name in drawers] == []


def test_no_signals() -> None:
    heard = [
        f"{name}: {imported}"
        for name, tree in parsed("config", "salus")
        for imported in imports(tree)
        if ".signals" in imported or imported.startswith("django.dispatch")
    ]
    assert heard == []


def test_models_do_not_override_save() -> None:
    overrides = [
        f"{name}:{method.lineno}"
        for name, tree in parsed("salus")
        if Path(name).name == "models.py" or "models" in Path(name).parts
        for method in ast.walk(tree)
        if isinstance(method, ast.FunctionDef) and method.name in {"save", "delete"}
    ]
    assert overrides == []


def test_tests_use_no_mocks() -> None:
    mocked = [
        f"{name}: {imported}"
        for name, tree in parsed("tests")
        for imported in imports(tree)
        if imported.split(".")[:2] == ["unittest", "mock"] or imported.split(".")[0] == "mock"
    ]
    assert mocked == []


def test_browser_tests_are_never_skipped() -> None:
    skipped = [
        f"{name}:{node.lineno}"
        for name, tree in parsed("tests")
        if name.startswith("tests/functional/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "importorskip"}
    ]
    assert skipped == []


def test_no_path_of_somebodys_machine() -> None:
    path = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/\w")
    found = [
        f"{name}:{number}"
        for name, text in project_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if path.search(line)
    ]
    assert found == []


def test_lock_files_name_the_public_registries_only() -> None:
    hosts = set(re.findall(r"https?://([^/\"]+)", (ROOT / "uv.lock").read_text(encoding="utf-8")))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}
    assert "://" not in (ROOT / "package-lock.json").read_text(encoding="utf-8")


def test_make_alone_lists_the_targets_that_people_rely_on() -> None:
    shown = subprocess.run(
        ["make"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    promised = {"demo", "test", "check", "prove", "conformance", "assets", "bench"}
    assert promised <= set(shown)


def test_links_between_papers_lead_somewhere() -> None:
    link = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:|#)([^)#]+)[^)]*\)")
    dead = [
        f"{name}: {target}"
        for name, text in project_texts()
        if name.endswith(".md")
        for target in link.findall(text)
        if not (ROOT / name).parent.joinpath(target).exists()
    ]
    assert dead == []
