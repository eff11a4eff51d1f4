"""Pure rules of the shared record."""

from salus.shared_record.models import Format

MEDIA_TYPES = {
    Format.FHIR: "application/fhir+json",
    Format.CDA: "application/hl7-cda+xml",
    Format.PDF: "application/pdf",
}
FILE_SUFFIXES = {Format.FHIR: ".json", Format.CDA: ".xml", Format.PDF: ".pdf"}
CONTENT_AT_MOST = 50 * 1024 * 1024  # bytes of one document
