"""What came from the register, line by line, and what waits for its person."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from salus.kernel.rows import Scope, found_in, person, row_security

REGISTER = found_in(Scope.REGISTER)


class Migration(migrations.Migration):
    dependencies = [("eligibility", "0003_callers")]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.IntegerField()),
                (
                    "outcome",
                    models.TextField(
                        choices=[
                            ("applied", "Applied"),
                            ("late", "Late"),
                            ("repeated", "Repeated"),
                            ("waiting", "Waiting"),
                            ("refused", "Refused"),
                        ]
                    ),
                ),
                ("key", models.TextField(default="")),
                ("system", models.TextField(default="")),
                ("value", models.TextField(default="")),
                ("since", models.DateField(null=True)),
                ("until", models.DateField(null=True)),
                ("withdrawn", models.BooleanField(null=True)),
                ("sequence", models.BigIntegerField(null=True)),
                ("problem", models.TextField(default="")),
                ("text", models.TextField(default="")),
            ],
        ),
        migrations.CreateModel(
            name="WaitingPeriod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.TextField()),
                ("system", models.TextField()),
                ("value", models.TextField()),
                ("since", models.DateField()),
                ("until", models.DateField(null=True)),
                ("withdrawn", models.BooleanField()),
                ("sequence", models.BigIntegerField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="caller",
            name="caller_rights",
        ),
        migrations.AddField(
            model_name="delivery",
            name="counts",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="delivery",
            name="digest",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="delivery",
            name="file_name",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="delivery",
            name="held_for",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="delivery",
            name="sequence",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="caller",
            name="rights",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(
                    choices=[
                        ("affiliation", "Affiliation"),
                        ("historic", "Historic"),
                        ("prescribing", "Prescribing"),
                        ("batch", "Batch"),
                        ("look-up", "Look Up"),
                        ("proof", "Proof"),
                        ("register", "Register"),
                    ]
                ),
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="as_of",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("applied_at__isnull", False), ("kind", "full")),
                fields=["-sequence"],
                name="full_file_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="caller",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "rights__contained_by",
                        [
                            "affiliation",
                            "historic",
                            "prescribing",
                            "batch",
                            "look-up",
                            "proof",
                            "register",
                        ],
                    )
                ),
                name="caller_rights",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "full"), _negated=True),
                    ("sequence__isnull", False),
                    _connector="OR",
                ),
                name="delivery_full_has_sequence",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="delivery",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="eligibility.delivery",
            ),
        ),
        migrations.AddField(
            model_name="waitingperiod",
            name="delivery",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="eligibility.delivery",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["key"], name="notice_of_a_period"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome__in", ["applied", "late", "repeated", "waiting", "refused"])
                ),
                name="notice_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingperiod",
            constraint=models.UniqueConstraint(fields=("key",), name="waits_once"),
        ),
        # The register delivers periods of everybody at once, and no person's rows need be in view for that.
        migrations.RunSQL(
            "drop policy person_set on eligibility_affiliation",
            f"create policy person_set on eligibility_affiliation using ({person('person_id')})",
        ),
        migrations.RunSQL(
            f"create policy person_set on eligibility_affiliation using ({person('person_id')} or {REGISTER})",
            "drop policy person_set on eligibility_affiliation",
        ),
        row_security("eligibility_notice", shown=REGISTER),
        row_security("eligibility_waitingperiod", shown=REGISTER),
    ]
