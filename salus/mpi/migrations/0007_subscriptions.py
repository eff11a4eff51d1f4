"""Who is told of changes to people (ADR 0027)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0006_receipts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                            models.Q(("status", "error"), models.Q(("error", ""), _negated=True)),
                            models.Q(models.Q(("status", "error"), _negated=True), ("error", "")),
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
    ]
