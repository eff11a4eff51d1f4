"""Figures of the patient index (MPI)."""

from salus.kernel.indicator import Measure, figure


@figure(service="patient_index", measure=Measure.FLOW, unit="requests")
def index_requests_in_month() -> str:
    """Requests that the patient index answered in the month, over all its interfaces.

    A request and its retries count once; refused requests do not count.
    """
    return """
        select count(*) from audit_event
        where kind = 'index_request' and not denied and not repeated
          and at >= %(start)s and at < %(end)s
    """
