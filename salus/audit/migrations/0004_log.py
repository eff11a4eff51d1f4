"""The tamper-evident log: what orders and hides an event in it, its tiles, heads and prunings."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_counted")]

    operations = [
        migrations.RunSQL(
            [
                # Added at the end they cost the 24 bytes of their values: what comes before is padded
                # to 8 bytes either way. The one of a transaction that is under way is its own number.
                """
                alter table audit_event
                    add column xid xid8 not null default pg_current_xact_id(),
                    add column salt uuid not null default gen_random_uuid()
                """,
                # By xid alone: rows of one transaction share one entry (ADR 0010).
                "create index audit_event_xid on audit_event (xid)",
                """
                create table audit_tile (
                    level smallint not null,
                    number bigint not null,
                    xid xid8,
                    id bigint,
                    hashes bytea storage external not null,
                    ids int8multirange,
                    primary key (level, number),
                    constraint audit_tile_whole_hashes check (
                        octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0
                    ),
                    constraint audit_tile_of_events check (
                        (level = 0) = (xid is not null and id is not null and ids is not null)
                    )
                )
                """,
                "create index audit_tile_last on audit_tile (xid, id) where level = 0",
                """
                create table audit_head (
                    size bigint primary key check (size > 0),
                    at timestamptz not null,
                    root bytea not null check (octet_length(root) = 32),
                    signature text not null
                )
                """,
                """
                create table audit_pruning (
                    month date primary key check (extract(day from month) = 1),
                    statement jsonb not null
                )
                """,
            ],
            """
            drop table audit_tile, audit_head, audit_pruning;
            alter table audit_event drop column xid, drop column salt
            """,
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("root", models.BinaryField()),
                ("signature", models.TextField()),
            ],
            options={"db_table": "audit_head", "managed": False},
        ),
        migrations.CreateModel(
            name="Pruning",
            fields=[
                ("month", models.DateField(primary_key=True, serialize=False)),
                ("statement", models.JSONField()),
            ],
            options={"db_table": "audit_pruning", "managed": False},
        ),
        migrations.CreateModel(
            name="Tile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("level", models.SmallIntegerField()),
                ("number", models.BigIntegerField()),
                ("hashes", models.BinaryField()),
            ],
            options={"db_table": "audit_tile", "managed": False},
        ),
    ]
