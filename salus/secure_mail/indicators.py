"""Figures of secure mail (Regimail)."""

from salus.kernel.indicator import Measure, figure


@figure(service="secure_mail", measure=Measure.STOCK, unit="users")
def mail_users_total() -> str:
    """Users whose secure mail identity is in force at the end of the month.

    Staff, teams and outside correspondents are included, not only professionals of the directory.
    """
    return """
        select count(*) from secure_mail_mailidentity
        where since < %(end)s and (until is null or until >= %(end)s)
    """
