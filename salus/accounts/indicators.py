"""Figures of the accounts (Compte eSanté)."""

from salus.kernel.indicator import Measure, chart, figure

_IN_FORCE = """
    select count(*) from accounts_account
    where kind = '{kind}' and activated_at < %(end)s
      and (deleted_at is null or deleted_at >= %(end)s)
"""
_ACTIVATED = """
    select date_trunc('month', activated_at)::date, '', count(*) from accounts_account
    where kind = '{kind}' and activated_at >= %(start)s and activated_at < %(end)s
    group by 1
"""


@figure(service="accounts", measure=Measure.STOCK, unit="accounts")
def patient_accounts_total() -> str:
    """Patient accounts that their owner has activated and that are not deleted at the end of the month.

    An account is made for every insured person; until its owner activates it, it does not count.
    """
    return _IN_FORCE.format(kind="patient")


@figure(service="accounts", measure=Measure.STOCK, unit="accounts")
def professional_accounts_total() -> str:
    """Accounts of health professionals, activated and not deleted at the end of the month."""
    return _IN_FORCE.format(kind="professional")


@chart(service="accounts", measure=Measure.FLOW, unit="accounts")
def patient_accounts_activated() -> str:
    """Patient accounts by the month in which their owner activated them, deleted ones included."""
    return _ACTIVATED.format(kind="patient")


@chart(service="accounts", measure=Measure.FLOW, unit="accounts")
def professional_accounts_activated() -> str:
    """Accounts of health professionals by the month of their activation, deleted ones included."""
    return _ACTIVATED.format(kind="professional")
