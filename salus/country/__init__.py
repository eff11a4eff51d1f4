"""What differs by country. One setting chooses the module; another country adds its own beside lu.py."""

from importlib import import_module
from types import ModuleType

from django.conf import settings


def country() -> ModuleType:
    return import_module(settings.COUNTRY)
