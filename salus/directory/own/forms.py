"""A form for one field of an entry, by what its values are."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from salus.directory.fields import DAYS
from salus.directory.finding import LANGUAGES, language_name
from salus.directory.words import day_names, field_name

_LANGUAGES_AT_MOST = 6
_TIMES = re.compile(r"(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})")


class Text(forms.Form):
    value = forms.CharField(max_length=200, required=False)

    def __init__(self, name: str, value: Any, data: Any = None) -> None:
        super().__init__(data, initial={"value": value or ""})
        field = self.fields["value"]
        field.label = field_name(name)
        if "telephone" in name:
            field.widget = forms.TextInput(attrs={"type": "tel"})
        elif name == "email":
            field.widget = forms.EmailInput()

    def said(self) -> Any:
        """As a statement has it; None: the field has no value."""
        return self.cleaned_data["value"] or None


class Flag(forms.Form):
    value = forms.ChoiceField(
        choices=[("", _("not said")), ("yes", _("yes")), ("no", _("no"))], required=False
    )

    def __init__(self, name: str, value: Any, data: Any = None) -> None:
        initial = {True: "yes", False: "no", None: ""}[value]
        super().__init__(data, initial={"value": initial})
        self.fields["value"].label = field_name(name)

    def said(self) -> bool | None:
        return {"yes": True, "no": False, "": None}[self.cleaned_data["value"]]


class Languages(forms.Form):
    """The best spoken first."""

    def __init__(self, _name: str, value: Sequence[str] | None, data: Any = None) -> None:
        super().__init__(data)
        known = list(value or ())
        codes = sorted({*LANGUAGES, *known}, key=lambda code: language_name(code).casefold())
        choices = [("", "–"), *((code, language_name(code)) for code in codes)]
        for number in range(_LANGUAGES_AT_MOST):
            self.fields[f"language_{number + 1}"] = forms.ChoiceField(
                label=format_lazy("{} {}", _("Language"), number + 1),
                choices=choices,
                required=False,
                initial=known[number] if number < len(known) else "",
            )

    def said(self) -> list[str] | None:
        chosen = [code for code in self.cleaned_data.values() if code]
        return chosen or None


class Hours(forms.Form):
    """One field a day: 08:00-12:00, 14:00-18:00; empty: closed."""

    def __init__(self, _name: str, value: Sequence[Mapping[str, Any]] | None, data: Any = None):
        super().__init__(data)
        for day, label in day_names().items():
            self.fields[day] = forms.CharField(
                label=label,
                required=False,
                max_length=100,
                initial=", ".join(_times(one) for one in value or () if day in one["daysOfWeek"]),
                help_text=_("Such as 08:00-12:00, 14:00-18:00") if day == DAYS[0] else "",
            )

    def clean(self) -> dict[str, Any]:
        for day in DAYS:
            if _TIMES.sub("", self.cleaned_data.get(day, "")).strip(" ,;"):
                self.add_error(day, _("Write times such as 08:00-12:00, 14:00-18:00."))
        return self.cleaned_data

    def said(self) -> list[dict[str, Any]] | None:
        """Days with the same times together."""
        by_times: dict[tuple[str, str], list[str]] = {}
        for day in DAYS:
            for opens, closes in _TIMES.findall(self.cleaned_data[day]):
                by_times.setdefault((opens.zfill(5), closes.zfill(5)), []).append(day)
        return [
            {"daysOfWeek": days, "availableStartTime": opens, "availableEndTime": closes}
            for (opens, closes), days in by_times.items()
        ] or None


Correction = Text | Flag | Languages | Hours
_OF: Mapping[str, type[Correction]] = {
    "languages": Languages,
    "hours": Hours,
    "new_patients": Flag,
}


def form_of(field: str) -> type[Correction]:
    return _OF.get(field, Text)


def _times(one: Mapping[str, Any]) -> str:
    if one.get("allDay"):
        return "00:00-23:59"
    return f"{one['availableStartTime'][:5]}-{one['availableEndTime'][:5]}"
