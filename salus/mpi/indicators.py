"""Figures of the patient index (MPI)."""

from salus.audit.counting import answered
from salus.audit.models import EventKind
from salus.kernel.indicator import Measure, figure
from salus.kernel.tally import Tally


@figure(
    service="patient_index",
    title="Requests answered",
    population="All requests to the patient index, over all its interfaces",
    measure=Measure.FLOW,
    unit="requests",
)
def index_requests_in_month() -> Tally:
    """Requests that the patient index answered in the month, over all its interfaces.

    A request and its retries count once; refused requests do not count.
    """
    return answered(EventKind.INDEX_REQUEST)


@figure(
    service="patient_index",
    title="Entries joined automatically",
    population="All joins of two entries of the patient index that were made without a human being",
    measure=Measure.FLOW,
    unit="entries",
    added=True,
)
def index_entries_joined_in_month() -> Tally:
    """Entries that the patient index joined with another one of the same person in the month, by itself.

    Joins by stewards, or by the sender of both entries, do not count; one that was ended again does.
    """
    return Tally(table="mpi_link", since="made_at", where="made_by = 'matcher'")


@figure(
    service="patient_index",
    title="Automatic joins undone",
    population="All joins of two entries of the patient index that were made without a human being",
    measure=Measure.FLOW,
    unit="entries",
    added=True,
)
def index_joins_undone_in_month() -> Tally:
    """Automatic joins of entries that were ended in the month because the two are different people.

    Whenever the join was made. A join in whose place another one came does not count.
    """
    return Tally(
        table="mpi_link",
        since="ended_at",
        where="made_by = 'matcher' and not exists (select from mpi_link as later"
        " where later.previous_id = mpi_link.id)",
    )
