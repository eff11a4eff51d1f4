"""What the columns of the tidy table mean (W3C CSV on the Web, https://www.w3.org/TR/tabular-metadata/)."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from salus.activity_report import layout
from salus.activity_report.edition import Edition, indicators
from salus.activity_report.opendata import addresses
from salus.activity_report.opendata.tidy import COLUMNS
from salus.activity_report.opendata.words import (
    STATUSES,
    ByLanguage,
    in_json_ld,
    names,
    spoken,
    titles,
)
from salus.country.report import Text

_SDMX = "http://purl.org/linked-data/sdmx/2009"  # the RDF Data Cube's words for statistical data
_TITLES: dict[str, Text] = {
    "period": _("Month"),
    "indicator": _("Indicator"),
    "dimension": _("Code of the breakdown"),
    "value": _("Value"),
    "unit": _("Unit"),
    "status": _("Status"),
}
_MEANT_BY = {
    "period": f"{_SDMX}/dimension#refPeriod",
    "value": f"{_SDMX}/measure#obsValue",
    "unit": f"{_SDMX}/attribute#unitMeasure",
    "status": f"{_SDMX}/attribute#obsStatus",
}
_KEY = ["period", "indicator", "dimension"]


def csv_metadata(edition: Edition, *, table: str) -> bytes:
    """``table``: address of the CSV file, seen from where the description is read."""
    body = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": table,
        "dc:title": in_json_ld(spoken(layout.TITLE)),
        "dc:identifier": addresses.of_edition(edition),
        "dc:issued": edition.counted_at,
        "dc:license": {"@id": layout.LICENCE_ADDRESS},
        "dc:publisher": {
            "foaf:name": in_json_ld(spoken(layout.profile().agency)),
            "foaf:homepage": {"@id": layout.profile().website},
        },
        "dc:conformsTo": {"@id": addresses.of_report("structure.json")},
        "tableSchema": {"columns": [_column(name) for name in COLUMNS], "primaryKey": _KEY},
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"


def _column(name: str) -> dict[str, Any]:
    every = indicators().values()
    said = spoken(_TITLES[name])
    column: dict[str, Any] = {
        "name": name,
        # A title must be the one in the file's header; that one is English.
        "titles": {language: [text] for language, text in said.items()}
        | {"en": [name, said["en"]]},
        "required": name not in ("dimension", "value"),
    }
    if name in _MEANT_BY:
        column["propertyUrl"] = _MEANT_BY[name]
    match name:
        case "period":
            return column | {"datatype": {"base": "gYearMonth", "format": r"\d{4}-(0[1-9]|1[0-2])"}}
        case "value":
            return column | {"datatype": "number"}
        case "indicator":
            column["valueUrl"] = addresses.of_indicator("{indicator}")
            codes = {one.id: titles(one) for one in every}
        case "dimension":
            codes = {
                code: names(one.dimension, code) for one in every for code in one.codes if code
            }
        case "unit":
            codes = {one.unit: spoken(_(one.unit)) for one in every}
        case _:
            codes = {status.value: spoken(text) for status, text in STATUSES.items()}
    return column | {
        "datatype": {"base": "string", "format": _one_of(codes)},
        "qb:codeList": _code_list(name, codes),
    }


def _one_of(codes: Iterable[str]) -> str:
    return "|".join(re.escape(code) for code in codes)


def _code_list(name: str, codes: Mapping[str, ByLanguage]) -> dict[str, Any]:
    return {
        "@type": "skos:ConceptScheme",
        "@id": addresses.of_report(f"structure.json#{name}"),
        "skos:hasTopConcept": [
            {"@type": "skos:Concept", "skos:notation": code, "skos:prefLabel": in_json_ld(said)}
            for code, said in codes.items()
        ],
    }
