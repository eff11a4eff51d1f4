"""The check of an endpoint notes until when its certificate holds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0004_what_registers_say")]

    operations = [
        migrations.AddField(
            model_name="endpoint",
            name="certificate_until",
            field=models.DateTimeField(null=True),
        ),
    ]
