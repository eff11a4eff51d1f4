"""Registers may know of several works at one place, and one line of a file may tell of several entries (ADR 0033)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0003_what_was_said_before")]

    operations = [
        migrations.RemoveConstraint("changeline", "number_of_a_line_in_a_change_set"),
        migrations.RemoveConstraint("practitionerrole", "one_current_role_per_place"),
        migrations.AddIndex(
            "practitionerrole",
            models.Index(
                condition=models.Q(("until__isnull", True)),
                fields=["practitioner", "organization"],
                name="current_roles_at_a_place",
            ),
        ),
    ]
