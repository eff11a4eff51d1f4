"""Figures of the eligibility service (WSE): checks by kind of caller. The events are the count."""

from salus.kernel.indicator import Measure, Precision, figure
from salus.kernel.tally import Tally


def _checks(caller: str) -> Tally:
    return Tally(
        table="audit_event",
        since="at",
        where=f"kind = 'eligibility_check' and agent = '{caller}' and not denied and not repeated",
    )


@figure(
    service="eligibility",
    title="Uses by pharmacies",
    population="All eligibility checks asked by pharmacies",
    measure=Measure.STOCK,
    unit="uses",
    precision=Precision.MILLIONS_0,
)
def uses_pharmacy_total() -> Tally:
    """Checks answered to pharmacies from the start of the service to the end of the month."""
    return _checks("pharmacy")


@figure(
    service="eligibility",
    title="Uses by medical laboratories",
    population="All eligibility checks asked by medical laboratories",
    measure=Measure.STOCK,
    unit="uses",
    precision=Precision.MILLIONS_0,
)
def uses_laboratory_total() -> Tally:
    """Checks answered to medical laboratories from the start of the service to the end of the month."""
    return _checks("laboratory")


@figure(
    service="eligibility",
    title="Uses by the fire and rescue corps",
    population="All eligibility checks asked by the fire and rescue corps",
    measure=Measure.STOCK,
    unit="uses",
)
def uses_rescue_total() -> Tally:
    """Checks answered to the fire and rescue corps from the start of the service to the end of the month."""
    return _checks("rescue")


@figure(
    service="eligibility",
    title="Uses by pharmacies",
    population="All eligibility checks asked by pharmacies",
    measure=Measure.FLOW,
    unit="uses",
)
def uses_pharmacy_in_month() -> Tally:
    """Checks answered to pharmacies in the month; a check and its retries count once."""
    return _checks("pharmacy")


@figure(
    service="eligibility",
    title="Uses by medical laboratories",
    population="All eligibility checks asked by medical laboratories",
    measure=Measure.FLOW,
    unit="uses",
)
def uses_laboratory_in_month() -> Tally:
    """Checks answered to medical laboratories in the month; a check and its retries count once."""
    return _checks("laboratory")


@figure(
    service="eligibility",
    title="Uses by the fire and rescue corps",
    population="All eligibility checks asked by the fire and rescue corps",
    measure=Measure.FLOW,
    unit="uses",
)
def uses_rescue_in_month() -> Tally:
    """Checks answered to the fire and rescue corps in the month; a check and its retries count once."""
    return _checks("rescue")
