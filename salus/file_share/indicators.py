"""Figures of the file share (Regibox)."""

from salus.kernel.indicator import Measure, figure
from salus.kernel.tally import Tally


@figure(
    service="file_share",
    title="File share users",
    population="All users of the file share",
    measure=Measure.STOCK,
    unit="users",
)
def file_share_users_total() -> Tally:
    """Users whose file share is in force at the end of the month."""
    return Tally(table="file_share_shareuser", since="since", until="until")
