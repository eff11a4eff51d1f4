"""What each indicator is, as a FHIR Measure, and what the report is: the Measure composed of them all.

https://hl7.org/fhir/R4/measure.html
"""

from hashlib import sha256

from salus.activity_report.edition import indicators
from salus.activity_report.fhir.elements import canonical, served
from salus.activity_report.fhir.terms import of_indicator, strata_by
from salus.activity_report.layout import TITLE, profile
from salus.activity_report.opendata import addresses
from salus.activity_report.opendata.words import definitions, in_every_language, spoken, titles
from salus.fhir.resource import Body
from salus.kernel.indicator import Indicator, Kind, Measure

REPORT = "activity-report"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def _coded(system: str, code: str) -> Body:
    return {"coding": [{"system": f"{_TERMINOLOGY}/{system}", "code": code}]}


INITIAL_POPULATION = _coded("measure-population", "initial-population")
_OBSERVATION = _coded("measure-population", "measure-observation")
# A share is a proportion; a stock or a flow only counts who or what belongs to it.
_SCORING = {Measure.SHARE: "proportion", Measure.STOCK: "cohort", Measure.FLOW: "cohort"}
_PARAMETERS = (
    "Run by PostgreSQL. %(start)s and %(end)s are the local midnights that open and close the month, %(day)s is the"
    " first day after it."
)
_ROWS = (
    " Gives rows of month, code and number; %(start)s opens the first of twelve months. Of a share, each number is"
    " divided by the sum of its month."
)


def id_of(indicator: Indicator) -> str:
    return indicator.id.replace("_", "-")


def _measure(id: str) -> Body:
    if id == REPORT:
        return _report()
    indicator = next(one for one in indicators().values() if id_of(one) == id)
    return {
        **canonical("Measure", id, titles(indicator), definitions(indicator)),
        "version": _version(indicator),
        "subjectCodeableConcept": {"text": indicator.population},
        "relatedArtifact": [
            {
                "type": "documentation",
                "display": indicator.id,
                "url": addresses.of_indicator(indicator.id),
            }
        ],
        "scoring": _coded("measure-scoring", _SCORING[indicator.measure]),
        "group": [_group(indicator, _query(indicator))],
    }


def _group(indicator: Indicator, criteria: Body) -> Body:
    # Only the query of a share itself gives no population: it gives the score.
    scores = indicator.measure is Measure.SHARE and not _by_rows(indicator)
    group: Body = {
        "code": of_indicator(indicator),
        "population": [
            {
                "code": _OBSERVATION if scores else INITIAL_POPULATION,
                "description": indicator.population,
                "criteria": {"language": "application/sql", **criteria},  # RFC 6922
            }
        ],
    }
    if indicator.kind is Kind.CHART:
        group["stratifier"] = [{"code": code} for code in strata_by(indicator)]
    return group


def _query(indicator: Indicator) -> Body:
    return {
        "description": _PARAMETERS + (_ROWS if _by_rows(indicator) else ""),
        "expression": indicator.sql,
    }


def _by_rows(indicator: Indicator) -> bool:
    return indicator.kind is Kind.CHART or bool(indicator.cell_of)


def _report() -> Body:
    said = in_every_language(lambda _language: profile().introduction[0])
    parts = {id: addresses.of_fhir("Measure", id) for id in map(id_of, indicators().values())}
    return {
        **canonical("Measure", REPORT, spoken(TITLE), said),
        "relatedArtifact": [
            {"type": "composed-of", "resource": address} for address in parts.values()
        ],
        # What each is counted by is said once, where it is defined.
        "group": [_group(one, {"reference": parts[id_of(one)]}) for one in indicators().values()],
    }


def _version(indicator: Indicator) -> str:
    """Changes with whatever changes what is counted; the SQL of an edition is in its signed edition.json."""
    what = "\n".join((indicator.population, indicator.definition, indicator.unit, indicator.sql))
    return sha256(what.encode()).hexdigest()[:12]


def _ids() -> list[str]:
    return [REPORT, *(id_of(one) for one in indicators().values())]


MEASURES = served("Measure", _ids, _measure)
