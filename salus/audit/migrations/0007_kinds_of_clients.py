"""What software does before it asks for anything: it is registered, and gets tokens or does not."""

from django.db import migrations

KINDS = ("token_issued", "token_revoked", "client_changed")


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_client")]

    operations = [
        # An enum keeps the values that it once had.
        migrations.RunSQL(
            [f"alter type audit_event_kind add value if not exists '{kind}'" for kind in KINDS],
            migrations.RunSQL.noop,
        )
    ]
