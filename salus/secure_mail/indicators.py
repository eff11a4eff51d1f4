"""Figures of secure mail (Regimail)."""

from salus.kernel.indicator import Measure, figure
from salus.kernel.tally import Tally


@figure(
    service="secure_mail",
    title="Secure mail users",
    population="All identities of secure mail",
    measure=Measure.STOCK,
    unit="users",
)
def mail_users_total() -> Tally:
    """Users whose secure mail identity is in force at the end of the month.

    Staff, teams and outside correspondents are included, not only professionals of the directory.
    """
    return Tally(table="secure_mail_mailidentity", since="since", until="until")
