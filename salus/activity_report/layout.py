"""The words of the report that are the same in every country, and those of this country on top of them."""

from dataclasses import replace
from functools import cache

from babel import Locale
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from salus.activity_report.edition import indicators
from salus.country import country
from salus.country.report import Profile, Section, Text
from salus.kernel.indicator import Indicator

TITLE = _("Activity report")
LICENCE = _("These data may be reused freely when their source is named (licence CC BY 4.0).")
LICENCE_ADDRESS = "https://creativecommons.org/licenses/by/4.0/"

SYNTHETIC = _(
    "Synthetic data: these figures are counted from an invented nation at scale %(scale)s, with no"
    " real person in it."
)
UNPROTECTED = _("Small counts are not withheld, since nobody stands behind them.")
RUNNING = _("Provisional: the month is not over yet; counted up to %(day)s.")
NOT_RELEASED = _("Provisional: this edition appears on %(day)s.")
OVERRIDDEN = _("Published although a self-check failed. Reason: %(reason)s")
REVISED = _("Revision %(number)s, published on %(day)s. Reason: %(reason)s")

DIMENSIONS: dict[str, Text] = {
    "country": _("Country of residence"),
    "act_type": _("Act type"),
    "age_band": _("Age band"),
}
_NAMES: dict[str, dict[str, Text]] = {
    "country": {"other": _("Other countries")},
    "act_type": {
        "performed": _("Performed act"),
        "historical": _("Historical act"),
        "msvac": _("Campaign import"),
    },
    "age_band": {
        "0-4": _("0 to 4 years"),
        "5-11": _("5 to 11 years"),
        "12-17": _("12 to 17 years"),
        "18-29": _("18 to 29 years"),
        "30-49": _("30 to 49 years"),
        "50-64": _("50 to 64 years"),
        "65+": _("65 years and over"),
    },
}
# Dimensions whose names the glossary explains.
STARRED_DIMENSIONS = {"act_type"}

_ADDED = Section(
    id="added",
    title=_("Beyond the usual figures"),
    purpose=_("What else a reader may want to know of the services' quality."),
    accent="#44403c",
)
_PER_ROW = 3


def profile() -> Profile:
    found: Profile = country().REPORT
    return found


@cache
def sections() -> tuple[Section, ...]:
    """The country's sections, and after them the added figures, of whichever services have any."""
    added = tuple(indicator.id for indicator in indicators().values() if indicator.added)
    if not added:
        return profile().sections
    rows = tuple(added[i : i + _PER_ROW] for i in range(0, len(added), _PER_ROW))
    return (*profile().sections, replace(_ADDED, figures=rows))


def name_of(dimension: str, code: str, language: str) -> str:
    """A code of a chart's dimension in words."""
    if text := profile().names.get(dimension, {}).get(code):
        return str(text)
    if text := _NAMES[dimension].get(code):
        return str(text)
    return str(Locale.parse(language).territories[code])  # by the CLDR


def title_of(indicator: Indicator, language: str) -> str:
    if text := profile().titles.get(indicator.id):
        return str(text)
    return gettext(indicator.title) % _part(indicator, language)


def definition_of(indicator: Indicator, language: str) -> str:
    return gettext(indicator.definition) % _part(indicator, language)


def _part(indicator: Indicator, language: str) -> dict[str, str]:
    if not indicator.cell_of:
        return {}
    return {"part": name_of(indicator.dimension, indicator.codes[0], language)}
