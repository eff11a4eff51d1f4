"""Who may ask and how often, what came from the register, answers kept for retries; periods are named by their register."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_registrars"),
        ("directory", "0008_corrections"),
        ("eligibility", "0002_row_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="Caller",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "rights",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(
                            choices=[
                                ("affiliation", "Affiliation"),
                                ("historic", "Historic"),
                                ("prescribing", "Prescribing"),
                                ("batch", "Batch"),
                                ("look-up", "Look Up"),
                                ("proof", "Proof"),
                            ]
                        ),
                        size=None,
                    ),
                ),
                ("per_minute", models.IntegerField()),
                ("per_day", models.IntegerField()),
                ("since", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
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
                        choices=[("full", "Full"), ("delta", "Delta"), ("queue", "Queue")]
                    ),
                ),
                ("as_of", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("applied_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("key", models.UUIDField(primary_key=True, serialize=False)),
                ("question", models.BinaryField()),
                ("answer", models.JSONField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Usage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "caller",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "caller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="eligibility.caller"
                    ),
                ),
                ("day", models.DateField()),
                ("asked", models.IntegerField()),
                ("minute", models.DateTimeField()),
                ("asked_in_minute", models.IntegerField()),
                ("repeated", models.IntegerField(db_default=0, default=0)),
                ("refused", models.IntegerField(db_default=0, default=0)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="affiliation",
            name="one_current_affiliation",
        ),
        migrations.AddField(
            model_name="affiliation",
            name="key",
            field=models.TextField(default=""),
            preserve_default=False,
        ),
        # Not by an update, which would see no rows under their policy.
        migrations.RunSQL(
            "alter table eligibility_affiliation alter column key type text using id::text",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="affiliation",
            constraint=models.UniqueConstraint(fields=["key"], name="affiliation_of_a_key"),
        ),
        migrations.AddField(
            model_name="affiliation",
            name="sequence",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="affiliation",
            name="withdrawn",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="caller",
            name="client",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="accounts.client"
            ),
        ),
        migrations.AddField(
            model_name="caller",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="directory.organization"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["-as_of"], name="eligibility_heard"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["full", "delta", "queue"])), name="delivery_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="caller",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("organization", "client"),
                name="one_caller_in_force",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="caller",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "rights__contained_by",
                        ["affiliation", "historic", "prescribing", "batch", "look-up", "proof"],
                    )
                ),
                name="caller_rights",
            ),
        ),
        migrations.AddConstraint(
            model_name="caller",
            constraint=models.CheckConstraint(
                condition=models.Q(("per_minute__gt", 0), ("per_day__gte", models.F("per_minute"))),
                name="caller_quota",
            ),
        ),
        migrations.AddConstraint(
            model_name="caller",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True),
                    ("ended_at__gte", models.F("since")),
                    _connector="OR",
                ),
                name="caller_ends_after_start",
            ),
        ),
    ]
