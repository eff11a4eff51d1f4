"""The archive of published months. Nothing in it is ever changed or deleted."""

from typing import Any

from django.db import models


class ArchivedEdition(models.Model):
    """A month as it was published. A correction is the next revision."""

    pk = models.CompositePrimaryKey("period", "revision")
    period = models.DateField()  # first day of the month
    revision = models.IntegerField()  # from 1
    published_at = models.DateTimeField()
    document: "models.JSONField[Any, Any]" = models.JSONField()  # salus.activity_report.publication
