"""Events of the patient index: records that are one human being's, and the stewards' judgements."""

from django.db import migrations

KINDS = ["persons_linked", "persons_separated", "pair_shown", "pair_judged"]


class Migration(migrations.Migration):
    dependencies = [("audit", "0008_apps")]

    # A value of an enum cannot be taken away again.
    operations = [
        migrations.RunSQL(
            f"alter type audit_event_kind add value if not exists '{kind}'", migrations.RunSQL.noop
        )
        for kind in KINDS
    ]
