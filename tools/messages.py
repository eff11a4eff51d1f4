"""Collects every text that people read. Run by `make messages`.

Ours go into locale/<language>/LC_MESSAGES/django.po: from Python code, templates, and the published definitions of
figures (docstrings, which no other collector sees). Into locale/packages/<language>/LC_MESSAGES/django.po go the
texts of Django and allauth that they leave untranslated; one that they translate badly is put there by hand, and stays.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as CatalogMessage
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ROOT / "locale"
PACKAGES = LOCALES / "packages"
CATALOGUE = "LC_MESSAGES/django.po"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
# Errors are raised without knowing a language, and translated where a page shows them.
ERRORS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "Conflict": None,
    "InvalidInput": None,
    "NotFound": None,
}
SHOWN = ("access", "country", "directory", "mpi", "shared_record", "vaccination")
Message = tuple[str, ...] | str  # with its plural, where it has one


def collected() -> Iterator[tuple[Message, str | None]]:
    """Every message with its context."""
    yield from _in_code()
    yield from _in_templates()
    yield from _in_definitions()


def _in_code() -> Iterator[tuple[Message, str | None]]:
    yield from _python("salus", "**.py", KEYWORDS)
    for package in SHOWN:
        for module in ("actions", "lu", "permissions", "queries"):
            for file in (f"{module}.py", f"{module}/**.py"):
                yield from _python(f"salus/{package}", file, ERRORS)


def _python(
    folder: str, files: str, keywords: Mapping[str, tuple[int | tuple[int, str], ...] | None]
) -> Iterator[tuple[Message, str | None]]:
    for _file, _line, message, _comments, context in extract_from_dir(
        ROOT / folder, method_map=[(files, "python")], keywords=keywords
    ):
        yield message, context


def _in_templates() -> Iterator[tuple[Message, str | None]]:
    from django.template import engines
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    engine = engines["django"].engine  # type: ignore[attr-defined]
    for path in sorted((ROOT / "salus").glob("*/templates/**/*")):
        if path.suffix not in {".html", ".txt"}:
            continue
        nodes = engine.from_string(path.read_text(encoding="utf-8")).nodelist
        for node in nodes.get_nodes_by_type(TranslateNode):
            if text := node.filter_expression.var.literal:
                yield text, node.message_context and node.message_context.var
        for node in nodes.get_nodes_by_type(BlockTranslateNode):
            singular = _block(node, node.singular)
            yield (singular, _block(node, node.plural)) if node.plural else singular, None


def _block(node: object, tokens: object) -> str:
    text: str = node.render_token_list(tokens)[0]  # type: ignore[attr-defined]
    if node.trimmed:  # type: ignore[attr-defined]
        return " ".join(line.strip() for line in text.strip().splitlines())
    return text


def _in_definitions() -> Iterator[tuple[Message, str | None]]:
    from salus.activity_report.edition import indicators

    for indicator in indicators().values():
        words = (indicator.title, indicator.definition, indicator.population, indicator.unit)
        yield from ((text, None) for text in words)


def of_packages() -> Iterator[Path]:
    """The folders with the catalogues of Django and of the installed packages that are not ours."""
    from django.apps import apps

    yield Path(django.__file__).parent / "conf" / "locale"
    for app in apps.get_app_configs():
        folder = Path(app.path) / "locale"
        if folder.is_dir() and not folder.is_relative_to(ROOT / "salus"):
            yield folder


def packaged(language: str) -> Iterator[tuple[Message, str | None, bool]]:
    """Every message of the packages with its context, and whether they translate it into the language."""
    for folder in of_packages():
        theirs = read(folder / language / CATALOGUE, language)
        for message in read(folder / "en" / CATALOGUE, "en"):
            if message.id:
                known = theirs.get(message.id, message.context)
                text = known.string if known and not known.fuzzy else ""
                yield identity(message), message.context, bool(text and all(text))


def identity(message: CatalogMessage) -> Message:
    """Its English, with the plural where it has one."""
    return message.id if isinstance(message.id, str) else tuple(message.id)


def read(path: Path, language: str) -> Catalog:
    """The catalogue, empty when there is none."""
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    for path in sorted(LOCALES.glob(f"*/{CATALOGUE}")):
        _update(path, collected())
    for path in sorted(PACKAGES.glob(f"*/{CATALOGUE}")):
        language = path.parents[1].name
        ours = read(path, language)
        _update(
            path,
            (
                (message, context)
                for message, context, translated in packaged(language)
                if not translated or ours.get(message, context)
            ),
        )


def _update(path: Path, messages: Iterable[tuple[Message, str | None]]) -> None:
    template = Catalog(project="Salus", version="0", copyright_holder="Salus")
    for message, context in messages:
        template.add(message, context=context)
    catalogue = read(path, path.parents[1].name)
    catalogue.update(template, no_fuzzy_matching=True)
    with path.open("wb") as file:
        write_po(file, catalogue, omit_header=False, ignore_obsolete=True, sort_output=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    update()
