"""FHIR R4 Practitioner, PractitionerRole and Organization of the directory (IHE mCSD)."""

from salus.directory.fhir.receiving import ACCEPTS as ACCEPTS
from salus.directory.fhir.receiving import FINDS as FINDS
from salus.directory.fhir.receiving import NOT_TAKEN as NOT_TAKEN
from salus.directory.fhir.receiving import PHYSICIAN as PHYSICIAN
from salus.directory.fhir.serving import RESOURCES as RESOURCES
