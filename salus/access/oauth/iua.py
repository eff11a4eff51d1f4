"""What software states of itself with its request, and what its token says of that (IHE IUA, ITI-71).

A client that signs an assertion states it in the assertion's ``extensions.ihe_iua``, others in form parameters of
the same names. The token says what the directory knows, never what the client wrote.

``person_id``, the patient whom the request is about, is taken and let fall: a token opens what its scopes and the
patient's consent open, whoever was named when it was asked for, and each request names its patient itself. So
an identifier of a patient reaches no token, no row and no log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Request
from authlib.oauth2.rfc6749 import InvalidRequestError, UnauthorizedClientError
from django.http import HttpRequest

from salus.access.models import ClientOrganization
from salus.accounts.models import Client
from salus.accounts.oauth.assertions import claims_of
from salus.directory.models import Organization, Practitioner
from salus.directory.queries import at_work
from salus.kernel.actor import PurposeOfUse
from salus.kernel.origin import fhir_base

ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Checked against the registration and the directory."""

    organization: int
    organization_type: str
    organization_name: str
    organization_identifier: str  # system|value
    practitioner: int | None = None
    practitioner_identifier: str = ""
    purpose: PurposeOfUse | None = None

    def claims(self, request: HttpRequest) -> dict[str, Any]:
        said: dict[str, Any] = {
            "subject_organization": self.organization_name,
            "subject_organization_id": self.organization_identifier,
        }
        if self.purpose:
            said["purpose_of_use"] = [{"system": ACT_REASON, "code": self.purpose.value}]
        if not self.practitioner:
            return {"extensions": {"ihe_iua": said}}
        said["national_provider_identifier"] = self.practitioner_identifier
        return {
            "extensions": {"ihe_iua": said},
            "fhirUser": f"{fhir_base(request)}/Practitioner/{self.practitioner}",
        }


def stated(request: DjangoOAuth2Request, client: Client, *, at: datetime) -> Statement:
    """Raises UnauthorizedClientError for what the client is not registered for, InvalidRequestError for nonsense."""
    said = _said(request)
    organization = _organization(client)
    named = _text(said, "subject_organization_id")
    if named and named not in _names(organization, request._request):
        raise UnauthorizedClientError("the client is not registered for this organisation")
    practitioner = _practitioner(
        _text(said, "national_provider_identifier"), organization, at.date()
    )
    return Statement(
        organization=organization.pk,
        organization_type=organization.type,
        organization_name=organization.name,
        organization_identifier=f"{organization.system}|{organization.value}",
        practitioner=practitioner.pk if practitioner else None,
        practitioner_identifier=f"{practitioner.system}|{practitioner.value}"
        if practitioner
        else "",
        purpose=_purpose(said, client),
    )


def _said(request: DjangoOAuth2Request) -> Mapping[str, Any]:
    assertion = claims_of(request)
    if not assertion:
        return dict(request.form.items())
    extensions = assertion.get("extensions", {})
    said = extensions.get("ihe_iua", {}) if isinstance(extensions, dict) else None
    if not isinstance(said, dict):
        raise InvalidRequestError("extensions.ihe_iua is an object of claims")
    return said


def _organization(client: Client) -> Organization:
    bound = (
        ClientOrganization.objects.filter(client=client, organization__deregistered_at=None)
        .select_related("organization")
        .first()
    )
    if bound is None:
        raise UnauthorizedClientError("the client's organisation is not registered today")
    return bound.organization


def _names(organization: Organization, request: HttpRequest) -> set[str]:
    relative = f"Organization/{organization.pk}"
    return {
        organization.value,
        f"{organization.system}|{organization.value}",
        relative,
        f"{fhir_base(request)}/{relative}",
    }


def _practitioner(identifier: str, organization: Organization, day: date) -> Practitioner | None:
    """May practise on the day, and works in the client's organisation."""
    if not identifier:
        return None
    system, parted, value = identifier.rpartition("|")
    named = at_work(organization.pk, day).filter(value=value)
    found = list((named.filter(system=system) if parted else named)[:2])
    if len(found) != 1:
        raise UnauthorizedClientError("no such professional works at the client's organisation")
    return found[0]


def _purpose(said: Mapping[str, Any], client: Client) -> PurposeOfUse | None:
    """As stated, else the only one that the client is registered for."""
    stated = said.get("purpose_of_use")
    if isinstance(stated, list) and len(stated) == 1:
        stated = stated[0]
    if isinstance(stated, dict):
        stated = f"{stated.get('system', '')}|{stated.get('code', '')}"
    if stated in (None, "", []):
        return PurposeOfUse(client.purposes[0]) if len(client.purposes) == 1 else None
    if not isinstance(stated, str):
        raise InvalidRequestError("purpose_of_use is one coded value")
    system, _, code = stated.rpartition("|")
    if system not in ("", ACT_REASON, f"urn:oid:{_ACT_REASON_OID}"):
        raise InvalidRequestError("purpose_of_use is a code of HL7 v3 ActReason")
    if code not in client.purposes:
        raise UnauthorizedClientError("the client is not registered for this purpose of use")
    return PurposeOfUse(code)


_ACT_REASON_OID = "2.16.840.1.113883.5.8"


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str) or "\0" in value:
        raise InvalidRequestError(f"{name} is a text")
    return value
