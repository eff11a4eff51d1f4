"""The vaccination record (CVE): one per person, acts in it, consent to transfer (FHIR R4 Immunization)."""

from django.db import models
from django.db.models import F, Q

from salus.directory.models import Organization, Practitioner
from salus.mpi.models import Person


class ActType(models.TextChoices):
    PERFORMED = "performed"  # given and recorded by the vaccinator
    HISTORICAL = "historical"  # copied from a card or certificate
    MSVAC = "msvac"  # COVID-19 dose imported from the national campaign system


class VaccinationRecord(models.Model):
    person = models.OneToOneField(Person, models.PROTECT, primary_key=True)
    opened_at = models.DateTimeField()


class Immunization(models.Model):
    """One act. A dose may be old; ``recorded_at`` says when it entered the record."""

    record = models.ForeignKey(VaccinationRecord, models.PROTECT)
    act_type = models.TextField(choices=ActType)
    vaccine_system = models.TextField()  # URI of the code system
    vaccine_code = models.TextField()
    vaccine_display = models.TextField()
    occurred_on = models.DateField()
    recorded_at = models.DateTimeField()
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, null=True, db_index=False)
    # Whose software recorded it; null: nobody's, but on our pages or by the agency.
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, db_index=False)
    lot_number = models.TextField(blank=True, default="")
    dose_number = models.SmallIntegerField(null=True)
    identifier = models.TextField(null=True)  # the sender's id: the same is not recorded twice
    entered_in_error_at = models.DateTimeField(null=True)
    patient: int  # as whom the index knows the person now; no column, the queries say it

    class Meta:
        constraints = [
            models.CheckConstraint(name="act_type", condition=Q(act_type__in=ActType.values)),
            models.UniqueConstraint(
                fields=["identifier"],
                condition=Q(identifier__isnull=False),
                name="immunization_recorded_once",
            ),
        ]


class TransferConsent(models.Model):
    """The person's consent to automatic transfer of vaccinations into the shared record."""

    record = models.ForeignKey(VaccinationRecord, models.CASCADE)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_consent_in_force",
            ),
            models.CheckConstraint(
                name="consent_ends_after_start",
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")),
            ),
        ]
