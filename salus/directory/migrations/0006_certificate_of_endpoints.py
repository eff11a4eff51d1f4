"""The check of an endpoint notes until when its certificate holds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0005_what_changed_when")]

    operations = [
        migrations.AddField(
            model_name="endpoint",
            name="certificate_until",
            field=models.DateTimeField(null=True),
        ),
    ]
