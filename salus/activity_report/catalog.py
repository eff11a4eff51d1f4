"""The editions as an entry of data catalogues: DCAT 3 in the application profile of the European portals.

https://semiceu.github.io/DCAT-AP/releases/3.0.0/
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from salus.activity_report import archive
from salus.activity_report.content import content_of
from salus.activity_report.edition import Edition
from salus.activity_report.formats import FORMATS
from salus.activity_report.layout import LICENCE_ADDRESS, TITLE, profile
from salus.activity_report.opendata import addresses
from salus.activity_report.opendata.words import ByLanguage, in_every_language, in_json_ld, spoken
from salus.country.report import Text

Node = dict[str, Any]

_AUTHORITY = "http://publications.europa.eu/resource/authority"
_MEDIA_TYPES = "http://www.iana.org/assignments/media-types"
# Code lists of the Publications Office: languages have three letters of their own, formats a name.
_LANGUAGES = {"fr": "FRA", "de": "DEU", "en": "ENG", "lb": "LTZ"}
_FILE_TYPES = {"pdf": "PDF", "html": "HTML", "json": "JSON", "csv": "CSV", "sdmx.csv": "CSV"}
_CONFORMS_TO = {"json": "schema.json", "sdmx.csv": "structure.json"}

_CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def catalog(editions: Iterable[Edition]) -> bytes:
    """JSON-LD. ``editions``: the newest revision of each month, newest month first."""
    datasets = [_dataset(edition) for edition in editions]
    series = {"@id": addresses.of_report("")}
    body = {
        "@context": _CONTEXT,
        "@id": addresses.of_report("catalog.jsonld"),
        "@type": "dcat:Catalog",
        **_described(spoken(TITLE), in_every_language(_introduction)),
        "foaf:homepage": series,
        "dct:license": {"@id": LICENCE_ADDRESS},
        "dcat:dataset": [
            {
                **series,
                "@type": "dcat:DatasetSeries",
                **_described(spoken(TITLE), in_every_language(_introduction)),
                "dct:accrualPeriodicity": _named("frequency", "MONTHLY"),
            },
            *({**dataset, "dcat:inSeries": series} for dataset in datasets),
        ],
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"


def _described(title: ByLanguage, description: ByLanguage) -> Node:
    """What catalogue, series and dataset have in common."""
    return {
        "dct:title": in_json_ld(title),
        "dct:description": in_json_ld(description),
        "dct:publisher": {
            "@id": f"{profile().address}/agency",
            "@type": "foaf:Agent",
            "foaf:name": in_json_ld(spoken(profile().agency)),
            "foaf:homepage": {"@id": profile().website},
        },
        "dct:language": [_named("language", code) for code in _LANGUAGES.values()],
    }


def _dataset(edition: Edition) -> Node:
    first, *_ = archive.revisions(edition.month)
    titles = in_every_language(lambda language: content_of(edition, language).full_title)
    return {
        "@id": addresses.of_report(edition.period),
        "@type": "dcat:Dataset",
        **_described(titles, in_every_language(_introduction)),
        "dct:identifier": addresses.of_report(edition.period),
        "dcat:version": str(edition.revision),
        **({"adms:versionNotes": edition.reason} if edition.reason else {}),
        "dcat:landingPage": {"@id": addresses.of_edition(edition)},
        "dcat:theme": _named("data-theme", "HEAL"),
        "dct:accessRights": _named("access-right", "PUBLIC"),
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": in_json_ld(spoken(profile().agency)),
            "vcard:hasURL": {"@id": profile().website},
        },
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _typed("date", edition.month.first_day.isoformat()),
            "dcat:endDate": _typed("date", edition.month.last_day.isoformat()),
        },
        "dct:issued": _typed("dateTime", first.counted_at),
        "dct:modified": _typed("dateTime", edition.counted_at),
        "dcat:distribution": list(_distributions(edition)),
    }


def _distributions(edition: Edition) -> Iterator[Node]:
    """Every file of the edition that carries its data, in each language that it was published in."""
    hashes = archive.document_of(edition.month, edition.revision)["files"]
    for suffix in _FILE_TYPES:
        kind = FORMATS[suffix]
        for language in _LANGUAGES if kind.speaks else [""]:
            if hashed := hashes.get(kind.file_name(suffix, language)):
                yield _distribution(edition, suffix, language, hashed)


def _distribution(edition: Edition, suffix: str, language: str, hashed: str) -> Node:
    address = {"@id": addresses.of_file(edition, suffix, language)}
    media_type, *_ = FORMATS[suffix].media_type.split(";")
    node: Node = {
        **address,
        "@type": "dcat:Distribution",
        "dcat:accessURL": address,
        "dcat:downloadURL": address,
        "dct:license": {"@id": LICENCE_ADDRESS},
        "dct:format": _named("file-type", _FILE_TYPES[suffix]),
        "dcat:mediaType": {"@id": f"{_MEDIA_TYPES}/{media_type}"},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": f"{_CONTEXT['spdx']}checksumAlgorithm_sha256"},
            "spdx:checksumValue": _typed("hexBinary", hashed),
        },
    }
    if language:
        node["dct:language"] = _named("language", _LANGUAGES[language])
    if suffix in _CONFORMS_TO:
        node["dct:conformsTo"] = {"@id": addresses.of_report(_CONFORMS_TO[suffix])}
    return node


def _introduction(_language: str) -> Text:
    return profile().introduction[0]


def _named(list: str, code: str) -> Node:
    return {"@id": f"{_AUTHORITY}/{list}/{code}"}


def _typed(type: str, value: str) -> Node:
    return {"@type": f"xsd:{type}", "@value": value}
