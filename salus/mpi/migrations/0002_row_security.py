"""Second wall (salus.kernel.rows). Who is searched for is not known yet: the index shows people and their
identifiers to those who look in it, and nobody's address."""

from django.db import migrations

from salus.kernel.rows import Scope, found_in, person, row_security

INDEX = found_in(Scope.INDEX)


class Migration(migrations.Migration):
    dependencies = [("mpi", "0001_tables")]

    operations = [
        row_security("mpi_person", shown=f"{person('id')} or {INDEX}", written=person("id")),
        row_security(
            "mpi_personidentifier",
            shown=f"{person('person_id')} or {INDEX}",
            written=person("person_id"),
        ),
        row_security("mpi_residence", shown=person("person_id")),
    ]
