from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("activity_report", "0001_tables")]

    operations = [
        # Counts from before there were publications: unsigned, and made again by one command.
        migrations.RunSQL("delete from activity_report_archivededition", migrations.RunSQL.noop),
        migrations.RenameField("archivededition", "counted_at", "published_at"),
        migrations.RenameField("archivededition", "body", "document"),
    ]
