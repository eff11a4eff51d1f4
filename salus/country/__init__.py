"""What differs by country. One setting chooses the module; another country adds its own beside `lu`.

A country's module names its code (ISO 3166-1) and time zone, the residences told apart in figures, its
identifiers and how they are checked (salus.country.identifiers), where its places lie (salus.country.gazetteer), its
rules of insurance and prescribing and who insures (salus.country.eligibility), and in ``REPORT`` what its activity
report says (salus.country.report).
"""

from importlib import import_module
from types import ModuleType

from django.conf import settings


def country() -> ModuleType:
    return import_module(settings.COUNTRY)
