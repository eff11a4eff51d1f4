"""The patient index: who a person is, by which identifiers, living where since when (FHIR R4 Patient).

Every record that a sender keeps of somebody is a row of Person, an identity; Link says which identities are one human
being. Rows are never moved from one to another, so that each link can be undone (ADR 0023).
"""

from django.db import models
from django.db.models import F, Q


class AdministrativeGender(models.TextChoices):
    """http://hl7.org/fhir/administrative-gender"""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


class Person(models.Model):
    """One human being as the national register, or another sender, knows them."""

    family = models.TextField()
    given = models.TextField()
    birth_family = models.TextField(blank=True, default="")  # name before marriage
    birth_date = models.DateField()
    gender = models.TextField(choices=AdministrativeGender)
    multiple_birth = models.SmallIntegerField(null=True)  # order among twins
    household = models.BigIntegerField(null=True)
    deceased_on = models.DateField(null=True)
    registered_at = models.DateTimeField()
    # Search keys are computed by us on write (salus.mpi.rules.search_key): the database has no ICU.
    family_key = models.TextField()
    given_key = models.TextField()
    received = models.JSONField(
        null=True
    )  # the Patient resource as another system sent it, the newest
    # Null: as registered, which is version 1. Nulls cost nothing here (ADR 0021).
    version = models.IntegerField(null=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="person_gender", condition=Q(gender__in=AdministrativeGender.values)
            ),
            models.CheckConstraint(
                name="person_dies_after_birth",
                condition=Q(deceased_on__isnull=True) | Q(deceased_on__gte=F("birth_date")),
            ),
            models.CheckConstraint(
                name="person_changed_has_version",
                condition=Q(version__isnull=True, changed_at__isnull=True)
                | Q(version__gt=0, changed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["family_key", "given_key"]),  # search by name, prefix by range
            models.Index(fields=["birth_date", "family_key"]),  # search by birth date
        ]

    @property
    def full_name(self) -> str:
        return f"{self.given} {self.family}"


class PersonVersion(models.Model):
    """What the index said of a person before it was changed: a Patient, as it was shown."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="versions")
    version = models.IntegerField()
    resource = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "version"], name="version_of_a_person")
        ]


class FormerName(models.Model):
    """A name that a person had in the index, by which she is still found."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="former_names")
    family = models.TextField()
    given = models.TextField()
    family_key = models.TextField()
    given_key = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "family", "given"], name="former_name_of_a_person"
            )
        ]
        indexes = [models.Index(fields=["family_key", "given_key"])]


class NameKey(models.Model):
    """By what a person is found although names or birth date were mistyped (ADR 0025): how a given name and a family
    name sound, in the order of the alphabet, and the birth date. What once was a name or date of theirs stays.
    """

    pk = models.CompositePrimaryKey("key", "birth_date", "person")
    person = models.ForeignKey(
        Person,
        models.CASCADE,
        related_name="+",
        db_index=False,  # nobody asks for a person's keys
    )
    birth_date = models.DateField()
    key = models.TextField()  # salus.mpi.keys.name_keys, computed by us on write


class PersonIdentifier(models.Model):
    """A business identifier: the matricule, or what another system calls this person."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="identifiers")
    system = models.TextField()  # URI of the assigning authority
    value = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "value"], name="identifier_is_of_one_person"),
        ]


class Residence(models.Model):
    """Where a person lived from ``since`` until before ``until`` (open: still does)."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="residences")
    country = models.CharField(max_length=2)  # ISO 3166-1 alpha-2
    postal_code = models.TextField(blank=True, default="")
    municipality = models.TextField(blank=True, default="")
    line = models.TextField(blank=True, default="")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(until__isnull=True), name="one_current_residence"
            ),
            models.CheckConstraint(
                name="residence_ends_after_start",
                condition=Q(until__isnull=True) | Q(until__gt=F("since")),
            ),
        ]


class Link(models.Model):
    """That this identity is the same human being as the target. In force until ``ended_at``; never deleted.

    Links in force form trees: the root of one is the number under which its human being is known everywhere.
    """

    class MadeBy(models.TextChoices):
        MATCHER = "matcher"
        SENDER = "sender"  # of both records (HL7 v2 ADT^A40, IHE PMIR)
        STEWARDS = "stewards"  # two of them: see Pair

    person = models.ForeignKey(Person, models.PROTECT, related_name="links")
    target = models.ForeignKey(Person, models.PROTECT, related_name="linked")
    made_by = models.TextField(choices=MadeBy)
    made_at = models.DateTimeField()
    weight = models.FloatField(null=True)  # bits, with the prior; null where nobody compared
    explanation = models.JSONField(null=True)  # field by field: levels and weights, no values
    # Of stewards, where something spoke against it.
    reason = models.TextField(blank=True, default="", db_default="")
    previous = models.ForeignKey("self", models.PROTECT, null=True)  # comes back when this ends
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_at__isnull=True), name="one_link_leads_away"
            ),
            models.CheckConstraint(name="link_to_another", condition=~Q(person=F("target"))),
            models.CheckConstraint(
                name="link_made_by", condition=Q(made_by__in=["matcher", "sender", "stewards"])
            ),
            models.CheckConstraint(
                name="link_ends_after_start",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("made_at")),
            ),
            models.CheckConstraint(
                name="matcher_explains",
                condition=~Q(made_by="matcher")
                | Q(weight__isnull=False, explanation__isnull=False),
            ),
        ]
        indexes = [  # the history, and the months that count
            models.Index(fields=["made_at"], name="link_made"),
            models.Index(
                fields=["ended_at"], condition=Q(ended_at__isnull=False), name="link_ended"
            ),
        ]


class Pair(models.Model):
    """Two identities that may be one human being: for stewards to judge.

    To say "same" takes two of them, the second by confirming (``link``); "different" is remembered for ever.
    """

    class Judgement(models.TextChoices):
        SAME = "same"
        DIFFERENT = "different"
        UNSURE = "unsure"

    one = models.ForeignKey(Person, models.PROTECT, related_name="pairs")
    other = models.ForeignKey(Person, models.PROTECT, related_name="+")
    found_at = models.DateTimeField()
    weight = models.FloatField(null=True)  # as of Link; null: a steward's own find
    explanation = models.JSONField(null=True)
    judgement = models.TextField(choices=Judgement, null=True)
    judged_by = models.BigIntegerField(null=True)  # account
    judged_at = models.DateTimeField(null=True)
    confirmed_by = models.BigIntegerField(null=True)  # account
    link = models.OneToOneField(Link, models.PROTECT, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="pair_is_judged_once"),
            models.CheckConstraint(name="pair_in_order", condition=Q(one__lt=F("other"))),
            models.CheckConstraint(
                name="pair_judged_by_somebody",
                condition=Q(judgement__isnull=True, judged_by__isnull=True, judged_at__isnull=True)
                | Q(
                    judgement__in=["same", "different", "unsure"],
                    judged_by__isnull=False,
                    judged_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="pair_confirmed_by_another",
                condition=Q(confirmed_by__isnull=True, link__isnull=True)
                | Q(judgement="same", link__isnull=False, confirmed_by__isnull=False)
                & ~Q(confirmed_by=F("judged_by")),
            ),
        ]
        indexes = [
            models.Index(  # the queue
                fields=["found_at"],
                condition=Q(link__isnull=True) & ~Q(judgement="different"),
                name="pair_open",
            ),
            models.Index(
                fields=["judged_at"], condition=Q(judged_at__isnull=False), name="pair_judged"
            ),
        ]


class Receipt(models.Model):
    """That a receiver of what the index tells has heard of a link, or of its end, and acted; null: not yet."""

    link = models.ForeignKey(Link, models.PROTECT, related_name="receipts")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")  # the link's
    ended = models.BooleanField()  # of its end
    receiver = models.TextField()  # a subscriber, or a system that is told by one
    since = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["link", "ended", "receiver"], name="receipt_of_a_receiver"
            ),
            models.CheckConstraint(
                name="receipt_confirmed_after_it",
                condition=Q(confirmed_at__isnull=True) | Q(confirmed_at__gte=F("since")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["since"], condition=Q(confirmed_at__isnull=True), name="receipt_open"
            )
        ]


class LearnedModel(models.Model):
    """Weights of matching that were learned from the people of this index; the newest is in force."""

    learned_at = models.DateTimeField()
    people = models.IntegerField()  # from whom
    weights = models.TextField()  # salus.mpi.matching.model.Model, JSON
    figures = models.JSONField()  # how it came out: for whoever has to trust it
