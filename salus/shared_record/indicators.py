"""Figures of the shared care record (DSP): records, documents, openings."""

from salus.audit.counting import answered
from salus.audit.models import Agent, EventKind
from salus.country import country
from salus.kernel.indicator import Cells, Measure, Precision, chart, figure
from salus.kernel.tally import Tally

_RECORDS = Tally(table="shared_record_record", since="opened_at", until="erased_at")
_DOCUMENTS = Tally(table="shared_record_document", since="filed_at", until="ended_at")
_EVERY_RECORD = "All shared care records that are not erased, closed ones included"
_EVERY_DOCUMENT = "All documents ever filed in the shared care records"


@figure(
    service="shared_record",
    title="Shared care records",
    population=_EVERY_RECORD,
    measure=Measure.STOCK,
    unit="records",
    precision=Precision.MILLIONS_1,
)
def records_total() -> Tally:
    """Shared care records opened so far and not erased at the end of the month.

    Records that their patient has closed are included.
    """
    return _RECORDS


@figure(
    service="shared_record",
    title="Documents",
    population=_EVERY_DOCUMENT,
    measure=Measure.STOCK,
    unit="documents",
    precision=Precision.MILLIONS_1,
)
def documents_total() -> Tally:
    """Documents in the shared care records at the end of the month, each in its current version.

    Versions that were replaced, withdrawn or erased do not count.
    """
    return _DOCUMENTS


def _share(condition: str) -> str:
    in_force = """
        from shared_record_record record
        where opened_at < %(end)s and (erased_at is null or erased_at >= %(end)s)
    """
    # Two counts, since the database shares a join among its processes, but not a condition of an aggregate.
    return f"""
        select 100.0 * (select count(*) {in_force} and {condition})
            / nullif((select count(*) {in_force}), 0)
    """


@figure(
    service="shared_record",
    title="Records with at least one document",
    population=_EVERY_RECORD,
    measure=Measure.SHARE,
    unit="percent",
    precision=Precision.PERCENT_1,
)
def records_with_document_share() -> str:
    """Share of the records that hold at least one current document at the end of the month."""
    return _share("""
        exists (
            select 1 from shared_record_document document
            where document.person_id = record.person_id
              and filed_at < %(end)s and (ended_at is null or ended_at >= %(end)s))
    """)


@figure(
    service="shared_record",
    title="Records closed by the patient",
    population=_EVERY_RECORD,
    measure=Measure.SHARE,
    unit="percent",
    precision=Precision.PERCENT_2,
)
def records_deactivated_by_patient_share() -> str:
    """Share of the records that their patient keeps closed at the end of the month."""
    return _share("""
        person_id in (
            select record_id from shared_record_closure
            where closed_at < %(end)s and (reopened_at is null or reopened_at >= %(end)s))
    """)


@chart(
    service="shared_record",
    title="Records by country of residence",
    population=_EVERY_RECORD,
    measure=Measure.SHARE,
    unit="percent",
    dimension="country",
    codes=(*country().RESIDENCES, "other"),
    total="records_total",
    cells=Cells(
        id="records_residence_{code}_share",
        title="Residence: %(part)s",
        definition="Share of the records by the country where their patient lives on the last day of"
        " the month: %(part)s. Whose residence is not known counts among the other countries. The"
        " shares are rounded together, so that they add to 100.0 as printed.",
    ),
)
def records_by_residence() -> str:
    """Share of the records by the country where their patient lives on the last day of each month.

    Patients whose residence is not known count among the other countries.
    """
    told_apart = ", ".join(f"'{code}'" for code in country().RESIDENCES)
    return f"""
        with span as (
            select 'other' as code, opened_at as began, erased_at as ended
            from shared_record_record
            union all
            select country::text, greatest(opened_at, since), least(erased_at, until)
            from shared_record_record join mpi_residence using (person_id)
            where country in ({told_apart})
        ), by_month as (  -- a month is worked out for what moves in the window, hence for few rows
            select code, case when began > %(start)s then date_trunc('month', began)
                              else %(start)s end as first,
                   date_trunc('month', ended) as past, count(*) as number
            from span where began < %(end)s group by 1, 2, 3
        ), lives as (
            select code, first, past, number from by_month
            union all  -- who lives in a country that is told apart leaves the others
            select 'other', first, past, - number from by_month where code <> 'other'
        )
        select opens::date, code, sum(number)
        from generate_series(%(start)s::timestamptz, %(end)s - interval '1 day', '1 month') opens
        join lives on first <= opens and (past is null or past > opens)
        group by 1, 2
    """


@chart(
    service="shared_record",
    title="Total number of documents",
    population=_EVERY_DOCUMENT,
    measure=Measure.STOCK,
    unit="documents",
    total="documents_total",
)
def documents_stock() -> Tally:
    """Documents in the shared care records at the end of each month, each in its current version."""
    return _DOCUMENTS


@chart(
    service="shared_record",
    title="Documents opened by patients",
    population="All openings of a document by a patient or the patient's assistant",
    measure=Measure.FLOW,
    unit="openings",
)
def documents_opened_by_patients() -> Tally:
    """Documents opened by patients, by month; a repeated request for the same opening counts once."""
    return answered(EventKind.DOCUMENT_OPENED, Agent.PATIENT)


@chart(
    service="shared_record",
    title="Documents opened by health professionals",
    population="All openings of a document by a health professional",
    measure=Measure.FLOW,
    unit="openings",
)
def documents_opened_by_professionals() -> Tally:
    """Documents opened by health professionals, by month.

    A repeated request for the same opening counts once.
    """
    return answered(EventKind.DOCUMENT_OPENED, Agent.PROFESSIONAL)
