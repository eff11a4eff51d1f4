"""By what entries are found, written by salus.directory.finding.listing from their tables alone (ADR 0035)."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, OrderBy

from salus.directory.models.history import Kind


class Listing(models.Model):
    """A professional or organisation that the public may find, once for each place where it is to be found."""

    kind = models.TextField(choices=Kind)
    entry = (
        models.BigIntegerField()
    )  # row id among its kind; of several that are the same, the root
    name_key = models.TextField()  # to sort by
    profession = models.TextField()  # at this place; '' of an organisation
    type = models.TextField()  # of the organisation
    languages = ArrayField(models.TextField())
    licences = ArrayField(models.TextField())  # countries
    out_since = models.DateField(null=True)
    out_until = models.DateField(null=True)
    role = models.BigIntegerField(null=True)
    organization = models.BigIntegerField(null=True)
    location = models.BigIntegerField(null=True)
    postal_code = models.TextField()  # as salus.country.gazetteer.postal_key writes it
    municipality_key = models.TextField()
    latitude = models.FloatField(null=True)  # of the location, or of its municipality
    longitude = models.FloatField(null=True)
    cell = models.IntegerField(null=True)  # of the grid over the earth
    new_patients = models.BooleanField(null=True)
    # Minutes since Monday 0:00, local time; the second excluded.
    opens = ArrayField(models.IntegerField())
    closes = ArrayField(models.IntegerField())

    class Meta:
        indexes = [
            models.Index(fields=["kind", "entry"]),
            models.Index(fields=["kind", "profession", "name_key", "entry"]),
            models.Index(fields=["kind", "type", "name_key", "entry"]),
            models.Index(
                OrderBy(F("kind"), descending=True),
                F("name_key"),
                F("entry"),
                name="listing_in_order",
            ),
            models.Index(fields=["cell", "profession"]),
            models.Index(fields=["postal_code"]),
            models.Index(fields=["municipality_key"]),
            GinIndex(fields=["languages"], name="listing_languages"),
        ]


class NameWord(models.Model):
    """A word of an entry's name, as names are compared."""

    pk = models.CompositePrimaryKey("word", "kind", "entry")
    word = models.TextField()
    kind = models.TextField(choices=Kind)
    entry = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["kind", "entry"])]


class WordKey(models.Model):
    """What is left of a word when letters are left out, and how it sounds: a mistyped word has one of them too."""

    pk = models.CompositePrimaryKey("key", "word")
    key = models.TextField()
    word = models.TextField()
