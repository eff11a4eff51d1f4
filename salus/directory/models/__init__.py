"""The provider directory (HPD): professionals, organisations, and who works where (IHE mCSD).

What a register, a professional or the authority says of an entry is a Statement, and none is ever changed (ADR 0032).
The tables of entries hold what follows from them today, in columns that are searched by.
"""

from salus.directory.models.entries import (
    Endpoint,
    HealthcareService,
    Licence,
    Location,
    Organization,
    Practitioner,
    PractitionerRole,
)
from salus.directory.models.finding import Listing, NameWord, WordKey
from salus.directory.models.history import (
    Announcement,
    ChangeLine,
    ChangeSet,
    How,
    Kind,
    Outcome,
    Source,
    Statement,
)

__all__ = [
    "Announcement",
    "ChangeLine",
    "ChangeSet",
    "Endpoint",
    "HealthcareService",
    "How",
    "Kind",
    "Licence",
    "Listing",
    "Location",
    "NameWord",
    "Organization",
    "Outcome",
    "Practitioner",
    "PractitionerRole",
    "Source",
    "Statement",
    "WordKey",
]
