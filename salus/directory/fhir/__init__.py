"""The directory in FHIR R4 (IHE mCSD): public to read and to search; what a Bundle brings is taken in."""

from salus.directory.fhir.resources import RESOURCES
from salus.directory.fhir.taking import (
    ACCEPTS,
    FINDS,
    NOT_TAKEN,
    find_organization,
    find_practitioner,
)

__all__ = ["ACCEPTS", "FINDS", "NOT_TAKEN", "RESOURCES", "find_organization", "find_practitioner"]
