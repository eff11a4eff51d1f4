"""The kinds of entry that there were none of, and what those have that there were."""

from datetime import UTC, datetime

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # until the next step fills it

# Roles had no number of their own: they keep the one of their row.
NUMBERED = """
    update directory_practitionerrole set
        system = 'urn:salus:role', value = id::text, registered_at = since::timestamptz
"""

ENDS_LAST = models.Q(deregistered_at__isnull=True) | models.Q(
    deregistered_at__gte=models.F("registered_at")
)
# Model, and the name that its constraints begin with.
NEW = (
    ("practitionerrole", "role"),
    ("licence", "licence"),
    ("location", "location"),
    ("healthcareservice", "service"),
    ("endpoint", "endpoint"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0002_statements"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="changed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="email",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="organization",
            name="part_of",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="directory.organization",
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="same_as",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duplicates",
                to="directory.organization",
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="version",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="website",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="changed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="email",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="languages",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="out_since",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="out_until",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="same_as",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duplicates",
                to="directory.practitioner",
            ),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="status",
            field=models.TextField(
                choices=[
                    ("active", "Active"),
                    ("suspended", "Suspended"),
                    ("retired", "Retired"),
                    ("deceased", "Deceased"),
                    ("ended", "Ended"),
                ],
                db_default="active",
                default="active",
            ),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="telephone",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="version",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="changed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="deregistered_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="email",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="ends_on",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="hours",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="new_patients",
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="profession",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="registered_at",
            field=models.DateTimeField(default=EPOCH),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="successor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="predecessors",
                to="directory.practitionerrole",
            ),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="system",
            field=models.TextField(default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="telephone",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="value",
            field=models.TextField(default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="version",
            field=models.IntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.TextField()),
                ("value", models.TextField()),
                ("registered_at", models.DateTimeField()),
                ("deregistered_at", models.DateTimeField(null=True)),
                ("version", models.IntegerField(null=True)),
                ("changed_at", models.DateTimeField(null=True)),
                ("name", models.TextField(blank=True, db_default="", default="")),
                ("connection_type", models.TextField()),
                ("payload_type", models.TextField(blank=True, db_default="", default="")),
                ("address", models.TextField()),
                ("status", models.TextField(default="active")),
                ("checked_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(db_default=0, default=0)),
                ("fault", models.TextField(blank=True, db_default="", default="")),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="endpoints",
                        to="directory.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Licence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.TextField()),
                ("value", models.TextField()),
                ("registered_at", models.DateTimeField()),
                ("deregistered_at", models.DateTimeField(null=True)),
                ("version", models.IntegerField(null=True)),
                ("changed_at", models.DateTimeField(null=True)),
                ("profession", models.TextField()),
                ("country", models.CharField(max_length=2)),
                ("status", models.TextField(db_default="active", default="active")),
                (
                    "limits",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), db_default=[], default=list, size=None
                    ),
                ),
                ("since", models.DateField(null=True)),
                ("until", models.DateField(null=True)),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="licences",
                        to="directory.practitioner",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Location",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.TextField()),
                ("value", models.TextField()),
                ("registered_at", models.DateTimeField()),
                ("deregistered_at", models.DateTimeField(null=True)),
                ("version", models.IntegerField(null=True)),
                ("changed_at", models.DateTimeField(null=True)),
                ("country", models.CharField(blank=True, default="", max_length=2)),
                ("postal_code", models.TextField(blank=True, default="")),
                ("municipality", models.TextField(blank=True, default="")),
                ("line", models.TextField(blank=True, default="")),
                ("telephone", models.TextField(blank=True, default="")),
                ("name", models.TextField()),
                ("name_key", models.TextField()),
                ("latitude", models.FloatField(null=True)),
                ("longitude", models.FloatField(null=True)),
                ("hours", models.JSONField(db_default=[], default=list)),
                ("accessible", models.BooleanField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="locations",
                        to="directory.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HealthcareService",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.TextField()),
                ("value", models.TextField()),
                ("registered_at", models.DateTimeField()),
                ("deregistered_at", models.DateTimeField(null=True)),
                ("version", models.IntegerField(null=True)),
                ("changed_at", models.DateTimeField(null=True)),
                ("name", models.TextField()),
                ("name_key", models.TextField()),
                ("specialty", models.TextField(blank=True, db_default="", default="")),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), db_default=[], default=list, size=None
                    ),
                ),
                ("telephone", models.TextField(blank=True, db_default="", default="")),
                ("new_patients", models.BooleanField(null=True)),
                ("appointment", models.BooleanField(null=True)),
                ("hours", models.JSONField(db_default=[], default=list)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="services",
                        to="directory.organization",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="services",
                        to="directory.location",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="location",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="roles",
                to="directory.location",
            ),
        ),
        migrations.RunSQL(NUMBERED, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="location",
            index=models.Index(fields=["name_key"], name="directory_l_name_ke_b95ea5_idx"),
        ),
        migrations.AddIndex(
            model_name="location",
            index=models.Index(fields=["latitude"], name="directory_l_latitud_50de5f_idx"),
        ),
        migrations.AddIndex(
            model_name="healthcareservice",
            index=models.Index(fields=["name_key"], name="directory_h_name_ke_de0ec3_idx"),
        ),
        *(
            migrations.AddConstraint(model_name=model, constraint=constraint)
            for model, name in NEW
            for constraint in (
                models.UniqueConstraint(fields=("system", "value"), name=f"{name}_identifier"),
                models.CheckConstraint(condition=ENDS_LAST, name=f"{name}_ends_after_start"),
            )
        ),
    ]
