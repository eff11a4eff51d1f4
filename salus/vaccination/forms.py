from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from salus.terminology import VACCINES
from salus.vaccination.models import ActType


class NewImmunization(forms.Form):
    """One act: given today by the vaccinator, or copied from a card."""

    act_type = forms.ChoiceField(
        label=_("What do you record?"),
        choices=[
            (ActType.PERFORMED.value, _("A vaccination that I perform")),
            (ActType.HISTORICAL.value, _("A past one, copied from a card or certificate")),
        ],
    )
    vaccine = forms.ChoiceField(
        label=_("Vaccine"),
        choices=lambda: [("", "–"), *((vaccine.atc, vaccine.name) for vaccine in VACCINES)],
    )
    occurred_on = forms.DateField(
        label=_("Date of the vaccination"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    lot_number = forms.CharField(
        label=_("Lot number"),
        required=False,
        max_length=20,
        help_text=_(
            "As printed on the box after “LOT”; needed for a vaccination that you perform."
        ),
    )
    dose_number = forms.IntegerField(
        label=_("Number of the dose in the series (optional)"),
        required=False,
        min_value=1,
        max_value=20,
    )

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("act_type") == ActType.PERFORMED and not data.get("lot_number"):
            self.add_error(
                "lot_number", ValidationError(gettext("Enter the lot number of the vaccine."))
            )
        return data
