"""What is owed after a look-up by name, and what was told of proofs."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("eligibility", "0006_administrators"),
    ]

    operations = [
        migrations.CreateModel(
            name="LookUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("whom", models.BinaryField()),
                ("mission", models.TextField()),
                ("at", models.DateTimeField()),
                ("checked_at", models.DateTimeField(null=True)),
                (
                    "caller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="eligibility.caller"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("checked_at__isnull", True)),
                        fields=["caller", "whom"],
                        name="look_up_owed",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProofUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("proof", models.UUIDField()),
                ("used_at", models.DateTimeField()),
                ("told_at", models.DateTimeField()),
                (
                    "outcome",
                    models.TextField(
                        choices=[
                            ("confirmed", "Confirmed"),
                            ("differs", "Differs"),
                            ("pending", "Pending"),
                        ]
                    ),
                ),
                (
                    "caller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="eligibility.caller"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("caller", "proof", "used_at"), name="use_of_a_proof_told_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["confirmed", "differs", "pending"])),
                        name="proof_use_outcome",
                    ),
                ],
            },
        ),
    ]
