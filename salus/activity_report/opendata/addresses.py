"""What everything is called by, for ever and on every server: addresses below the country's own.

They are names first, and lead to the thing named where that address is served.
"""

from salus.activity_report.edition import Edition
from salus.activity_report.layout import profile


def of_report(path: str) -> str:
    """What belongs to no single edition: ``schema.json``, ``indicators/documents_total``."""
    return f"{profile().address}/report/{path}"


def of_edition(edition: Edition) -> str:
    """This revision, which never changes."""
    return of_report(f"{edition.period}/r{edition.revision}")


def of_file(edition: Edition, suffix: str, language: str = "") -> str:
    """A file of this revision, which never changes either."""
    return ".".join(part for part in (of_edition(edition), language, suffix) if part)


def of_indicator(id: str) -> str:
    return of_report(f"indicators/{id}")


def of_fhir(type: str, id: str) -> str:
    """The canonical URL of a FHIR resource."""
    return f"{profile().address}/fhir/{type}/{id}"
