from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("simulation", "0001_tables")]

    operations = [
        migrations.CreateModel(
            name="SetAside",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.SmallIntegerField()),
                ("table", models.TextField()),
                ("statement", models.TextField()),
            ],
        ),
    ]
