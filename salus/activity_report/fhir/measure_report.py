"""What an edition says, as a FHIR MeasureReport: a group for each indicator, a stratum for each cell of a series.

https://hl7.org/fhir/R4/measurereport.html
"""

import re
from collections.abc import Sequence

from django.conf import settings
from django.db.models import Q, QuerySet

from salus.activity_report.archive import edition_of
from salus.activity_report.content import content_of
from salus.activity_report.edition import Chart, Edition, Figure, Number, Status, indicators
from salus.activity_report.fhir.elements import narrative
from salus.activity_report.fhir.measure import INITIAL_POPULATION, REPORT
from salus.activity_report.fhir.terms import (
    mark,
    of_code,
    of_indicator,
    of_month,
    strata_by,
)
from salus.activity_report.layout import profile
from salus.activity_report.models import ArchivedEdition
from salus.activity_report.opendata import addresses
from salus.activity_report.opendata.words import in_default_language
from salus.fhir import facts
from salus.fhir.conditions import EVERYTHING, NOTHING, each, months
from salus.fhir.criteria import Coded, Named, ParameterType, Reference, Value
from salus.fhir.datatypes import URI
from salus.fhir.parameters import DEFINITIONS, by_id
from salus.fhir.resource import Body, Call, Parameter, Resource, Version
from salus.fhir.sources import rows, stamped
from salus.kernel.errors import NotFound
from salus.kernel.indicator import Measure
from salus.kernel.month import Month

_TYPE = "MeasureReport"
_ID = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))-r([1-9]\d{0,3})", re.ASCII)
_PERCENT = {"unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
_SYNTHETIC = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}


def id_of(period: str, revision: int) -> str:
    return f"{period}-r{revision}"


def measure_report(edition: Edition) -> Body:
    meta: Body = {"lastUpdated": edition.counted_at}
    if edition.simulated:
        meta["tag"] = [_SYNTHETIC]
    return {
        "resourceType": _TYPE,
        "id": id_of(edition.period, edition.revision),
        "meta": meta,
        "language": settings.LANGUAGE_CODE,
        "text": _narrative(edition),
        "identifier": [{"system": URI, "value": addresses.of_edition(edition)}],
        "status": "pending" if edition.provisional else "complete",
        "type": "summary",
        "measure": addresses.of_fhir("Measure", REPORT),
        "date": edition.counted_at,
        "reporter": {"display": in_default_language(lambda _language: profile().agency)},
        "period": {
            "start": edition.month.first_day.isoformat(),
            "end": edition.month.last_day.isoformat(),
        },
        "group": [
            *(_of_figure(figure) for figure in edition.figures),
            *(_of_chart(chart) for chart in edition.charts),
        ],
    }


def _of_figure(figure: Figure) -> Body:
    indicator = indicators()[figure.id]
    return {
        "code": of_indicator(indicator),
        **_value(figure.value, figure.status, indicator.measure),
    }


def _of_chart(chart: Chart) -> Body:
    indicator = indicators()[chart.id]
    dimensions = strata_by(indicator)
    codes = {code: of_code(indicator.dimension, code) for code in indicator.codes if code}
    strata = []
    for point in chart.series:
        values = [of_month(point.period), *([codes[point.dimension]] if point.dimension else [])]
        components = [
            {"code": name, "value": value} for name, value in zip(dimensions, values, strict=True)
        ]
        strata.append(
            {"component": components} | _value(point.value, point.status, indicator.measure)
        )
    return {
        "code": of_indicator(indicator),
        "stratifier": [{"code": dimensions, "stratum": strata}],
    }


def _value(value: Number, status: Status, measure: Measure) -> Body:
    """A count of the population, or a score in percent; why there is none, where there is none."""
    marks: Body = {"extension": extensions} if (extensions := mark(status)) else {}
    if measure is Measure.SHARE:
        return {"measureScore": marks if value is None else {**marks, "value": value, **_PERCENT}}
    if value is None:
        return {"population": [{"code": INITIAL_POPULATION, "_count": marks}]}
    return {"population": [{**marks, "code": INITIAL_POPULATION, "count": value}]}


def _narrative(edition: Edition) -> Body:
    content = content_of(edition, settings.LANGUAGE_CODE)
    rows = [(figure.caption, figure.printed) for figure in content.figures.values()]
    about = (content.full_title, content.revision_title, edition.reason, *content.notes)
    return narrative(" · ".join(text for text in about if text), rows)


def _read(_call: Call, id: str) -> Version:
    if not (parts := _ID.fullmatch(id)):
        raise NotFound(f"there is no such {_TYPE}")
    return stamped(measure_report(edition_of(Month.parse(parts[1]), int(parts[2]))))


def _kept(_call: Call) -> QuerySet[ArchivedEdition]:
    return ArchivedEdition.objects.all()


def _render(_call: Call, rows: Sequence[ArchivedEdition]) -> list[Version]:
    return [stamped(measure_report(Edition.from_json(row.document["edition"]))) for row in rows]


def _by_id(value: Value) -> Q:
    parts = _ID.fullmatch(value.code or "") if isinstance(value, Coded) else None
    if not parts:
        return NOTHING
    return Q(period=Month.parse(parts[1]).first_day, revision=int(parts[2]))


def _by_measure(value: Value) -> Q:
    """All of them report the same."""
    fact = Reference(type="Measure", id=REPORT, url=addresses.of_fhir("Measure", REPORT))
    return EVERYTHING if isinstance(value, Named) and value.names(fact) else NOTHING


_PARAMETERS = {
    "_id": by_id(each(_by_id), sort=("period", "revision")),
    "measure": Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/MeasureReport-measure",
        documentation="The measure that was reported.",
        facts=facts.canonicals("measure", type="Measure"),
        condition=each(_by_measure),
        targets=("Measure",),
    ),
    "period": Parameter(
        type=ParameterType.DATE,
        definition=f"{DEFINITIONS}/MeasureReport-period",
        documentation="The month that was counted.",
        facts=facts.times("period"),
        condition=months("period"),
        sort=("period",),
    ),
}
MEASURE_REPORTS = Resource(
    type=_TYPE,
    parameters=_PARAMETERS,
    read=_read,
    search=rows(_kept, parameters=_PARAMETERS, order=("-period", "-revision"), render=_render),
    public=True,
)
