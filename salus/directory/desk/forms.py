"""Forms of the desk."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from salus.directory.models import Kind, Source
from salus.directory.projecting import JOINED
from salus.directory.words import KINDS, STATUSES


def _day(**field: Any) -> forms.DateField:
    # A date as browsers send it, whatever the page's language.
    return forms.DateField(
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        **field,
    )


class Application(forms.Form):
    """How many entries a complete file ends, read and written by whoever puts it in force."""

    ends = forms.IntegerField(
        label=_("How many entries will end?"),
        min_value=0,
        help_text=_("The file does not name them. Write their number, as it stands above."),
        widget=forms.NumberInput(attrs={"autocomplete": "off"}),
    )


class Reason(forms.Form):
    """Why a change set is declined or taken back. Kept with it, and shown to whoever brought it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("Whoever brought it reads this."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


class Register(forms.ModelChoiceField):  # type: ignore[type-arg]  # no generic at run time
    """A source that gives numbers of its own: the desk and professionals bring no files."""

    def __init__(self, **field: Any) -> None:
        registers = Source.objects.exclude(system="").order_by("title")
        super().__init__(queryset=registers, **field)

    def label_from_instance(self, obj: Source) -> str:
        return obj.title


class RegisterFile(forms.Form):
    """A file of a register: CSV, a FHIR Bundle, or resources one a line (NDJSON)."""

    source = Register(label=_("Register"))
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, a FHIR R4 Bundle, or its resources one a line (NDJSON)."),
    )
    kind = forms.ChoiceField(
        label=_("What its lines are"),
        required=False,
        help_text=_("For CSV without a column that says it."),
        choices=[("", _("as the file says")), *((kind.value, KINDS[kind]) for kind in Kind)],
    )
    complete = forms.BooleanField(
        label=_("The file is complete: whom it does not name has left the register"),
        required=False,
    )


class EntrySearch(forms.Form):
    q = forms.CharField(label=_("Name or identifier"), max_length=100, required=False)


class AsOf(forms.Form):
    """Of which day an entry is read, and as it was known at the end of which day."""

    day = _day(label=_("As of"), required=False)
    known = _day(label=_("As known on"), required=False)

    def known_at(self) -> datetime | None:
        """The end of the day."""
        known: date | None = self.cleaned_data.get("known")
        if known is None or known.year >= date.max.year:
            return None
        return timezone.make_aware(datetime.combine(known + timedelta(days=1), time()))


class Suspension(forms.Form):
    since = _day(label=_("From"))
    until = _day(
        label=_("Until"),
        required=False,
        help_text=_("The first day on which it is over; empty: for good."),
    )
    status_reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Never public: the authority and the professional see it."),
    )


class EndOfSuspension(forms.Form):
    since = _day(label=_("From"), help_text=_("The first day on which it is active again."))


class Leaving(forms.Form):
    status = forms.ChoiceField(
        label=_("Why"),
        choices=[(code, STATUSES[code]) for code in ("retired", "deceased", "ended")],
    )
    since = _day(label=_("From"))


class NewName(forms.Form):
    honorific = forms.CharField(label=_("Title"), max_length=200, required=False)
    given = forms.CharField(label=_("Given name"), max_length=200)
    family = forms.CharField(label=_("Family name"), max_length=200)
    since = _day(label=_("From"))


class Pair(forms.Form):
    """Two entries that may be one, and what a registrar says of them."""

    act = forms.ChoiceField(choices=[("same", ""), ("apart", "")])
    kind = forms.ChoiceField(choices=[(kind.value, "") for kind in JOINED])
    root = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    duplicate = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class Joining(forms.Form):
    other = forms.CharField(
        label=_("Identifier of the other entry"),
        max_length=500,
        help_text=_("It stays itself, and this one is shown as it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class Parting(forms.Form):
    """Nothing to say but that."""


class Succession(forms.Form):
    successor = forms.TypedChoiceField(label=_("Goes on as"), coerce=int)
    since = _day(
        label=_("Over from"),
        required=False,
        help_text=_("Empty: this role is over already, or goes on beside."),
    )

    def __init__(self, *args: object, successors: list[tuple[int, str]], **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]  # as Django's
        self.fields["successor"].choices = successors  # type: ignore[attr-defined]
