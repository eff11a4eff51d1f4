from django import forms
from django.utils.translation import gettext_lazy as _

from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS


class DirectorySearch(forms.Form):
    """Professionals by profession, organisations by type: one field tells which."""

    name = forms.CharField(label=_("Name"), required=False, max_length=100)
    kind = forms.ChoiceField(
        label=_("Profession or kind of organisation"),
        required=False,
        choices=[
            ("", _("All professionals")),
            (_("Professionals"), list(PROFESSIONS.items())),
            (_("Organisations"), [("any", _("All organisations")), *ORGANIZATION_TYPES.items()]),
        ],
    )
    municipality = forms.CharField(label=_("Place"), required=False, max_length=100)
