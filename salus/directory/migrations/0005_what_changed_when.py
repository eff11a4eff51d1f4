"""When entries changed, so that each of their versions can be replayed, and who feeds a source (ADR 0034)."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0004_what_registers_say"),
    ]

    operations = [
        migrations.AddField(
            model_name="endpoint",
            name="changes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="healthcareservice",
            name="changes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="healthcareservice",
            name="status",
            field=models.TextField(db_default="active", default="active"),
        ),
        migrations.AddField(
            model_name="licence",
            name="changes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="changes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="status",
            field=models.TextField(db_default="active", default="active"),
        ),
        migrations.AddField(
            model_name="organization",
            name="changes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="status",
            field=models.TextField(db_default="active", default="active"),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="changes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="changes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="practitionerrole",
            name="service",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="roles",
                to="directory.healthcareservice",
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="client_id",
            field=models.BigIntegerField(null=True, unique=True),
        ),
        migrations.AddField(
            model_name="source",
            name="is_authority",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="endpoint",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce("changed_at", "registered_at"),
                name="endpoint_updated",
            ),
        ),
        migrations.AddIndex(
            model_name="healthcareservice",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce("changed_at", "registered_at"),
                name="service_updated",
            ),
        ),
        migrations.AddIndex(
            model_name="location",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce("changed_at", "registered_at"),
                name="location_updated",
            ),
        ),
        migrations.AddIndex(
            model_name="organization",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce("changed_at", "registered_at"),
                name="organization_updated",
            ),
        ),
        migrations.AddIndex(
            model_name="practitioner",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce("changed_at", "registered_at"),
                name="practitioner_updated",
            ),
        ),
        migrations.AddIndex(
            model_name="practitionerrole",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce("changed_at", "registered_at"),
                name="role_updated",
            ),
        ),
    ]
