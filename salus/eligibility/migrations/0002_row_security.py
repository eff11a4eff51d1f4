"""Second wall: a row shows only when its person is in the transaction's person set (salus.kernel.rows)."""

from django.db import migrations

from salus.kernel.rows import person, row_security


class Migration(migrations.Migration):
    dependencies = [("eligibility", "0001_tables")]

    operations = [row_security("eligibility_affiliation", shown=person("person_id"))]
