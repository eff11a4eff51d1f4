from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from salus.country import country
from salus.country.identifiers import WrongIdentifier
from salus.kernel.clock import now
from salus.kernel.search_key import search_key
from salus.mpi.queries import Criteria


class PersonSearch(forms.Form):
    """By matricule alone, or by name, birth date, or both."""

    matricule = forms.CharField(
        label=_("Identification number"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    family = forms.CharField(
        label=_("Family name"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    given = forms.CharField(
        label=_("Given name"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    birth_date = forms.DateField(
        label=_("Date of birth"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
    )

    def clean_matricule(self) -> str:
        text: str = self.cleaned_data["matricule"]
        try:
            return country().check_matricule(text, today=now().date()) if text else ""
        except WrongIdentifier as error:
            raise ValidationError(error.in_words()) from error

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        named = search_key(data.get("family") or "")
        if not self.errors and not (named or data["matricule"] or data["birth_date"]):
            raise ValidationError(
                gettext("Enter an identification number, a family name, or a date of birth.")
            )
        return data

    def criteria(self) -> Criteria:
        return Criteria(**self.cleaned_data)
