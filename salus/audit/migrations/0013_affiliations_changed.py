"""The event of a register that said when people are insured."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0012_directory_shown")]

    # A value of an enum cannot be taken away again.
    operations = [
        migrations.RunSQL(
            "alter type audit_event_kind add value if not exists 'affiliations_changed'",
            migrations.RunSQL.noop,
        )
    ]
