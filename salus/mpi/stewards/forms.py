from django import forms
from django.utils.translation import gettext_lazy as _


class Confirmation(forms.Form):
    """Why two are joined although something speaks against it. The reason is kept with the link."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("Others read this, so write no names."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


class Separation(forms.Form):
    """Why two entries are parted again. The reason is kept with the link."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("What shows that they are two people? Others read this, so write no names."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


class Chosen(forms.Form):
    """An entry of the index, chosen or left out again."""

    person = forms.IntegerField(min_value=1, max_value=2**63 - 1)
