"""Indexes by which the stewards' history and the months that count are found."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mpi", "0007_subscriptions")]

    operations = [
        migrations.AddIndex(
            model_name="link",
            index=models.Index(fields=["made_at"], name="link_made"),
        ),
        migrations.AddIndex(
            model_name="link",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["ended_at"],
                name="link_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="pair",
            index=models.Index(
                condition=models.Q(("judged_at__isnull", False)),
                fields=["judged_at"],
                name="pair_judged",
            ),
        ),
    ]
