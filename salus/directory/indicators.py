"""Figures of the provider directory (HPD)."""

from salus.kernel.indicator import Measure, figure
from salus.kernel.tally import Tally


@figure(
    service="provider_directory",
    title="Registered health professionals",
    population="All health professionals of the directory",
    measure=Measure.STOCK,
    unit="professionals",
)
def professionals_registered_total() -> Tally:
    """Health professionals registered in the directory at the end of the month."""
    return Tally(table="directory_practitioner", since="registered_at", until="deregistered_at")
