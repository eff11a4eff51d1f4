"""Subscriptions were the patient index's alone: the table comes here, with all that was asked for (ADR 0041)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_registrars"),
        ("mpi", "0009_history"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Subscription",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("client", models.BigIntegerField()),
                        ("organization", models.BigIntegerField()),
                        ("organization_type", models.TextField()),
                        (
                            "purpose",
                            models.TextField(
                                choices=[
                                    ("TREAT", "TREATMENT"),
                                    ("ETREAT", "EMERGENCY"),
                                    ("COVERAGE", "COVERAGE"),
                                    ("HOPERAT", "OPERATIONS"),
                                    ("PATRQT", "PATIENT_REQUEST"),
                                    ("PUBHLTH", "PUBLIC_HEALTH"),
                                ]
                            ),
                        ),
                        (
                            "status",
                            models.TextField(
                                choices=[("active", "Active"), ("error", "Error"), ("off", "Off")]
                            ),
                        ),
                        ("sealed", models.BinaryField()),
                        ("error", models.TextField(blank=True, default="")),
                        ("version", models.IntegerField(default=1)),
                        ("made_at", models.DateTimeField()),
                        ("changed_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(null=True)),
                        ("deleted_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("status", "active")),
                                fields=["id"],
                                name="subscription_in_force",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("status__in", ["active", "error", "off"])),
                                name="subscription_status",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("status", "error"), models.Q(("error", ""), _negated=True)
                                    ),
                                    models.Q(
                                        models.Q(("status", "error"), _negated=True), ("error", "")
                                    ),
                                    _connector="OR",
                                ),
                                name="subscription_says_its_error",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("deleted_at__isnull", True), ("status", "off"), _connector="OR"
                                ),
                                name="subscription_deleted_is_off",
                            ),
                        ],
                    },
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    """
                    alter table mpi_subscription rename to accounts_subscription;
                    alter sequence mpi_subscription_id_seq rename to accounts_subscription_id_seq;
                    alter index mpi_subscription_pkey rename to accounts_subscription_pkey;
                    """
                )
            ],
        ),
        migrations.AddField(
            model_name="subscription",
            name="type",
            field=models.TextField(default="Patient"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="subscription",
            name="position",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="client",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.client",
            ),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="purpose",
            field=models.TextField(
                blank=True,
                choices=[
                    ("TREAT", "TREATMENT"),
                    ("ETREAT", "EMERGENCY"),
                    ("COVERAGE", "COVERAGE"),
                    ("HOPERAT", "OPERATIONS"),
                    ("PATRQT", "PATIENT_REQUEST"),
                    ("PUBHLTH", "PUBLIC_HEALTH"),
                ],
                default="",
            ),
        ),
        migrations.RemoveIndex(model_name="subscription", name="subscription_in_force"),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("status", "active")),
                fields=["type"],
                name="subscription_told",
            ),
        ),
    ]
