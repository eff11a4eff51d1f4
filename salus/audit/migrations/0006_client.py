"""Which software asked, and what for; and the kind of event that a change of a person in the index is.

Null they cost nothing: eighteen columns need no more room for their nulls than sixteen (24 bytes and the bitmap,
padded to 8). An enum takes 4 bytes where the code as text takes up to 9.
"""

from django.db import migrations, models

# As they were when this was written: later ones come by migrations of their own.
PURPOSES = ["TREAT", "ETREAT", "COVERAGE", "HOPERAT", "PATRQT", "PUBHLTH"]


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_row_security")]

    operations = [
        migrations.RunSQL(
            [
                f"create type audit_purpose as enum ({', '.join(map(repr, PURPOSES))})",
                "alter table audit_event add column client_id bigint, add column purpose audit_purpose",
                "alter type audit_event_kind add value 'person_changed'",
            ],
            # A value of an enum stays: nothing takes it away, and nothing needs that.
            """
            alter table audit_event drop column client_id, drop column purpose;
            drop type audit_purpose
            """,
        ),
        migrations.AddField("event", "client_id", models.BigIntegerField(null=True)),
        migrations.AddField(
            "event",
            "purpose",
            models.TextField(
                choices=[
                    ("TREAT", "TREATMENT"),
                    ("ETREAT", "EMERGENCY"),
                    ("COVERAGE", "COVERAGE"),
                    ("HOPERAT", "OPERATIONS"),
                    ("PATRQT", "PATIENT_REQUEST"),
                    ("PUBHLTH", "PUBLIC_HEALTH"),
                ],
                null=True,
            ),
        ),
    ]
