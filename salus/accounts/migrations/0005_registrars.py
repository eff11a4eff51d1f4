from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_stewards")]

    operations = [
        migrations.RemoveConstraint(model_name="account", name="account_kind"),
        migrations.AlterField(
            model_name="account",
            name="kind",
            field=models.TextField(
                choices=[
                    ("patient", "Patient"),
                    ("professional", "Professional"),
                    ("agency", "Agency"),
                    ("steward", "Steward"),
                    ("registrar", "Registrar"),
                ]
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["patient", "professional", "agency", "steward", "registrar"])
                ),
                name="account_kind",
            ),
        ),
    ]
