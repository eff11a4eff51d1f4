"""By what people are found whose names or birth dates were mistyped, and by which weights (ADR 0025)."""

import django.db.models.deletion
from django.db import migrations, models

from salus.kernel.rows import Scope, found_in, person, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0004_links"),
    ]

    operations = [
        migrations.CreateModel(
            name="NameKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "key",
                        "birth_date",
                        "person",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="mpi.person",
                    ),
                ),
                ("birth_date", models.DateField()),
                ("key", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="LearnedModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("learned_at", models.DateTimeField()),
                ("people", models.IntegerField()),
                ("weights", models.TextField()),
                ("figures", models.JSONField()),
            ],
        ),
        # Like the names of which it is made: whoever looks in the index finds the person by it.
        row_security(
            "mpi_namekey",
            shown=f"{person('person_id')} or {found_in(Scope.INDEX)}",
            written=person("person_id"),
        ),
    ]
