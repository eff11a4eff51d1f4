"""The report in FHIR R4: what each indicator is (Measure) and what each edition says (MeasureReport)."""

from salus.activity_report.fhir.measure import MEASURES
from salus.activity_report.fhir.measure_report import MEASURE_REPORTS
from salus.activity_report.fhir.terms import CODE_SYSTEMS, STRUCTURE_DEFINITIONS

RESOURCES = (MEASURES, MEASURE_REPORTS, CODE_SYSTEMS, STRUCTURE_DEFINITIONS)
