"""Second wall (salus.kernel.rows). A resource of FHIR is asked for by its own id: whose it is must be found out."""

from django.db import migrations

from salus.kernel.rows import Scope, found_in, person, row_security

TABLE = "vaccination_immunization"
PERSON = person("record_id")


class Migration(migrations.Migration):
    dependencies = [("vaccination", "0004_organization")]

    operations = [
        migrations.RunSQL(
            f"drop policy person_set on {TABLE}",
            [
                f"alter table {TABLE} enable row level security",
                f"alter table {TABLE} force row level security",
                f"create policy person_set on {TABLE} using ({PERSON})",
            ],
        ),
        row_security(TABLE, shown=f"{PERSON} or {found_in(Scope.RECORDS)}", written=PERSON),
    ]
