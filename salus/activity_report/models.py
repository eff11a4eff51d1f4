"""The archive of published months, of which nothing is ever changed or deleted, and the roll-ups of closed ones."""

from typing import Any

from django.db import models


class ArchivedEdition(models.Model):
    """A month as it was published. A correction is the next revision."""

    pk = models.CompositePrimaryKey("period", "revision")
    period = models.DateField()  # first day of the month
    revision = models.IntegerField()  # from 1
    published_at = models.DateTimeField()
    document: "models.JSONField[Any, Any]" = models.JSONField()  # salus.activity_report.publication


class RollUp(models.Model):
    """What was counted of a closed month when a report was last published (salus.activity_report.rollup)."""

    pk = models.CompositePrimaryKey("period", "counted")
    period = models.DateField()  # first day of the month
    counted = (
        models.TextField()
    )  # an indicator's id, or the name of a tally whose rows may be pruned
    rows: "models.JSONField[Any, Any]" = models.JSONField()  # [[day, code or "", number], ...]
