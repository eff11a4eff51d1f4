"""How the database would go about what is asked of it: each statement is explained where it is sent."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

Plan = dict[str, Any]


def scans(ask: Callable[[], object], *, smallest: int = 0, tables: Sequence[str] = ()) -> list[str]:
    """What of at least ``smallest`` pages the plans of what is asked read whole: tables, and their indexes.

    Of the protected tables, unless others are named.
    """
    pages = _pages(tables)
    found: list[str] = []

    def whole(plan: Plan) -> None:
        read = plan.get("Index Name") or plan.get("Relation Name", "")
        scan = plan["Node Type"].endswith("Scan") and plan["Node Type"] != "Bitmap Heap Scan"
        if scan and "Index Cond" not in plan and pages.get(read, -1) >= smallest:
            found.append(f"{plan['Node Type']} of {read}")
        for part in plan.get("Plans", ()):
            whole(part)

    def explain(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        if sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT")):  # of a context within another
            return execute(sql, params, *rest)
        with connection.connection.cursor() as cursor:
            cursor.execute(f"explain (format json) {sql}", params)
            whole(cursor.fetchone()[0][0]["Plan"])
        return execute(sql, params, *rest)

    with connection.execute_wrapper(explain):
        ask()
    return found


def _pages(tables: Sequence[str]) -> dict[str, int]:
    """Of the tables, or each with row-level security, partitions included, and of their indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with protected as (
                select oid from pg_class where case when %s = '{}'::text[]
                    then relrowsecurity else relname = any (%s) end
            )
            select relname, relpages from pg_class where oid in (
                select oid from protected union
                select indexrelid from pg_index where indrelid in (select oid from protected)
            )
            """,
            [list(tables), list(tables)],
        )
        return dict(cursor.fetchall())
