"""Forms of the counter, and of the agency's desk for callers."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from salus.accounts.models import Client
from salus.country import country
from salus.directory.queries import organization_called
from salus.eligibility.models import Right
from salus.eligibility.questions import (
    AffiliationQuestion,
    LookUpQuestion,
    PrescribingQuestion,
    Question,
)
from salus.eligibility.scans import scanned
from salus.eligibility.words import RIGHTS
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput

_COUNTER = "counter"  # in place of a software's id
_TYPED = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}


class AtCounter(forms.Form):
    """A question of today, or of a day before for whom has the right to ask that."""

    NO_DAY = _("The day must be today or before, and not before 1900.")

    day = forms.DateField(
        label=_("Day"),
        help_text=_("Left empty: today."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, historic: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].widget.attrs["max"] = now().date().isoformat()
        if not historic:
            del self.fields["day"]

    @property
    def question(self) -> Question:
        """What a valid form asks."""
        raise NotImplementedError

    @property
    def asked(self) -> str:
        """The number or the code; '' when neither was given. Of it the page repeats the end."""
        return ""


class Insurance(AtCounter):
    number = forms.CharField(
        label=_("National identification number"),
        help_text=_("Scan the card, or type the 13 digits and press Enter."),
        max_length=60,
        strip=False,  # a scanner's control characters are read by `scanned`
        widget=forms.TextInput(
            attrs=_TYPED | {"inputmode": "numeric", "autofocus": True, "class": "counter__field"}
        ),
    )
    field_order = ("number", "day")

    def clean_number(self) -> str:
        """Which digit does not fit is not said: at a counter nobody shall learn to make numbers that do."""
        try:
            return str(
                country().check_matricule(scanned(self.cleaned_data["number"]), today=now().date())
            )
        except InvalidInput:
            raise ValidationError(
                _("This is not a national identification number. Scan the card again, or type it.")
            ) from None

    @property
    def question(self) -> AffiliationQuestion:
        return AffiliationQuestion(
            system=country().MATRICULE_SYSTEM,
            value=self.asked,
            day=self.cleaned_data.get("day"),
        )

    @property
    def asked(self) -> str:
        return str(self.cleaned_data["number"])


class Prescribing(AtCounter):
    code = forms.CharField(
        label=_("Provider code of the prescriber"),
        help_text=_("As it stands on the prescription. Press Enter."),
        max_length=60,
        widget=forms.TextInput(attrs=_TYPED | {"autofocus": True, "class": "counter__field"}),
    )
    product = forms.RegexField(
        label=_("Product (ATC code)"),
        help_text=_("The code or its beginning, as N02AA01 or N02. Left empty: anything at all."),
        regex=r"(?i)^[A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?$",
        required=False,
        error_messages={"invalid": _("An ATC code looks like N02AA01, or is its beginning.")},
        widget=forms.TextInput(attrs=_TYPED),
    )
    field_order = ("code", "product", "day")

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).strip()

    def clean_product(self) -> str:
        return str(self.cleaned_data["product"]).upper()

    @property
    def question(self) -> PrescribingQuestion:
        return PrescribingQuestion(
            system=country().PROVIDER_SYSTEM,
            value=self.asked,
            day=self.cleaned_data.get("day"),
            product=self.cleaned_data["product"],
        )

    @property
    def asked(self) -> str:
        return str(self.cleaned_data["code"])


class LookUp(AtCounter):
    """Somebody who cannot show a card: by few data, today alone, with a check by the number afterwards."""

    family = forms.CharField(
        label=_("Family name"),
        max_length=100,
        widget=forms.TextInput(attrs=_TYPED | {"autofocus": True}),
    )
    given = forms.CharField(
        label=_("Given name"), max_length=100, widget=forms.TextInput(attrs=_TYPED)
    )
    birth_date = forms.DateField(
        label=_("Date of birth"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    mission = forms.CharField(
        label=_("Number of the mission"),
        help_text=_("Your own: what this question was for is checked afterwards."),
        max_length=60,
        widget=forms.TextInput(attrs=_TYPED),
    )
    field_order = ("family", "given", "birth_date", "mission")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("day", None)

    @property
    def question(self) -> LookUpQuestion:
        said = self.cleaned_data
        return LookUpQuestion(
            family=said["family"],
            given=said["given"],
            birth_date=said["birth_date"],
            mission=said["mission"],
        )


class OrganizationByName(forms.Form):
    """`organization` is its row id once the form is valid."""

    organization = forms.CharField(
        label=_("Organisation"), help_text=_("As the directory writes it."), max_length=200
    )

    def clean_organization(self) -> int:
        found = organization_called(self.cleaned_data["organization"])
        if found is None:
            raise ValidationError(_("The directory has no organisation of this name, or several."))
        return found


class Registration(forms.Form):
    """How an organisation shall ask, what, and how often. `software` is a client's row id, or None for the counter."""

    software = forms.ChoiceField(label=_("How it asks"), widget=forms.RadioSelect, initial=_COUNTER)
    rights = forms.MultipleChoiceField(
        label=_("What it may ask"),
        widget=forms.CheckboxSelectMultiple,
        choices=RIGHTS.items(),
        initial=[Right.AFFILIATION],
    )
    per_minute = forms.IntegerField(label=_("Questions a minute, at most"), min_value=1, initial=30)
    per_day = forms.IntegerField(label=_("Questions a day, at most"), min_value=1, initial=2_000)

    def __init__(self, *args: Any, clients: list[Client], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        software = [(str(client.pk), client.name) for client in clients]
        self.fields["software"].choices = [  # type: ignore[attr-defined]  # a ChoiceField's
            (_COUNTER, _("On the page for its own counter")),
            *software,
        ]

    def clean_software(self) -> int | None:
        chosen = self.cleaned_data["software"]
        return None if chosen == _COUNTER else int(chosen)

    def clean(self) -> None:
        minute, day = self.cleaned_data.get("per_minute"), self.cleaned_data.get("per_day")
        if minute and day and minute > day:
            self.add_error("per_minute", _("No more a minute than a day."))


class NewAdministrator(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address of the account"),
        help_text=_("Of a professional who signs in here with it."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class Reviewed(forms.Form):
    """What came out of a finding."""

    row = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    outcome = forms.CharField(max_length=500)


class Ended(forms.Form):
    """Which row is to end."""

    row = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
