"""What looks like misuse, and whose checks are looked at."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from salus.kernel.rows import person, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("eligibility", "0007_told_afterwards"),
        ("mpi", "0009_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="usage",
            name="negative",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "rule",
                    models.TextField(
                        choices=[
                            ("self", "Self"),
                            ("family", "Family"),
                            ("watched", "Watched"),
                            ("volume", "Volume"),
                            ("negative", "Negative"),
                            ("refused", "Refused"),
                            ("owed", "Owed"),
                        ]
                    ),
                ),
                ("day", models.DateField()),
                ("times", models.IntegerField()),
                (
                    "asked_at",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(), default=list, size=None
                    ),
                ),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("outcome", models.TextField(blank=True, default="")),
                (
                    "caller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="eligibility.caller"
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("caller", "day", "rule"), name="one_finding_of_a_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "rule__in",
                                [
                                    "self",
                                    "family",
                                    "watched",
                                    "volume",
                                    "negative",
                                    "refused",
                                    "owed",
                                ],
                            )
                        ),
                        name="finding_rule",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WatchedPerson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="mpi.person"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("person",),
                        name="one_watch_in_force",
                    )
                ],
            },
        ),
        row_security("eligibility_watchedperson", shown=person("person_id")),
    ]
