"""Elements that the report's resources have in common."""

from collections.abc import Callable, Collection, Iterable

from django.conf import settings
from django.utils.html import format_html, format_html_join

from salus.activity_report.layout import LICENCE, profile
from salus.activity_report.opendata import addresses
from salus.activity_report.opendata.words import ByLanguage, spoken
from salus.country import country
from salus.fhir.parameters import by_id, by_url
from salus.fhir.resource import Body, Resource
from salus.fhir.sources import in_memory

_TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
_XHTML = "http://www.w3.org/1999/xhtml"


def said(element: str, words: ByLanguage) -> Body:
    """An element in the default language, its translations beside it."""
    translations = [
        {
            "url": _TRANSLATION,
            "extension": [
                {"url": "lang", "valueCode": language},
                {"url": "content", "valueString": text},
            ],
        }
        for language, text in words.items()
        if language != settings.LANGUAGE_CODE
    ]
    return {
        element: words[settings.LANGUAGE_CODE],
        f"_{element}": {"extension": translations},
    }


def canonical(type: str, id: str, title: ByLanguage, description: ByLanguage) -> Body:
    """What every resource that is referred to by its URL has (a canonical resource)."""
    return {
        "resourceType": type,
        "id": id,
        "language": settings.LANGUAGE_CODE,
        "text": narrative(
            title[settings.LANGUAGE_CODE], [("", description[settings.LANGUAGE_CODE])]
        ),
        "url": addresses.of_fhir(type, id),
        "name": "".join(word.capitalize() for word in id.split("-")),
        **said("title", title),
        "status": "active",
        **said("publisher", spoken(profile().agency)),
        "contact": [{"telecom": [{"system": "url", "value": profile().website}]}],
        **said("description", description),
        "jurisdiction": [{"coding": [{"system": "urn:iso:std:iso:3166", "code": country().CODE}]}],
        **said("copyright", spoken(LICENCE)),
    }


def narrative(title: str, rows: Iterable[tuple[str, str]]) -> Body:
    """The resource for people, in the default language: a title, and a table of two columns."""
    cells = format_html_join("", "<tr><td>{}</td><td>{}</td></tr>", rows)
    div = format_html(
        '<div xmlns="{}" lang="{language}" xml:lang="{language}"><p>{}</p><table>{}</table></div>',
        *(_XHTML, title, cells),
        language=settings.LANGUAGE_CODE,
    )
    return {"status": "generated", "div": str(div)}


def served(
    type: str, ids: Callable[[], Collection[str]], render: Callable[[str], Body]
) -> Resource:
    """Canonical resources, of which there are few: found by id or URL."""
    definition = f"{'Measure' if type == 'Measure' else 'conformance'}-url"
    parameters = {"_id": by_id(), "url": by_url(definition)}
    return in_memory(type, parameters=parameters, ids=ids, render=render)
