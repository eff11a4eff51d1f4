"""What is said of entries, and the kinds of entry that there were none of (ADR 0032)."""

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
        migrations.AddConstraint(
            model_name="practitionerrole",
            constraint=models.UniqueConstraint(fields=("system", "value"), name="role_identifier"),
        ),
        migrations.AddConstraint(
            model_name="practitionerrole",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deregistered_at__isnull", True),
                    ("deregistered_at__gte", models.F("registered_at")),
                    _connector="OR",
                ),
                name="role_ends_after_start",
            ),
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
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.UniqueConstraint(
                fields=("system", "value"), name="endpoint_identifier"
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deregistered_at__isnull", True),
                    ("deregistered_at__gte", models.F("registered_at")),
                    _connector="OR",
                ),
                name="endpoint_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="licence",
            constraint=models.UniqueConstraint(
                fields=("system", "value"), name="licence_identifier"
            ),
        ),
        migrations.AddConstraint(
            model_name="licence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deregistered_at__isnull", True),
                    ("deregistered_at__gte", models.F("registered_at")),
                    _connector="OR",
                ),
                name="licence_ends_after_start",
            ),
        ),
        migrations.AddIndex(
            model_name="location",
            index=models.Index(fields=["name_key"], name="directory_l_name_ke_b95ea5_idx"),
        ),
        migrations.AddIndex(
            model_name="location",
            index=models.Index(fields=["latitude"], name="directory_l_latitud_50de5f_idx"),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.UniqueConstraint(
                fields=("system", "value"), name="location_identifier"
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deregistered_at__isnull", True),
                    ("deregistered_at__gte", models.F("registered_at")),
                    _connector="OR",
                ),
                name="location_ends_after_start",
            ),
        ),
        migrations.AddIndex(
            model_name="healthcareservice",
            index=models.Index(fields=["name_key"], name="directory_h_name_ke_de0ec3_idx"),
        ),
        migrations.AddConstraint(
            model_name="healthcareservice",
            constraint=models.UniqueConstraint(
                fields=("system", "value"), name="service_identifier"
            ),
        ),
        migrations.AddConstraint(
            model_name="healthcareservice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deregistered_at__isnull", True),
                    ("deregistered_at__gte", models.F("registered_at")),
                    _connector="OR",
                ),
                name="service_ends_after_start",
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
