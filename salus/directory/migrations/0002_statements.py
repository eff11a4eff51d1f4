"""What is said of entries, by whom, in which change set (ADR 0032)."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangeSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "how",
                    models.TextField(
                        choices=[
                            ("file", "File"),
                            ("feed", "Feed"),
                            ("correction", "Correction"),
                            ("confirmation", "Confirmation"),
                            ("authority", "Authority"),
                        ]
                    ),
                ),
                ("complete", models.BooleanField(default=False)),
                ("file_name", models.TextField(blank=True, default="")),
                ("digest", models.TextField(blank=True, default="")),
                ("account_id", models.BigIntegerField(null=True)),
                ("client_id", models.BigIntegerField(null=True)),
                ("received_at", models.DateTimeField()),
                ("applied_at", models.DateTimeField(null=True)),
                ("declined_at", models.DateTimeField(null=True)),
                ("rolled_back_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(unique=True)),
                ("title", models.TextField()),
                ("system", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("Practitioner", "Practitioner"),
                            ("Licence", "Licence"),
                            ("Organization", "Organization"),
                            ("Location", "Location"),
                            ("PractitionerRole", "Role"),
                            ("HealthcareService", "Service"),
                            ("Endpoint", "Endpoint"),
                        ]
                    ),
                ),
                ("entry", models.BigIntegerField()),
                ("said", models.JSONField(default=dict)),
                (
                    "again",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("since", models.DateField(null=True)),
                ("until", models.DateField(null=True)),
                ("known_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ChangeLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("Practitioner", "Practitioner"),
                            ("Licence", "Licence"),
                            ("Organization", "Organization"),
                            ("Location", "Location"),
                            ("PractitionerRole", "Role"),
                            ("HealthcareService", "Service"),
                            ("Endpoint", "Endpoint"),
                        ]
                    ),
                ),
                ("system", models.TextField(blank=True, default="")),
                ("value", models.TextField(blank=True, default="")),
                ("said", models.JSONField()),
                ("since", models.DateField(null=True)),
                ("until", models.DateField(null=True)),
                (
                    "outcome",
                    models.TextField(
                        choices=[
                            ("new", "New"),
                            ("changed", "Changed"),
                            ("same", "Same"),
                            ("ended", "Ended"),
                            ("refused", "Refused"),
                        ]
                    ),
                ),
                ("differences", models.JSONField(default=dict)),
                ("problem", models.TextField(blank=True, default="")),
                ("entry", models.BigIntegerField(null=True)),
                (
                    "change_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="directory.changeset",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="changeset",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="change_sets",
                to="directory.source",
            ),
        ),
        migrations.AddField(
            model_name="statement",
            name="change_set",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="statements",
                to="directory.changeset",
            ),
        ),
        migrations.AddConstraint(
            model_name="changeline",
            constraint=models.UniqueConstraint(
                fields=("change_set", "number"), name="number_of_a_line_in_a_change_set"
            ),
        ),
        migrations.AddIndex(
            model_name="changeset",
            index=models.Index(
                condition=models.Q(("applied_at__isnull", True), ("declined_at__isnull", True)),
                fields=["received_at"],
                name="change_set_that_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="changeset",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("applied_at__isnull", True), ("declined_at__isnull", True), _connector="OR"
                ),
                name="change_set_is_decided_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="changeset",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rolled_back_at__isnull", True),
                    ("rolled_back_at__gte", models.F("applied_at")),
                    _connector="OR",
                ),
                name="change_set_is_applied_before_it_is_rolled_back",
            ),
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(
                fields=["kind", "entry", "known_at"], name="directory_s_kind_a8ed57_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(
                condition=models.Q(("since__isnull", False)),
                fields=["since"],
                name="statement_begins",
            ),
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(
                condition=models.Q(("until__isnull", False)),
                fields=["until"],
                name="statement_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("since__isnull", True),
                    ("until__isnull", True),
                    ("until__gt", models.F("since")),
                    _connector="OR",
                ),
                name="statement_ends_after_start",
            ),
        ),
    ]
