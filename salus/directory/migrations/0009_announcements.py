"""What changed, until all have heard who subscribed to it (ADR 0041)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0008_corrections"),
    ]

    operations = [
        migrations.CreateModel(
            name="Announcement",
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
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "id"], name="announcement_of_kind")],
            },
        ),
    ]
