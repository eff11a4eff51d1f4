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
