"""The event of an account of the agency's staff."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0010_person_told")]

    # A value of an enum cannot be taken away again.
    operations = [
        migrations.RunSQL(
            "alter type audit_event_kind add value if not exists 'staff_changed'",
            migrations.RunSQL.noop,
        )
    ]
