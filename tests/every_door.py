"""Software that asks about insurance at every door: one caller, with one token."""

from dataclasses import dataclass

from salus.eligibility.models import Caller
from salus.kernel.actor import Actor, Assurance, PurposeOfUse, Role
from salus.kernel.scopes import read_scopes
from tests import eligibility, fhir_eligibility
from tests.fhir_client import Fhir


@dataclass(frozen=True, kw_only=True)
class Software:
    """With all rights, and a quota that no test uses up."""

    fhir: Fhir
    actor: Actor

    @classmethod
    def new(cls) -> "Software":
        fhir, organization = fhir_eligibility.caller()
        caller = Caller.objects.get(organization=organization)
        Caller.objects.filter(pk=caller.pk).update(per_minute=10**6, per_day=10**6)
        return cls(
            fhir=fhir,
            actor=Actor(
                role=Role.SOFTWARE,
                client=caller.client_id,
                organization=organization,
                organization_type="pharmacy",
                purpose=PurposeOfUse.COVERAGE,
                scopes=read_scopes([eligibility.SCOPE]),
                assurance=Assurance.LOW,
            ),
        )

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.fhir.token}"}
