"""Which identities are one human being, and which may be (ADR 0023)."""

import django.db.models.deletion
from django.db import migrations, models

from salus.kernel.rows import Scope, found_in, person, row_security

INDEX = found_in(Scope.INDEX)


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0003_versions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "made_by",
                    models.TextField(
                        choices=[
                            ("matcher", "Matcher"),
                            ("sender", "Sender"),
                            ("stewards", "Stewards"),
                        ]
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("weight", models.FloatField(null=True)),
                ("explanation", models.JSONField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_reason", models.TextField(blank=True, default="")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="mpi.person",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="mpi.link"
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="linked",
                        to="mpi.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Pair",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("weight", models.FloatField(null=True)),
                ("explanation", models.JSONField(null=True)),
                (
                    "judgement",
                    models.TextField(
                        choices=[
                            ("same", "Same"),
                            ("different", "Different"),
                            ("unsure", "Unsure"),
                        ],
                        null=True,
                    ),
                ),
                ("judged_by", models.BigIntegerField(null=True)),
                ("judged_at", models.DateTimeField(null=True)),
                ("confirmed_by", models.BigIntegerField(null=True)),
                (
                    "link",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="mpi.link"
                    ),
                ),
                (
                    "one",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pairs",
                        to="mpi.person",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mpi.person",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("person",),
                name="one_link_leads_away",
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(
                condition=models.Q(("person", models.F("target")), _negated=True),
                name="link_to_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(
                condition=models.Q(("made_by__in", ["matcher", "sender", "stewards"])),
                name="link_made_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True),
                    ("ended_at__gte", models.F("made_at")),
                    _connector="OR",
                ),
                name="link_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("made_by", "matcher"), _negated=True),
                    models.Q(("explanation__isnull", False), ("weight__isnull", False)),
                    _connector="OR",
                ),
                name="matcher_explains",
            ),
        ),
        migrations.AddIndex(
            model_name="pair",
            index=models.Index(
                condition=models.Q(
                    ("link__isnull", True), models.Q(("judgement", "different"), _negated=True)
                ),
                fields=["found_at"],
                name="pair_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="pair",
            constraint=models.UniqueConstraint(fields=("one", "other"), name="pair_is_judged_once"),
        ),
        migrations.AddConstraint(
            model_name="pair",
            constraint=models.CheckConstraint(
                condition=models.Q(("one__lt", models.F("other"))), name="pair_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="pair",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("judged_at__isnull", True),
                        ("judged_by__isnull", True),
                        ("judgement__isnull", True),
                    ),
                    models.Q(
                        ("judged_at__isnull", False),
                        ("judged_by__isnull", False),
                        ("judgement__in", ["same", "different", "unsure"]),
                    ),
                    _connector="OR",
                ),
                name="pair_judged_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="pair",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_by__isnull", True), ("link__isnull", True)),
                    models.Q(
                        ("confirmed_by__isnull", False),
                        ("judgement", "same"),
                        ("link__isnull", False),
                        models.Q(("confirmed_by", models.F("judged_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="pair_confirmed_by_another",
            ),
        ),
        row_security(
            "mpi_link",
            shown=f"{person('person_id')} or {person('target_id')} or {INDEX}",
            written=f"{person('person_id')} and {person('target_id')}",
        ),
        row_security(
            "mpi_pair",
            shown=f"{person('one_id')} or {person('other_id')} or {INDEX}",
            written=f"{person('one_id')} and {person('other_id')}",
        ),
    ]
