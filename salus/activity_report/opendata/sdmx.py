"""The report as SDMX: data as SDMX-CSV 2.0, and what they mean as SDMX-JSON 2.0 (https://sdmx.org/standards-2/).

One dataflow for all indicators, one series for each indicator and code of its breakdown. Wherever SDMX has a
code list of its own, it is used, and the codes that occur here are repeated under its name.
"""

import json
import re
from datetime import datetime
from typing import Any

from babel import Locale
from django.utils.translation import gettext_lazy as _

from salus.activity_report.edition import Edition, Status, indicators
from salus.activity_report.layout import DIMENSIONS, TITLE, profile
from salus.activity_report.opendata.tidy import cells, table
from salus.activity_report.opendata.words import (
    ByLanguage,
    definitions,
    in_every_language,
    names,
    spoken,
    titles,
)
from salus.country import country
from salus.kernel.indicator import Indicator, Precision

TOTAL = "_T"
MONTHLY = "M"
OBS_STATUS = {
    Status.NORMAL: "A",
    Status.PROVISIONAL: "P",
    Status.REVISED: "R",
    Status.SUPPRESSED: "Q",
    Status.MISSING: "M",
}
FREE, CONFIDENTIAL = "F", "C"  # not told apart further: which cells are small would tell of them
DECIMALS = {Precision.PERCENT_1: 1, Precision.PERCENT_2: 2}  # as printed; counts have none

_DIMENSIONS = ("FREQ", "REF_AREA", "INDICATOR", "BREAKDOWN", "TIME_PERIOD")
_ATTRIBUTES = ("OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "DECIMALS")
COLUMNS = ("STRUCTURE", "STRUCTURE_ID", "ACTION", *_DIMENSIONS, "OBS_VALUE", *_ATTRIBUTES)

_ID = "ACTIVITY_REPORT"
_VERSION = "1.0"
_MODEL = "urn:sdmx:org.sdmx.infomodel"
_CONCEPTS = "SDMX:CROSS_DOMAIN_CONCEPTS(2.0)"
_SCHEMA = (
    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master"
    "/structure-message/tools/schemas/2.0.0/sdmx-json-structure-schema.json"
)
_AGE = re.compile(r"(\d+)(?:-(\d+)|\+)")


def as_sdmx_csv(edition: Edition, _language: str) -> bytes:
    """Values are as counted; DECIMALS says how many decimals the report prints."""
    flow = f"{_agency()}:{_ID}({_VERSION})"
    rows = (
        (
            *("dataflow", flow, "I"),  # I: for information, neither to append nor to replace
            *(MONTHLY, country().CODE, indicator.id),
            *(breakdown(indicator.dimension, point.dimension), point.period),
            point.value,
            OBS_STATUS[point.status],
            CONFIDENTIAL if point.status is Status.SUPPRESSED else FREE,
            unit_measure(indicator),
            DECIMALS.get(indicator.precision, 0),
        )
        for indicator, point in cells(edition)
    )
    return table(COLUMNS, rows)


def breakdown(dimension: str, code: str) -> str:
    """The code in the one list of all breakdowns: COUNTRY_LU, AGE_BAND_Y_GE65; ages as in SDMX's own lists."""
    if not code:
        return TOTAL
    if age := _AGE.fullmatch(code):
        code = f"Y{age[1]}T{age[2]}" if age[2] else f"Y_GE{age[1]}"
    return f"{dimension}_{code}".upper()


def unit_measure(indicator: Indicator) -> str:
    return {"percent": "PT"}.get(indicator.unit, indicator.unit.replace(" ", "_").upper())


def structure(*, prepared: datetime) -> bytes:
    """The dataflow, its data structure definition, and the code lists, in every language."""
    body = {
        "meta": {
            "schema": _SCHEMA,
            "id": _ID,
            "prepared": prepared.isoformat(timespec="seconds"),
            "sender": {"id": _agency()} | _named(spoken(profile().agency)),
            "contentLanguages": list(spoken(TITLE)),
        },
        "data": {
            "dataflows": [_artefact(_ID, spoken(TITLE)) | {"structure": _urn("DataStructure")}],
            "dataStructures": [_artefact(_ID, spoken(TITLE)) | _components()],
            "conceptSchemes": [
                _artefact("CONCEPTS", spoken(_("What the report's breakdowns are by")))
                | {"concepts": [{"id": "BREAKDOWN"} | _named(spoken(_("Breakdown")))]}
            ],
            "codelists": _code_lists(),
        },
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"


def _components() -> dict[str, Any]:
    enumerated = {
        "FREQ": "SDMX:CL_FREQ(2.1)",
        "OBS_STATUS": "SDMX:CL_OBS_STATUS(2.3)",
        "CONF_STATUS": "SDMX:CL_CONF_STATUS(1.3)",
    } | {
        name: f"{_agency()}:CL_{name}({_VERSION})"
        for name in ("REF_AREA", "INDICATOR", "BREAKDOWN", "UNIT_MEASURE")
    }

    def component(name: str) -> dict[str, Any]:
        representation: dict[str, Any]
        own = f"{_agency()}:CONCEPTS({_VERSION})"
        scheme = own if name == "BREAKDOWN" else _CONCEPTS
        if name in enumerated:
            representation = {"enumeration": f"{_MODEL}.codelist.Codelist={enumerated[name]}"}
        else:
            types = {"TIME_PERIOD": "ObservationalTimePeriod", "OBS_VALUE": "Double"}
            representation = {"format": {"dataType": types.get(name, "Integer")}}
        return {
            "id": name,
            "conceptIdentity": f"{_MODEL}.conceptscheme.Concept={scheme}.{name}",
            "localRepresentation": representation,
        }

    *coded, time = _DIMENSIONS
    return {
        "dataStructureComponents": {
            "dimensionList": {
                "id": "DimensionDescriptor",
                "dimensions": [
                    component(name) | {"position": place} for place, name in enumerate(coded)
                ],
                "timeDimension": component(time),
            },
            "measureList": {
                "id": "MeasureDescriptor",
                "measures": [component("OBS_VALUE") | {"usage": "optional"}],
            },
            "attributeList": {
                "id": "AttributeDescriptor",
                "attributes": [
                    component(name)
                    | {
                        "usage": "mandatory",
                        "attributeRelationship": {"observation": {}},
                        "measureRelationship": ["OBS_VALUE"],
                    }
                    for name in _ATTRIBUTES
                ],
            },
        }
    }


def _code_lists() -> list[dict[str, Any]]:
    every = indicators().values()
    area = country().CODE
    codes = dict.fromkeys((one.dimension, code) for one in every for code in one.codes if code)
    return [
        _code_list("REF_AREA", spoken(_("Reference area")), [_code(area, _territory(area))]),
        _code_list(
            "INDICATOR",
            spoken(_("Indicator")),
            [_code(one.id, titles(one), definitions(one)) for one in every],
        ),
        _code_list(
            "BREAKDOWN",
            spoken(_("Breakdown")),
            [
                _code(TOTAL, spoken(_("Total"))),
                *(_code(name.upper(), spoken(text)) for name, text in DIMENSIONS.items()),
                *(
                    _code(breakdown(dimension, code), names(dimension, code))
                    | {"parent": dimension.upper()}
                    for dimension, code in codes
                ),
            ],
        ),
        _code_list(
            "UNIT_MEASURE",
            spoken(_("Unit")),
            [
                _code(name, spoken(_(unit)))
                for name, unit in {unit_measure(one): one.unit for one in every}.items()
            ],
        ),
        _repeated("CL_FREQ", "2.1", "Frequency", {MONTHLY: "Monthly"}),
        _repeated(
            "CL_OBS_STATUS",
            "2.3",
            "Observation status",
            {
                "A": "Normal value",
                "P": "Provisional value",
                "R": "Revised value",
                "Q": "Missing value; suppressed",
                "M": "Missing value; data cannot exist",
            },
        ),
        _repeated(
            "CL_CONF_STATUS",
            "1.3",
            "Confidentiality status",
            {
                FREE: "Free (free for publication)",
                CONFIDENTIAL: "Confidential statistical information",
            },
        ),
    ]


def _territory(code: str) -> ByLanguage:
    return in_every_language(lambda language: Locale.parse(language).territories[code])


def _agency() -> str:
    return f"SALUS_{country().CODE}"


def _urn(kind: str) -> str:
    return f"{_MODEL}.datastructure.{kind}={_agency()}:{_ID}({_VERSION})"


def _artefact(id: str, said: ByLanguage) -> dict[str, Any]:
    return {"id": id, "agencyID": _agency(), "version": _VERSION, **_named(said)}


def _code_list(id: str, said: ByLanguage, codes: list[dict[str, Any]]) -> dict[str, Any]:
    return _artefact(f"CL_{id}", said) | {"codes": codes}


def _repeated(id: str, version: str, name: str, codes: dict[str, str]) -> dict[str, Any]:
    """The part of a code list of SDMX that occurs here, in its own words."""
    return {
        "id": id,
        "agencyID": "SDMX",
        "version": version,
        "isPartial": True,
        **_named({"en": name}),
        "codes": [_code(code, {"en": text}) for code, text in codes.items()],
    }


def _code(id: str, said: ByLanguage, defined: ByLanguage | None = None) -> dict[str, Any]:
    code = {"id": id} | _named(said)
    if defined:
        code |= {"description": _best(defined), "descriptions": defined}
    return code


def _named(said: ByLanguage) -> dict[str, Any]:
    return {"name": _best(said), "names": said}


def _best(said: ByLanguage) -> str:
    return next(iter(said.values()))
