from django import forms
from django.utils.translation import gettext_lazy as _


class ProfessionalSearch(forms.Form):
    name = forms.CharField(label=_("Name of the professional"), min_length=2, max_length=100)


class Professional(forms.Form):
    practitioner = forms.IntegerField(widget=forms.HiddenInput)


class NewAssistant(forms.Form):
    """Who names an assistant has the person at hand: number and birth date must fit each other."""

    matricule = forms.CharField(
        label=_("National identification number of the person"),
        help_text=_("13 digits, as on the social security card"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    birth_date = forms.DateField(
        label=_("Date of birth of the person"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class Assistant(forms.Form):
    assistant = forms.IntegerField(widget=forms.HiddenInput)
