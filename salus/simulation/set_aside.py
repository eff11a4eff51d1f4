"""Indexes and constraints set aside while whole tables are loaded, and put back in one go.

An index that is filled row by row is written many times over and ends half empty; one that is made from all rows is
sorted once. A foreign key that is validated is one join instead of a look-up per row. What is set aside is read from
the catalogue and listed in the transaction that takes it away; what is put back leaves the list in the transaction
that makes it. So a kill at any moment leaves a list that is true, and the catalogue ends as the migrations define it.

Runs as owner. Nobody may write meanwhile but the loader: constraints do not hold until they are back.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction
from tqdm import tqdm

from salus.simulation.models import SetAside

_AT_ONCE = 2  # connections that put back, each with _MEMORY
_MEMORY = "512MB"
_INDEXES, _PARENTS, _FOREIGN_KEYS = range(3)  # steps: each needs those before it


def set_aside(tables: Sequence[str]) -> None:
    """Take away all indexes, keys and foreign keys of these tables and of their partitions."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FIND, {"tables": list(tables)})
        found = cursor.fetchall()
        SetAside.objects.bulk_create(
            SetAside(step=step, table=table, statement=statement)
            for step, table, statement, _ in found
        )
        # A foreign key leans on an index: it goes first.
        for *_, drop in reversed(found):
            if drop:
                cursor.execute(drop)


def put_back() -> None:
    """Make again whatever is set aside, and check every row against it; raises IntegrityError where one contradicts."""
    with tqdm(total=SetAside.objects.count(), unit=" indexes", disable=None) as bar:
        for step in (_INDEXES, _PARENTS, _FOREIGN_KEYS):
            tables = _by_table(SetAside.objects.filter(step=step).order_by("id"))
            with ThreadPoolExecutor(1 if step == _FOREIGN_KEYS else _AT_ONCE) as pool:
                for done in pool.map(_put_back, tables):
                    bar.update(done)


def _by_table(rows: Iterable[SetAside]) -> list[list[SetAside]]:
    """The list cut by table, the largest first, since two may not shape one table at once."""
    tables: dict[str, list[SetAside]] = defaultdict(list)
    for row in rows:
        tables[row.table].append(row)
    with connection.cursor() as cursor:
        cursor.execute(
            "select t from unnest(%s::text[]) t order by pg_relation_size(t::regclass) desc",
            [list(tables)],
        )
        return [tables[table] for (table,) in cursor]


def _put_back(rows: list[SetAside]) -> int:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set local synchronous_commit = off")  # lost: still on the list
            cursor.execute(f"set local maintenance_work_mem = '{_MEMORY}'")
            cursor.execute("set local max_parallel_maintenance_workers = 0")
            for row in rows:
                cursor.execute(row.statement)
            SetAside.objects.filter(id__in=[row.id for row in rows]).delete()
        return len(rows)
    finally:
        connection.close()  # this thread's


# Step, table, how to put it back, how to take it away (empty: it goes with its parent). An index of a partitioned
# table that is not made for it ONLY takes in those of its partitions, which are there by then.
# While row-level security is forced the owner sees no row, and would find every foreign key to hold.
_FIND = """
    with tables as (
        select oid from pg_class where oid = any (%(tables)s::text[]::regclass[])
        union
        select inhrelid from pg_inherits where inhparent = any (%(tables)s::text[]::regclass[])
    ),
    indexes as (
        select indexrelid as index, indrelid::regclass as on_table, relkind, conname, inhparent,
            case when conname is null then pg_get_indexdef(indexrelid)
                 else format('alter table only %%s add constraint %%I %%s',
                             indrelid::regclass, conname, pg_get_constraintdef(pg_constraint.oid))
            end as statement
        from pg_index
        join pg_class on pg_class.oid = indexrelid
        left join pg_constraint on conindid = indexrelid and contype in ('p', 'u', 'x')
        left join pg_inherits on inhrelid = indexrelid
        where indrelid in (select oid from tables)
    ),
    foreign_keys as (
        select conrelid::regclass as on_table, conname,
            format('alter table %%s add constraint %%I %%s',
                   conrelid::regclass, conname, pg_get_constraintdef(pg_constraint.oid)) as statement,
            (select coalesce(string_agg(format('alter table %%s no force row level security; ', oid::regclass), ''), '')
             from pg_class where oid in (conrelid, confrelid) and relforcerowsecurity) as opened,
            (select coalesce(string_agg(format('; alter table %%s force row level security', oid::regclass), ''), '')
             from pg_class where oid in (conrelid, confrelid) and relforcerowsecurity) as closed
        from pg_constraint
        where contype = 'f' and conparentid = 0
          and (conrelid in (select oid from tables) or confrelid in (select oid from tables))
    )
    select 0 as step, on_table::text, statement,
        case when inhparent is not null then ''
             when conname is not null
             then format('alter table %%s drop constraint %%I', on_table, conname)
             else format('drop index %%s', index::regclass) end
    from indexes where relkind = 'i'
    union all
    select 1, on_table::text, regexp_replace(statement, '(alter table| ON) only ', '\\1 ', 'i'),
        case when conname is not null
             then format('alter table %%s drop constraint %%I', on_table, conname)
             else format('drop index %%s', index::regclass) end
    from indexes where relkind = 'I'
    union all
    select 2, on_table::text, opened || statement || closed,
        format('alter table %%s drop constraint %%I', on_table, conname)
    from foreign_keys
    order by 1, 2, 3
"""
