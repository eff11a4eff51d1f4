from math import nan

from babel import Locale
from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from salus.country import country
from salus.directory.finding import LANGUAGES, language_name
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS

PEOPLE, ORGANIZATIONS = "people", "organizations"
DISTANCES = (2, 5, 10, 20, 50)  # kilometres


class DirectorySearch(forms.Form):
    """The address of a search: one field, and what can be asked beside it. Professions and types are one choice."""

    text = forms.CharField(
        label=_("Whom or what are you looking for?"),
        help_text=_("In one line, for example: dentist who speaks Portuguese near Esch"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "enterkeyhint": "search"}),
    )
    kind = forms.ChoiceField(
        label=_("Profession or kind of organisation"),
        required=False,
        choices=lambda: [
            ("", _("All")),
            (_("Professionals"), [(PEOPLE, _("All professionals")), *PROFESSIONS.items()]),
            (
                _("Organisations"),
                [(ORGANIZATIONS, _("All organisations")), *ORGANIZATION_TYPES.items()],
            ),
        ],
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=lambda: [("", _("Any")), *_languages()]
    )
    place = forms.CharField(label=_("Place or postal code"), required=False, max_length=100)
    within = forms.TypedChoiceField(
        label=_("At most so far away"),
        required=False,
        coerce=float,
        empty_value=None,
        choices=[("", _("Any distance")), *((number, f"{number} km") for number in DISTANCES)],
    )
    licence = forms.ChoiceField(
        label=_("Licensed in"), required=False, choices=lambda: [("", _("Any country")), *_areas()]
    )
    new_patients = forms.BooleanField(label=_("Accepts new patients"), required=False)
    open_now = forms.BooleanField(label=_("Open now"), required=False)
    near = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def clean_near(self) -> tuple[float, float] | None:
        """Coarse coordinates that the visitor's own browser put into the address."""
        text = self.cleaned_data["near"]
        if not text:
            return None
        try:
            latitude, longitude = (float(part) for part in text.split(","))
        except ValueError:
            latitude = longitude = nan
        if abs(latitude) <= 90 and abs(longitude) <= 180:  # not, when they are no numbers
            return latitude, longitude
        raise forms.ValidationError(_("A position is two numbers."))


def _languages() -> list[tuple[str, str]]:
    """By their names in the reader's language."""
    named = [(code, language_name(code)) for code in LANGUAGES]
    return sorted(named, key=lambda one: one[1].casefold())


def _areas() -> list[tuple[str, str]]:
    names = Locale.parse(get_language() or "en").territories
    return [(code, names.get(code, code)) for code in country().RESIDENCES]
