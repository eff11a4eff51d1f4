"""What the simulation has written: one nation, in blocks, so that an interrupted run goes on where it stopped."""

from django.db import models
from django.db.models import Q


class Nation(models.Model):
    """The parameters of the one synthetic nation of this installation."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    scale_denominator = models.IntegerField()  # 100 for scale 1/100
    until = models.DateField()  # first day of the last simulated month
    seed = models.BigIntegerField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="one_nation", condition=Q(id=1))]


class Block(models.Model):
    """A block of rows that is committed as a whole."""

    name = models.TextField(primary_key=True)  # for example documents/0007
    rows = models.BigIntegerField()


class SetAside(models.Model):
    """How to put back an index or a constraint that was taken away for the load."""

    step = models.SmallIntegerField()
    table = models.TextField()
    statement = models.TextField()
