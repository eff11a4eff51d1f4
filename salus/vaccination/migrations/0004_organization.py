import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_tables"),
        ("vaccination", "0003_row_security_of_records"),
    ]

    operations = [
        migrations.AddField(
            "immunization",
            "organization",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="directory.organization",
            ),
        ),
    ]
