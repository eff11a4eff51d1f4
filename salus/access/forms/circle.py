from django import forms
from django.utils.translation import gettext_lazy as _


class ProfessionalSearch(forms.Form):
    name = forms.CharField(label=_("Name of the professional"), min_length=2, max_length=100)


class Professional(forms.Form):
    practitioner = forms.IntegerField(widget=forms.HiddenInput)


class NewAssistant(forms.Form):
    """Who names an assistant knows the person: number and name must fit each other.

    The birth date would prove nothing, since the number begins with it.
    """

    matricule = forms.CharField(
        label=_("National identification number of the person"),
        help_text=_(
            "13 digits, as on the social security card; the older number of 11 digits will do"
        ),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    family = forms.CharField(
        label=_("Family name of the person"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class Assistant(forms.Form):
    assistant = forms.IntegerField(widget=forms.HiddenInput)
