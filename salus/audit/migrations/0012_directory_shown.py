"""The event of a registrar who sees what is not public of a professional."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0011_staff")]

    # A value of an enum cannot be taken away again.
    operations = [
        migrations.RunSQL(
            "alter type audit_event_kind add value if not exists 'directory_shown'",
            migrations.RunSQL.noop,
        )
    ]
