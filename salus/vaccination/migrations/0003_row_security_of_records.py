"""Second wall: a row shows only when its person is in the transaction's person set (salus.kernel.rows)."""

from django.db import migrations

from salus.kernel.rows import person, row_security


class Migration(migrations.Migration):
    dependencies = [("vaccination", "0002_row_security")]

    operations = [row_security("vaccination_vaccinationrecord", shown=person("person_id"))]
