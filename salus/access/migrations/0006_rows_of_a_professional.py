"""A declaration shows to the declared professional by whichever of the rows that several registers have of them."""

from django.db import migrations

from salus.kernel.rows import person, practitioner


class Migration(migrations.Migration):
    dependencies = [("access", "0005_identifier_domains")]

    operations = [
        migrations.RunSQL(
            "alter policy person_shown on access_trustedprofessional"
            f" using ({person('person_id')} or {practitioner('practitioner_id')})",
            migrations.RunSQL.noop,
        )
    ]
