"""Figures of the file share (Regibox)."""

from salus.kernel.indicator import Measure, figure


@figure(service="file_share", measure=Measure.STOCK, unit="users")
def file_share_users_total() -> str:
    """Users whose file share is in force at the end of the month."""
    return """
        select count(*) from file_share_shareuser
        where since < %(end)s and (until is null or until >= %(end)s)
    """
