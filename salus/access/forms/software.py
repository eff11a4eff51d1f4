"""Forms about software: a maker asks for a client, the agency decides, a person lets an app in."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from salus.access.actions.domains import check_domains
from salus.access.models import Audience
from salus.access.scope_words import OFFLINE, permissions
from salus.accounts.oauth.registration import NewClient, purposes_of
from salus.directory.queries import organization_called
from salus.kernel.actor import PurposeOfUse
from salus.kernel.errors import SalusError
from salus.mpi.permissions import is_public

# What a maker ticks, and the resource types and interactions that it stands for.
_RIGHTS: dict[str, tuple[str | Promise, list[str]]] = {
    "identity": (_("See who the patient is"), ["Patient.rs"]),
    "documents": (_("See and open documents"), ["DocumentReference.rs", "Binary.rs"]),
    "feed": (_("Tell the patient index about your own patients"), ["Patient.crus"]),
    "file": (_("Add documents"), ["DocumentReference.c"]),
    "vaccinations": (_("See vaccinations"), ["Immunization.rs"]),
    "log": (_("See who looked at the record"), ["AuditEvent.rs"]),
    "directory": (
        _("Look up professionals and organisations"),
        ["Practitioner.rs", "PractitionerRole.rs", "Organization.rs"],
    ),
}
_STAY = "stay"
_CONTEXTS = {
    Audience.PATIENTS: ["patient"],
    Audience.PROFESSIONALS: ["patient", "user"],
    Audience.NOBODY: ["system"],
}
_OF_USERS = ["openid", "fhirUser", "launch/patient", "online_access"]
PURPOSES = [
    (PurposeOfUse.TREATMENT, _("Treatment")),
    (PurposeOfUse.EMERGENCY, _("Emergency treatment")),
    (PurposeOfUse.COVERAGE, _("Is this person insured")),
    (PurposeOfUse.OPERATIONS, _("Running a hospital or practice")),
    (PurposeOfUse.PUBLIC_HEALTH, _("Public health")),
]


class SoftwareRequest(forms.Form):
    """What the agency must know, in the words of a maker who has not read RFC 6749."""

    name = forms.CharField(label=_("Name of the software"), max_length=100)
    maker = forms.CharField(label=_("Who makes it"), max_length=200)
    contact = forms.EmailField(label=_("E-mail address for questions"), max_length=254)
    organization = forms.CharField(
        label=_("Organisation of the directory in whose name it asks"),
        help_text=_("As the directory writes it. An app for patients needs none."),
        required=False,
        max_length=200,
    )
    audience = forms.ChoiceField(
        label=_("Who uses it"),
        widget=forms.RadioSelect,
        choices=Audience.choices,
    )
    rights = forms.MultipleChoiceField(
        label=_("What it must be able to do"),
        help_text=_("Ask for what you need and no more: the agency may grant less."),
        widget=forms.CheckboxSelectMultiple,
        choices=[
            *((key, words) for key, (words, _types) in _RIGHTS.items()),
            (_STAY, _("Stay connected when nobody uses it")),
        ],
    )
    domains = forms.CharField(
        label=_("Systems of identifiers in which your organisation numbers its patients"),
        help_text=_(
            "One a line, as a URI: urn:oid:1.2.3. Only a system that feeds the index has any."
        ),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        required=False,
        max_length=2000,
    )
    purposes = forms.MultipleChoiceField(
        label=_("What for, when a system asks by itself"),
        widget=forms.CheckboxSelectMultiple,
        choices=PURPOSES,
        required=False,
    )
    proof = forms.ChoiceField(
        label=_("How it proves who it is"),
        widget=forms.RadioSelect,
        choices=[
            ("none", _("Not at all: it runs in a browser or on a phone and can keep no secret")),
            ("secret", _("By a secret, which a server of yours keeps")),
            ("keys", _("By a key pair of your own (better than a secret)")),
        ],
    )
    redirect_uris = forms.CharField(
        label=_("Addresses to come back to after sign-in"),
        help_text=_("One a line, complete, with https://. A system that asks by itself has none."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        required=False,
        max_length=2000,
    )
    keys = forms.CharField(
        label=_("Public keys"),
        help_text=_("The address of your JWK Set, or the set itself. Never the private key."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        required=False,
        max_length=8000,
    )

    def clean_organization(self) -> int | None:
        if not self.cleaned_data["organization"]:
            return None
        found = organization_called(self.cleaned_data["organization"])
        if found is None:
            raise ValidationError(_("The directory has no organisation of this name, or several."))
        return found

    def clean_domains(self) -> list[str]:
        domains = list(dict.fromkeys(str(self.cleaned_data["domains"]).split()))
        try:
            check_domains(domains, organization=self.cleaned_data.get("organization"))
        except SalusError as error:
            raise ValidationError(gettext(str(error))) from None
        if any(map(is_public, domains)):  # a register's software is registered by the agency itself
            raise ValidationError(_("Of these numbers one system is a country's, and not yours."))
        return domains

    def clean_keys(self) -> str | dict[str, Any]:
        """An address, or the set itself; what it holds is checked with the rest (`clean`)."""
        text = str(self.cleaned_data["keys"]).strip()
        if not text.startswith("{"):
            return text
        try:
            return dict(json.loads(text))
        except (ValueError, RecursionError):
            raise ValidationError(_("This is no JWK Set, and no address of one.")) from None

    def clean(self) -> dict[str, Any]:
        """What of it goes together."""
        data = super().clean() or {}
        system = data.get("audience") == Audience.NOBODY
        if system and data.get("proof") == "none":
            self.add_error("proof", _("A system proves who it is, by a secret or a key pair."))
        if system and "organization" in data and data["organization"] is None:
            self.add_error("organization", _("A system asks in the name of an organisation."))
        if not system and (data.get("domains") or "feed" in data.get("rights", ())):
            self.add_error("rights", _("Only a system that asks by itself feeds the index."))
        if system and not data.get("purposes"):
            self.add_error("purposes", _("A system says what for it asks."))
        if not system and not str(data.get("redirect_uris", "?")).split():
            self.add_error("redirect_uris", _("Where shall people come back to after sign-in?"))
        if data.get("proof") == "keys" and "keys" in data and not data["keys"]:
            self.add_error("keys", _("Give the public half of your key pair."))
        if not self.errors:
            try:
                self.client  # noqa: B018  # raises what it objects to
            except SalusError as error:
                self.add_error(None, gettext(str(error)))
        return data

    @property
    def scope(self) -> str:
        """The scopes that the ticked rights stand for."""
        audience, rights = Audience(self.cleaned_data["audience"]), self.cleaned_data["rights"]
        found = [] if audience is Audience.NOBODY else list(_OF_USERS)
        for right in rights:
            if right in _RIGHTS:
                found += [f"{c}/{what}" for c in _CONTEXTS[audience] for what in _RIGHTS[right][1]]
        if _STAY in rights and audience is not Audience.NOBODY:
            found.append(OFFLINE)
        return " ".join(found)

    @property
    def client(self) -> NewClient:
        """As it would be registered. Raises InvalidInput for what no client may say of itself."""
        data = self.cleaned_data
        system, keys = data["audience"] == Audience.NOBODY, data["keys"]
        by_keys = data["proof"] == "keys"
        client = NewClient(
            name=data["name"],
            contact=data["contact"],
            scope=self.scope,
            redirect_uris=() if system else tuple(dict.fromkeys(data["redirect_uris"].split())),
            purposes=purposes_of(data["purposes"]) if system else (),
            is_public=data["proof"] == "none",
            jwks=keys if by_keys and isinstance(keys, dict) else None,
            jwks_uri=keys if by_keys and isinstance(keys, str) else None,
        )
        client.check(is_demo=settings.DEMO)
        return client


class Approval(forms.Form):
    """The agency grants what was asked for, or less of it."""

    scopes = forms.MultipleChoiceField(
        label=_("Granted"), widget=forms.CheckboxSelectMultiple, required=True
    )
    domains = forms.MultipleChoiceField(
        label=_("Gives out the identifiers of these systems, and nobody else does"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    reason = forms.CharField(
        label=_("Note to the maker, when you grant less"), required=False, max_length=1000
    )

    def __init__(
        self, *args: Any, asked: Sequence[str], domains: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if domains:
            self.fields["domains"].choices = [(one, one) for one in domains]  # type: ignore[attr-defined]  # as below
            self.fields["domains"].initial = domains
        else:
            del self.fields["domains"]
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]  # of a choice field
            (one.scope, one.label) for one in permissions(asked)
        ]
        self.fields["scopes"].initial = [one.scope for one in permissions(asked)]


class Refusal(forms.Form):
    reason = forms.CharField(
        label=_("Reason, which the maker reads"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class Authorization(forms.Form):
    """What somebody lets an app do, and for which patient."""

    scopes = forms.MultipleChoiceField(
        label=_("It will be able to"), widget=forms.CheckboxSelectMultiple, required=False
    )
    patient = forms.TypedChoiceField(
        label=_("Whose record"), coerce=int, required=False, empty_value=None
    )

    def __init__(
        self, *args: Any, asked: Sequence[str], patients: Sequence[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.scope, one.label) for one in permissions(asked)]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]  # of a choice field
        self.fields["scopes"].initial = [scope for scope, _text in choices]
        if len(patients) > 1:
            self.fields["patient"].choices = patients  # type: ignore[attr-defined]  # as above
            self.fields["patient"].required = True
        else:
            del self.fields["patient"]


class Software(forms.Form):
    client = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
