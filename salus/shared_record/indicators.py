"""Figures of the shared care record (DSP): records, documents, openings."""

from salus.kernel.indicator import Measure, Precision, chart, figure

_RECORD_EXISTS = "opened_at < %(end)s and (erased_at is null or erased_at >= %(end)s)"
_DOCUMENT_IS_CURRENT = "filed_at < %(end)s and (ended_at is null or ended_at >= %(end)s)"


@figure(
    service="shared_record", measure=Measure.STOCK, unit="records", precision=Precision.MILLIONS_1
)
def records_total() -> str:
    """Shared care records opened so far and not erased at the end of the month.

    Records that their patient has closed are included.
    """
    return f"select count(*) from shared_record_record where {_RECORD_EXISTS}"


@figure(
    service="shared_record", measure=Measure.STOCK, unit="documents", precision=Precision.MILLIONS_1
)
def documents_total() -> str:
    """Documents in the shared care records at the end of the month, each in its current version.

    Versions that were replaced, withdrawn or erased do not count.
    """
    return f"select count(*) from shared_record_document where {_DOCUMENT_IS_CURRENT}"


def _share(condition: str) -> str:
    return f"""
        select 100.0 * count(*) filter (where {condition}) / nullif(count(*), 0)
        from shared_record_record record where {_RECORD_EXISTS}
    """


@figure(
    service="shared_record", measure=Measure.SHARE, unit="percent", precision=Precision.PERCENT_1
)
def records_with_document_share() -> str:
    """Share of the records that hold at least one current document at the end of the month."""
    return _share(
        f"person_id in (select person_id from shared_record_document where {_DOCUMENT_IS_CURRENT})"
    )


@figure(
    service="shared_record", measure=Measure.SHARE, unit="percent", precision=Precision.PERCENT_2
)
def records_deactivated_by_patient_share() -> str:
    """Share of the records that their patient keeps closed at the end of the month."""
    return _share("""
        person_id in (
            select record_id from shared_record_closure
            where closed_at < %(end)s and (reopened_at is null or reopened_at >= %(end)s))
    """)


_LIVES_IN = """
    exists (
        select from mpi_residence residence
        where residence.person_id = record.person_id and country {countries}
          and since < %(day)s and (until is null or until >= %(day)s))
"""
_NEIGHBOURS = "in ('LU', 'FR', 'BE', 'DE')"


@figure(
    service="shared_record",
    measure=Measure.SHARE,
    unit="percent",
    precision=Precision.PERCENT_1,
    parts_of="residence",
)
def records_residence_lu_share() -> str:
    """Share of the records whose patient lives in Luxembourg on the last day of the month.

    The five shares by residence are rounded together, so that they add to 100.0 as printed.
    """
    return _share(_LIVES_IN.format(countries="= 'LU'"))


@figure(
    service="shared_record",
    measure=Measure.SHARE,
    unit="percent",
    precision=Precision.PERCENT_1,
    parts_of="residence",
)
def records_residence_fr_share() -> str:
    """Share of the records whose patient lives in France on the last day of the month."""
    return _share(_LIVES_IN.format(countries="= 'FR'"))


@figure(
    service="shared_record",
    measure=Measure.SHARE,
    unit="percent",
    precision=Precision.PERCENT_1,
    parts_of="residence",
)
def records_residence_be_share() -> str:
    """Share of the records whose patient lives in Belgium on the last day of the month."""
    return _share(_LIVES_IN.format(countries="= 'BE'"))


@figure(
    service="shared_record",
    measure=Measure.SHARE,
    unit="percent",
    precision=Precision.PERCENT_1,
    parts_of="residence",
)
def records_residence_de_share() -> str:
    """Share of the records whose patient lives in Germany on the last day of the month."""
    return _share(_LIVES_IN.format(countries="= 'DE'"))


@figure(
    service="shared_record",
    measure=Measure.SHARE,
    unit="percent",
    precision=Precision.PERCENT_1,
    parts_of="residence",
)
def records_residence_other_share() -> str:
    """Share of the records whose patient lives in another country on the last day of the month.

    Records of patients whose residence is not known are included.
    """
    return _share("not " + _LIVES_IN.format(countries=_NEIGHBOURS))


@chart(
    service="shared_record",
    measure=Measure.SHARE,
    unit="percent",
    dimension="country",
    codes=("LU", "FR", "BE", "DE", "other"),
)
def records_by_residence() -> str:
    """Share of the records by the country where their patient lives on the last day of each month."""
    return f"""
        with month as (
            select opens, opens + interval '1 month' as closes
            from generate_series(
                %(start)s::timestamptz, %(end)s - interval '1 day', '1 month') opens
        )
        select opens::date,
               case when country {_NEIGHBOURS} then country else 'other' end,
               100.0 * count(*) / sum(count(*)) over (partition by opens)
        from month
        join shared_record_record record
          on opened_at < closes and (erased_at is null or erased_at >= closes)
        left join mpi_residence residence
          on residence.person_id = record.person_id
         and since < closes::date and (until is null or until >= closes::date)
        group by 1, 2, opens
    """


@chart(service="shared_record", measure=Measure.STOCK, unit="documents")
def documents_stock() -> str:
    """Documents in the shared care records at the end of each month, each in its current version."""
    return """
        with change as (
            select filed_at as at, 1 as step from shared_record_document
            where filed_at < %(end)s
            union all
            select ended_at, -1 from shared_record_document
            where filed_at < %(end)s and ended_at < %(end)s
        ), by_month as (  -- what came before the window counts into its first month
            select greatest(date_trunc('month', at), %(start)s) as opens, sum(step) as step
            from change group by 1
        )
        select opens::date, '', sum(coalesce(step, 0)) over (order by opens)
        from generate_series(%(start)s::timestamptz, %(end)s - interval '1 day', '1 month') opens
        left join by_month using (opens)
    """


_OPENED = """
    select date_trunc('month', at)::date, '', count(*) from audit_event
    where kind = 'document_opened' and agent = '{agent}' and not denied and not repeated
      and at >= %(start)s and at < %(end)s
    group by 1
"""


@chart(service="shared_record", measure=Measure.FLOW, unit="openings")
def documents_opened_by_patients() -> str:
    """Documents opened by patients, by month; a repeated request for the same opening counts once."""
    return _OPENED.format(agent="patient")


@chart(service="shared_record", measure=Measure.FLOW, unit="openings")
def documents_opened_by_professionals() -> str:
    """Documents opened by health professionals, by month.

    A repeated request for the same opening counts once.
    """
    return _OPENED.format(agent="professional")
