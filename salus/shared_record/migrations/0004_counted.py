from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("shared_record", "0003_row_security_of_records")]

    operations = [
        migrations.AddIndex("document", models.Index(fields=["filed_at"], name="document_filed")),
        migrations.AddIndex(
            "document",
            models.Index(
                fields=["ended_at", "filed_at"],
                condition=Q(ended_at__isnull=False),
                name="document_ended",
            ),
        ),
    ]
