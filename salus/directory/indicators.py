"""Figures of the provider directory (HPD)."""

from salus.kernel.indicator import Measure, figure


@figure(service="provider_directory", measure=Measure.STOCK, unit="professionals")
def professionals_registered_total() -> str:
    """Health professionals registered in the directory at the end of the month."""
    return """
        select count(*) from directory_practitioner
        where registered_at < %(end)s and (deregistered_at is null or deregistered_at >= %(end)s)
    """
