"""FHIR R4 of the shared record: what Bundles bring, DocumentReference and Binary (IHE MHD)."""

from salus.shared_record.fhir.receiving import ACCEPTS as ACCEPTS
from salus.shared_record.fhir.receiving import NOT_TAKEN as NOT_TAKEN
from salus.shared_record.fhir.serving import BINARIES, DOCUMENT_REFERENCES

RESOURCES = (DOCUMENT_REFERENCES, BINARIES)
