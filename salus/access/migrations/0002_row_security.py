"""Second wall (salus.kernel.rows). A binding shows to its own account, a declaration to the declared
professional too; assistance is of two people, either of whom sees it, and written with both in view."""

from django.db import migrations

from salus.kernel.rows import account, person, practitioner, row_security


class Migration(migrations.Migration):
    dependencies = [("access", "0001_tables")]

    operations = [
        row_security(
            "access_accountperson",
            shown=f"{person('person_id')} or {account('account_id')}",
            written=person("person_id"),
        ),
        row_security(
            "access_trustedprofessional",
            shown=f"{person('person_id')} or {practitioner('practitioner_id')}",
            written=person("person_id"),
        ),
        row_security(
            "access_assistant",
            shown=f"{person('person_id')} or {person('assistant_id')}",
            written=f"{person('person_id')} and {person('assistant_id')}",
        ),
    ]
