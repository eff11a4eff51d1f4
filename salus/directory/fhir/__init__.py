"""The directory in FHIR R4 (IHE mCSD): public to read and to search; what a Bundle brings is taken in."""

from salus.directory.fhir.resources import RESOURCES
from salus.directory.fhir.subscribing import TOPICS
from salus.directory.fhir.taking import (
    ACCEPTS,
    FINDS,
    find_organization,
    find_practitioner,
)

__all__ = ["ACCEPTS", "FINDS", "RESOURCES", "TOPICS", "find_organization", "find_practitioner"]
