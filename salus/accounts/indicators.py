"""Figures of the accounts (Compte eSanté)."""

from dataclasses import replace

from salus.kernel.indicator import Measure, chart, figure
from salus.kernel.tally import Tally

_PATIENTS = Tally(
    table="accounts_account", since="activated_at", until="deleted_at", where="kind = 'patient'"
)
_PROFESSIONALS = replace(_PATIENTS, where="kind = 'professional'")


@figure(
    service="accounts",
    title="Patient accounts",
    population="Accounts of all insured persons",
    measure=Measure.STOCK,
    unit="accounts",
)
def patient_accounts_total() -> Tally:
    """Patient accounts that their owner has activated and that are not deleted at the end of the month.

    An account is made for every insured person; until its owner activates it, it does not count.
    """
    return _PATIENTS


@figure(
    service="accounts",
    title="Accounts of health professionals",
    population="Accounts of all health professionals",
    measure=Measure.STOCK,
    unit="accounts",
)
def professional_accounts_total() -> Tally:
    """Accounts of health professionals, activated and not deleted at the end of the month."""
    return _PROFESSIONALS


@chart(
    service="accounts",
    title="Patient accounts activated per month",
    population="Accounts of all insured persons",
    measure=Measure.FLOW,
    unit="accounts",
)
def patient_accounts_activated() -> Tally:
    """Patient accounts by the month in which their owner activated them, deleted ones included."""
    return _PATIENTS


@chart(
    service="accounts",
    title="Professional accounts activated per month",
    population="Accounts of all health professionals",
    measure=Measure.FLOW,
    unit="accounts",
)
def professional_accounts_activated() -> Tally:
    """Accounts of health professionals by the month of their activation, deleted ones included."""
    return _PROFESSIONALS
