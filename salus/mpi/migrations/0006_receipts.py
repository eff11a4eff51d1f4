"""Receipts of links; why stewards linked in spite of something; no link in a ring (ADR 0023, 0028)."""

import django.db.models.deletion
from django.db import migrations, models

from salus.kernel.rows import Scope, found_in, person, row_security

# What locks keep the actions from, and nobody else: the walk sees what is committed, and what its transaction wrote.
NO_RING = """
    create function mpi_no_ring() returns trigger language plpgsql as $$
    declare
        before text := coalesce(current_setting('salus.scope', true), '');
    begin
        if new.ended_at is null then
            perform set_config('salus.scope', 'index', true);
            if exists (
                with recursive above (id) as (
                    select new.target_id
                    union  -- never a join, for which the planner would read all links
                    select (select target_id from mpi_link where person_id = above.id and ended_at is null)
                    from above where id is not null
                )
                select from above where id = new.person_id
            ) then
                raise exception 'links in a ring' using errcode = 'check_violation', constraint = 'no_ring';
            end if;
            perform set_config('salus.scope', before, true);
        end if;
        return null;
    end $$;
    create trigger no_ring after insert or update on mpi_link for each row execute function mpi_no_ring();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0005_name_keys_of_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="link",
            name="reason",
            field=models.TextField(blank=True, default="", db_default=""),
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ended", models.BooleanField()),
                ("receiver", models.TextField()),
                ("since", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="mpi.link",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mpi.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("confirmed_at__isnull", True)),
                        fields=["since"],
                        name="receipt_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("link", "ended", "receiver"), name="receipt_of_a_receiver"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confirmed_at__isnull", True),
                            ("confirmed_at__gte", models.F("since")),
                            _connector="OR",
                        ),
                        name="receipt_confirmed_after_it",
                    ),
                ],
            },
        ),
        row_security(
            "mpi_receipt",
            shown=f"{person('person_id')} or {found_in(Scope.INDEX)}",
            written=person("person_id"),
        ),
        migrations.RunSQL(
            NO_RING, "drop trigger no_ring on mpi_link; drop function mpi_no_ring();"
        ),
    ]
