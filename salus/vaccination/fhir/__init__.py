"""FHIR R4 Immunization of the vaccination record."""

from salus.vaccination.fhir.receiving import ACCEPTS as ACCEPTS
from salus.vaccination.fhir.serving import IMMUNIZATIONS

RESOURCES = (IMMUNIZATIONS,)
