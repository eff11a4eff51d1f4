"""What the public can find, beside the entries that it follows from (ADR 0035)."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

from salus.directory.finding.listing import list_everything
from salus.kernel.clock import now


def fill(_apps: object, _editor: object) -> None:
    list_everything(today=now().date())


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0006_certificate_of_endpoints"),
    ]

    operations = [
        migrations.CreateModel(
            name="WordKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "key", "word", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.TextField()),
                ("word", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("Practitioner", "Practitioner"),
                            ("Licence", "Licence"),
                            ("Organization", "Organization"),
                            ("Location", "Location"),
                            ("PractitionerRole", "Role"),
                            ("HealthcareService", "Service"),
                            ("Endpoint", "Endpoint"),
                        ]
                    ),
                ),
                ("entry", models.BigIntegerField()),
                ("name_key", models.TextField()),
                ("profession", models.TextField()),
                ("type", models.TextField()),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                (
                    "licences",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                ("out_since", models.DateField(null=True)),
                ("out_until", models.DateField(null=True)),
                ("role", models.BigIntegerField(null=True)),
                ("organization", models.BigIntegerField(null=True)),
                ("location", models.BigIntegerField(null=True)),
                ("postal_code", models.TextField()),
                ("municipality_key", models.TextField()),
                ("latitude", models.FloatField(null=True)),
                ("longitude", models.FloatField(null=True)),
                ("cell", models.IntegerField(null=True)),
                ("new_patients", models.BooleanField(null=True)),
                (
                    "opens",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None
                    ),
                ),
                (
                    "closes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kind", "entry"], name="directory_l_kind_7b341b_idx"),
                    models.Index(
                        fields=["kind", "profession", "name_key", "entry"],
                        name="directory_l_kind_035a35_idx",
                    ),
                    models.Index(
                        fields=["kind", "type", "name_key", "entry"],
                        name="directory_l_kind_87ae14_idx",
                    ),
                    models.Index(
                        models.OrderBy(models.F("kind"), descending=True),
                        models.F("name_key"),
                        models.F("entry"),
                        name="listing_in_order",
                    ),
                    models.Index(fields=["cell", "profession"], name="directory_l_cell_2318c9_idx"),
                    models.Index(fields=["postal_code"], name="directory_l_postal__47cce5_idx"),
                    models.Index(
                        fields=["municipality_key"], name="directory_l_municip_071ef5_idx"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["languages"], name="listing_languages"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NameWord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "word",
                        "kind",
                        "entry",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("word", models.TextField()),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("Practitioner", "Practitioner"),
                            ("Licence", "Licence"),
                            ("Organization", "Organization"),
                            ("Location", "Location"),
                            ("PractitionerRole", "Role"),
                            ("HealthcareService", "Service"),
                            ("Endpoint", "Endpoint"),
                        ]
                    ),
                ),
                ("entry", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kind", "entry"], name="directory_n_kind_649acc_idx")
                ],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
