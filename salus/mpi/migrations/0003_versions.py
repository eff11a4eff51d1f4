"""What the index said of people before they were changed, and the names by which they are still found."""

import django.db.models.deletion
from django.db import migrations, models

from salus.kernel.rows import Scope, found_in, person, row_security


class Migration(migrations.Migration):
    dependencies = [("mpi", "0002_row_security")]

    operations = [
        migrations.AddField("person", "version", models.IntegerField(null=True)),
        migrations.AddField("person", "changed_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "person",
            models.CheckConstraint(
                condition=models.Q(("changed_at__isnull", True), ("version__isnull", True))
                | models.Q(("changed_at__isnull", False), ("version__gt", 0)),
                name="person_changed_has_version",
            ),
        ),
        migrations.CreateModel(
            name="PersonVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.IntegerField()),
                ("resource", models.JSONField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="mpi.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "version"), name="version_of_a_person"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FormerName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("family", models.TextField()),
                ("given", models.TextField()),
                ("family_key", models.TextField()),
                ("given_key", models.TextField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_names",
                        to="mpi.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["family_key", "given_key"], name="mpi_formern_family__d04464_idx"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "family", "given"), name="former_name_of_a_person"
                    )
                ],
            },
        ),
        row_security("mpi_personversion", shown=person("person_id")),
        # Like the name in force: whoever looks in the index finds the person by it.
        row_security(
            "mpi_formername",
            shown=f"{person('person_id')} or {found_in(Scope.INDEX)}",
            written=person("person_id"),
        ),
    ]
