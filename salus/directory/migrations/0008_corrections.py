"""What a professional said of the own entry is found by the account."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("directory", "0007_finding")]

    operations = [
        migrations.AddIndex(
            model_name="changeset",
            index=models.Index(
                fields=["account_id", "received_at"],
                name="change_set_of_account",
                condition=Q(account_id__isnull=False),
            ),
        )
    ]
