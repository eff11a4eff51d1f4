from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activity_report", "0002_publication")]

    operations = [
        migrations.CreateModel(
            name="RollUp",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "period",
                        "counted",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("period", models.DateField()),
                ("counted", models.TextField()),
                ("rows", models.JSONField()),
            ],
        ),
    ]
