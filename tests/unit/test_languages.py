"""Every text that a person can read is there in French, German and Luxembourgish: ours, Django's and allauth's."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from django import forms
from django.template import Context, Template
from django.utils.translation import override
from django.utils.translation.trans_real import translation

from tools.messages import (
    CATALOGUE,
    LOCALES,
    PACKAGES,
    Message,
    collected,
    identity,
    packaged,
    read,
)

LANGUAGES = ("fr", "de", "lb")
Key = tuple[str, str | None]  # the singular, with its context

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}|</?\w+")
# Nothing to translate: names of vaccines, and figures in a row.
NAMES = {
    "%(month)s: %(parts)s.",
    "COVID-19 mRNA",
    "DTaP-IPV-Hib-HepB",
    "Rotavirus",
    "dTap-IPV",
}
# Words that a language shares with English.
SAME = {
    "fr": {
        "%(count)s dose",
        "%(number)s km",
        "Bits",
        "Contact",
        "Corrections",
        "Date",
        "Design",
        "Documents",
        "E-mail",
        "Latitude",
        "Longitude",
        "Organisation",
        "Organisations",
        "Page %(number)s",
        "Pages",
        "Patients",
        "Pharmacies",
        "Profession",
        "Public",
        "Service",
        "Services",
        "Vaccinations",
        "bits",
        "documents",
        "lot",
        "page",
        "patients",
        "vaccinations",
    },
    "de": {
        "%(number)s km",
        "Filter",
        "Hepatitis B",
        "Name",
        "Portal",
        "Register",
        "Revision",
        "Revision %(number)s",
        "Website",
    },
    "lb": {"%(number)s km", "All", "Bits", "Design", "Hepatitis B", "Portal", "Register"},
}


@cache
def our_texts() -> dict[Key, Message]:
    return {(_first(message), context): message for message, context in collected()}


@cache
def texts_of_packages() -> dict[Key, Message]:
    return {(_first(message), context): message for message, context, _ in packaged("en")}


def _first(message: Message) -> str:
    return message if isinstance(message, str) else message[0]


def _forms(text: Message) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _keys(catalogue: Catalog) -> set[Key]:
    return {(_first(identity(message)), message.context) for message in catalogue if message.id}


def shown(language: str, key: Key) -> tuple[str, ...]:
    """What Django shows, in each grammatical number; nothing where it would fall back to another language."""
    text, context = key
    # Asked without its fallback, which would hide a missing text behind the French one.
    catalogue: Any = vars(translation(language))["_catalog"]
    name = f"{context}\x04{text}" if context else text
    singular = catalogue.get(name) or catalogue.get((name, 0))
    plural = catalogue.get((name, 1))
    return tuple(text for text in (singular, plural) if text)


def misplaced(message: Message, texts: Iterable[str]) -> Iterator[str]:
    """The translations that do not hold what the text holds; only a count may be left out, in the singular."""
    for english, text in zip(_forms(message), texts, strict=False):
        wanted, found = (sorted(PLACEHOLDER.findall(each)) for each in (english, text))
        if found != wanted and not (english == _first(message) and found == _without_count(wanted)):
            yield text


def _without_count(placeholders: list[str]) -> list[str]:
    return [each for each in placeholders if each not in ("%(count)s", "%(num)d")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_catalogue_holds_our_texts_and_no_others(language: str) -> None:
    catalogue = read(LOCALES / language / CATALOGUE, language)
    assert sorted(our_texts().keys() - _keys(catalogue)) == [], "missing: run make messages"
    assert sorted(_keys(catalogue) - our_texts().keys()) == [], "left over: run make messages"
    assert list(catalogue.obsolete) == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_texts_are_translated(language: str) -> None:
    untranslated = {
        key[0]
        for key, message in our_texts().items()
        if len(texts := shown(language, key)) < len(_forms(message)) or key[0] in texts
    }
    assert sorted(untranslated - NAMES - SAME[language]) == []
    assert sorted(SAME[language] - untranslated) == [], "no exceptions any more"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_of_packages_are_translated(language: str) -> None:
    missing = {
        key
        for key, message in texts_of_packages().items()
        if len(shown(language, key)) < len(_forms(message))
    }
    assert sorted(missing) == [], "run make messages, then translate"


@pytest.mark.parametrize("language", LANGUAGES)
def test_we_translate_for_packages_only_what_they_say(language: str) -> None:
    catalogue = read(PACKAGES / language / CATALOGUE, language)
    assert sorted(_keys(catalogue) - texts_of_packages().keys()) == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_hold_the_same_places(language: str) -> None:
    assert [
        text
        for key, message in (our_texts() | texts_of_packages()).items()
        for text in misplaced(message, shown(language, key))
    ] == []


def test_packages_address_readers_formally() -> None:
    familiar = re.compile(r"\b(du|dich|dir|dein\w*|gib|Gëff|Maach)\b", re.IGNORECASE)
    assert [
        text
        for language in ("de", "lb")
        for key in texts_of_packages()
        for text in shown(language, key)
        if familiar.search(text) and not (language == "lb" and "Dir" in text)
    ] == []


@pytest.mark.parametrize(
    ("language", "long", "short", "at", "month", "number"),
    [
        ("fr", "3 mars 2024", "3 mars 2024", "3 mars 2024 14:05", "mars 2024", "1234,5"),
        ("de", "3. März 2024", "3. März 2024", "3. März 2024 14:05", "März 2024", "1234,5"),
        ("en", "3 March 2024", "3 March 2024", "3 March 2024 14:05", "March 2024", "1234.5"),
        ("lb", "3. Mäerz 2024", "3. Mäe. 2024", "3. Mäerz 2024 14:05", "Mäerz 2024", "1234,5"),
    ],
)
def test_templates_write_dates_and_numbers(
    language: str, long: str, short: str, at: str, month: str, number: str
) -> None:
    template = Template(
        "{{ at|date }}|{{ at|date:'SHORT_DATE_FORMAT' }}|{{ at|date:'DATETIME_FORMAT' }}"
        "|{{ at|date:'YEAR_MONTH_FORMAT' }}|{{ number }}"
    )
    moment = datetime(2024, 3, 3, 14, 5, tzinfo=ZoneInfo("Europe/Luxembourg"))
    with override(language):
        written = template.render(Context({"at": moment, "number": 1234.5}))
    assert written.split("|") == [long, short, at, month, number]


@pytest.mark.parametrize(
    ("language", "typed"),
    [("fr", "31/12/2024"), ("de", "31.12.2024"), ("en", "31/12/2024"), ("lb", "31.12.2024")],
)
def test_forms_read_dates(language: str, typed: str) -> None:
    with override(language):
        assert forms.DateField().clean(typed) == date(2024, 12, 31)
        assert forms.DateField().clean("2024-12-31") == date(2024, 12, 31)  # what browsers send
