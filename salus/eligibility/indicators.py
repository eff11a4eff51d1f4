"""Figures of the eligibility service (WSE): checks by kind of caller. The events are the count."""

from salus.audit.counting import answered
from salus.audit.models import Agent, EventKind
from salus.kernel.indicator import Measure, Precision, figure
from salus.kernel.tally import Tally


def _checks(caller: Agent) -> Tally:
    return answered(EventKind.ELIGIBILITY_CHECK, caller)


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
    return _checks(Agent.PHARMACY)


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
    return _checks(Agent.LABORATORY)


@figure(
    service="eligibility",
    title="Uses by the fire and rescue corps",
    population="All eligibility checks asked by the fire and rescue corps",
    measure=Measure.STOCK,
    unit="uses",
)
def uses_rescue_total() -> Tally:
    """Checks answered to the fire and rescue corps from the start of the service to the end of the month."""
    return _checks(Agent.RESCUE)


@figure(
    service="eligibility",
    title="Uses by pharmacies",
    population="All eligibility checks asked by pharmacies",
    measure=Measure.FLOW,
    unit="uses",
)
def uses_pharmacy_in_month() -> Tally:
    """Checks answered to pharmacies in the month; a check and its retries count once."""
    return _checks(Agent.PHARMACY)


@figure(
    service="eligibility",
    title="Uses by medical laboratories",
    population="All eligibility checks asked by medical laboratories",
    measure=Measure.FLOW,
    unit="uses",
)
def uses_laboratory_in_month() -> Tally:
    """Checks answered to medical laboratories in the month; a check and its retries count once."""
    return _checks(Agent.LABORATORY)


@figure(
    service="eligibility",
    title="Uses by the fire and rescue corps",
    population="All eligibility checks asked by the fire and rescue corps",
    measure=Measure.FLOW,
    unit="uses",
)
def uses_rescue_in_month() -> Tally:
    """Checks answered to the fire and rescue corps in the month; a check and its retries count once."""
    return _checks(Agent.RESCUE)
