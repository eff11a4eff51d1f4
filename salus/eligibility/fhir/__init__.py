"""The eligibility service on FHIR R4: CoverageEligibilityRequest/$submit, Coverage, $may-prescribe (ADR 0044)."""

from salus.eligibility.fhir.coverage import COVERAGE
from salus.eligibility.fhir.prescribing import MAY_PRESCRIBE as MAY_PRESCRIBE
from salus.eligibility.fhir.submitting import REQUESTS

RESOURCES = (COVERAGE, REQUESTS)
