"""Second wall (salus.kernel.rows). An event shows to those whose data it names, one of several included. Of
nobody's data (a change of the directory) it can be written by all, and is shown to none.

Queried by its own name a partition is not under the policies of its parent, but then nobody has a right to
it (config/rights.sql): a later one is out of reach from the start.
"""

from django.db import migrations

from salus.kernel.rows import PERSONS, person, row_security


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_log")]

    operations = [
        row_security(
            "audit_event",
            # Not `persons @> ...` of a query, but this is what may use the index: it is not leakproof.
            shown=f"{person('person_id')} or persons && {PERSONS}",
            written=f"(person_id is null or {person('person_id')})"
            f" and (persons is null or persons <@ {PERSONS})",
        ),
    ]
