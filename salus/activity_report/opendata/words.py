"""Words in every language at once, for what is published in all of them."""

from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from salus.activity_report.edition import Status
from salus.activity_report.layout import definition_of, name_of, title_of
from salus.country.report import Text
from salus.kernel.indicator import Indicator

ByLanguage = dict[str, str]  # by the codes of settings.LANGUAGES, the default language first

STATUSES: dict[Status, Text] = {
    Status.NORMAL: _("Normal value"),
    Status.PROVISIONAL: _("Provisional value"),
    Status.REVISED: _("Revised value"),
    Status.SUPPRESSED: _("Withheld, since it would tell of too few people"),
    Status.MISSING: _("No value: the share has no base"),
}


def in_every_language(say: Callable[[str], Text]) -> ByLanguage:
    """What ``say`` answers to the code of each language while that language is active."""
    said = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            said[language] = str(say(language))
    return said


def in_default_language(say: Callable[[str], Text]) -> str:
    with override(settings.LANGUAGE_CODE):
        return str(say(settings.LANGUAGE_CODE))


def titles(indicator: Indicator) -> ByLanguage:
    return in_every_language(lambda language: title_of(indicator, language))


def definitions(indicator: Indicator) -> ByLanguage:
    return in_every_language(lambda language: definition_of(indicator, language))


def names(dimension: str, code: str) -> ByLanguage:
    return in_every_language(lambda language: name_of(dimension, code, language))


def spoken(text: Text) -> ByLanguage:
    return in_every_language(lambda _language: text)


def in_json_ld(said: ByLanguage) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for language, text in said.items()]
