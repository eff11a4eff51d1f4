"""The table of subscriptions is of the accounts now (ADR 0041)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0009_history"),
        ("accounts", "0006_subscriptions"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name="Subscription")]
        ),
    ]
