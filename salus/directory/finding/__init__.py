"""The search of the public directory: one field, many languages, typing errors, near before far (ADR 0035)."""

from salus.directory.finding.finding import AROUND, find
from salus.directory.finding.question import (
    Found,
    Hit,
    Place,
    Question,
    Taken,
    Understood,
    language_name,
)
from salus.directory.finding.vocabulary import LANGUAGES, Sense

__all__ = [
    "AROUND",
    "LANGUAGES",
    "Found",
    "Hit",
    "Place",
    "Question",
    "Sense",
    "Taken",
    "Understood",
    "find",
    "language_name",
]
