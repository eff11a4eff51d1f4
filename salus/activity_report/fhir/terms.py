"""The codes that measures and their reports use, and the one extension."""

from collections.abc import Callable, Iterator, Mapping

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from salus.activity_report.edition import Status, indicators
from salus.activity_report.fhir.elements import canonical, said, served
from salus.activity_report.layout import DIMENSIONS, name_of, title_of
from salus.activity_report.opendata import addresses
from salus.activity_report.opendata.words import (
    ByLanguage,
    definitions,
    in_default_language,
    names,
    spoken,
    titles,
)
from salus.country.report import Text
from salus.fhir.resource import Body
from salus.kernel.indicator import Indicator

CELL_STATUS = "cell-status"
MONTH = "month"
_INDICATOR, _DIMENSION = "indicator", "dimension"


def of_indicator(indicator: Indicator) -> Body:
    return _coded(_INDICATOR, indicator.id, lambda language: title_of(indicator, language))


def of_dimension(dimension: str) -> Body:
    """What a stratifier is by: the month, or a dimension of the report."""
    return _coded(_DIMENSION, dimension, lambda _language: _dimensions()[dimension])


def strata_by(indicator: Indicator) -> list[Body]:
    """What the cells of a chart are told apart by: the month, then the code where there is a dimension."""
    by = [MONTH, *([indicator.dimension] if indicator.dimension else [])]
    return [of_dimension(name) for name in by]


def of_code(dimension: str, code: str) -> Body:
    def name(language: str) -> str:
        return name_of(dimension, code, language)

    return _coded(_system(dimension), code, name)


def of_month(period: str) -> Body:
    return {"text": period}


def mark(status: Status) -> list[Body]:
    """Extensions that say what a cell's value, or its absence, is worth."""
    absent = {Status.SUPPRESSED: "masked", Status.MISSING: "not-applicable"}
    if status in absent:
        url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
        return [{"url": url, "valueCode": absent[status]}]
    if status is Status.NORMAL:
        return []
    url = addresses.of_fhir("StructureDefinition", CELL_STATUS)
    return [{"url": url, "valueCode": status.value}]


def _coded(system: str, code: str, say: Callable[[str], Text]) -> Body:
    """A CodeableConcept of one of our code systems, where the other languages are."""
    address = addresses.of_fhir("CodeSystem", system)
    display = in_default_language(say)
    return {"coding": [{"system": address, "code": code, "display": display}]}


def _dimensions() -> Mapping[str, Text]:
    return {MONTH: _("Month"), **DIMENSIONS}


def _system(dimension: str) -> str:
    return dimension.replace("_", "-")


def _code_systems() -> list[str]:
    return [_INDICATOR, _DIMENSION, *(_system(name) for name in DIMENSIONS)]


def _code_system(id: str) -> Body:
    concepts = list(_concepts(id))
    dimensions = {_system(name): text for name, text in DIMENSIONS.items()}
    own = {_INDICATOR: _("Indicators of the activity report"), _DIMENSION: _("Breakdowns")}
    title = spoken((own | dimensions)[id])
    return {
        **canonical("CodeSystem", id, title, title),
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }


def _concepts(system: str) -> Iterator[Body]:
    every = indicators().values()
    if system == _INDICATOR:
        for one in every:
            yield _concept(one.id, titles(one)) | said("definition", definitions(one))
    elif system == _DIMENSION:
        for name, text in _dimensions().items():
            yield _concept(name, spoken(text))
    else:
        here = {
            code: one.dimension
            for one in every
            for code in one.codes
            if _system(one.dimension) == system
        }
        for code, dimension in here.items():
            yield _concept(code, names(dimension, code))


def _concept(code: str, words: ByLanguage) -> Body:
    designations = [{"language": language, "value": text} for language, text in words.items()]
    return {"code": code, "display": words[settings.LANGUAGE_CODE], "designation": designations}


def _structure_definition(id: str) -> Body:
    """The extension ``cell-status``: provisional, or revised since an earlier edition."""
    title = spoken(_("Status of a value"))
    return {
        **canonical("StructureDefinition", id, title, title),
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [
            {"type": "element", "expression": f"MeasureReport.group{where}"}
            for where in (".population", ".measureScore", ".stratifier.stratum")
        ],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {
            "element": [
                {"id": "Extension", "path": "Extension", "max": "1"},
                {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
                {
                    "id": "Extension.url",
                    "path": "Extension.url",
                    "fixedUri": addresses.of_fhir("StructureDefinition", id),
                },
                {
                    "id": "Extension.value[x]",
                    "path": "Extension.value[x]",
                    "min": 1,
                    "type": [{"code": "code"}],
                },
            ]
        },
    }


CODE_SYSTEMS = served("CodeSystem", _code_systems, _code_system)
STRUCTURE_DEFINITIONS = served("StructureDefinition", lambda: [CELL_STATUS], _structure_definition)
