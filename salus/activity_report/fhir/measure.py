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
_SQL = "application/sql"  # RFC 6922
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
        "group": [_group(indicator)],
    }


def _group(indicator: Indicator) -> Body:
    by_rows = indicator.kind is Kind.CHART or bool(indicator.cell_of)
    # Only the query of a share itself gives no population: it gives the score.
    scores = indicator.measure is Measure.SHARE and not by_rows
    query = {
        "description": _PARAMETERS + (_ROWS if by_rows else ""),
        "language": _SQL,
        "expression": indicator.sql,
    }
    return {
        "code": of_indicator(indicator),
        "population": [_population(indicator, query, scores=scores)],
        **_stratifier(indicator),
    }


def _population(indicator: Indicator, criteria: Body, *, scores: bool) -> Body:
    return {
        "code": _OBSERVATION if scores else INITIAL_POPULATION,
        "description": indicator.population,
        "criteria": criteria,
    }


def _stratifier(indicator: Indicator) -> Body:
    """Of a chart: one, as in the report, whatever it is by. A code beside components is forbidden (mea-1)."""
    if indicator.kind is not Kind.CHART:
        return {}
    codings = [coding for code in strata_by(indicator) for coding in code["coding"]]
    return {"stratifier": [{"code": {"coding": codings}, "criteria": _counted_by(indicator)}]}


def _counted_by(indicator: Indicator) -> Body:
    """Where the query is."""
    return {"language": _SQL, "reference": addresses.of_fhir("Measure", id_of(indicator))}


def _report() -> Body:
    said = in_every_language(lambda _language: profile().introduction[0])
    every = indicators().values()
    return {
        **canonical("Measure", REPORT, spoken(TITLE), said),
        "relatedArtifact": [
            {"type": "composed-of", "resource": addresses.of_fhir("Measure", id_of(one))}
            for one in every
        ],
        "group": [_group_of_report(one) for one in every],
    }


def _group_of_report(indicator: Indicator) -> Body:
    """As an edition says it: of a chart there is a number for each stratum, and none for the whole."""
    if indicator.kind is Kind.CHART:
        return {"code": of_indicator(indicator), **_stratifier(indicator)}
    scores = indicator.measure is Measure.SHARE
    population = _population(indicator, _counted_by(indicator), scores=scores)
    return {"code": of_indicator(indicator), "population": [population]}


def _version(indicator: Indicator) -> str:
    """Changes with whatever changes what is counted; the SQL of an edition is in its signed edition.json."""
    what = "\n".join((indicator.population, indicator.definition, indicator.unit, indicator.sql))
    return sha256(what.encode()).hexdigest()[:12]


def _ids() -> list[str]:
    return [REPORT, *(id_of(one) for one in indicators().values())]


MEASURES = served("Measure", _ids, _measure)
