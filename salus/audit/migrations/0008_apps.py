"""Events of apps: somebody let one use their record, and ended it."""

from django.db import migrations

KINDS = ["app_authorized", "app_ended"]


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_kinds_of_clients")]

    # A value of an enum cannot be taken away again.
    operations = [
        migrations.RunSQL(
            f"alter type audit_event_kind add value if not exists '{kind}'", migrations.RunSQL.noop
        )
        for kind in KINDS
    ]
