"""The archive of counted months. Nothing in it is ever changed or deleted."""

from typing import Any

from django.db import models


class ArchivedEdition(models.Model):
    """A month as it was counted. A recount that differs is the next revision."""

    pk = models.CompositePrimaryKey("period", "revision")
    period = models.DateField()  # first day of the month
    revision = models.IntegerField()  # from 1
    counted_at = models.DateTimeField()
    body: "models.JSONField[Any, Any]" = models.JSONField()  # salus.activity_report.edition.Edition
