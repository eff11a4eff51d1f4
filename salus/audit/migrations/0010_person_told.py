"""The event of what the patient index sends to subscribers."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0009_kinds_of_the_index")]

    # A value of an enum cannot be taken away again.
    operations = [
        migrations.RunSQL(
            "alter type audit_event_kind add value if not exists 'person_told'",
            migrations.RunSQL.noop,
        )
    ]
