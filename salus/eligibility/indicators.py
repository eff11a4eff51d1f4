"""Figures of the eligibility service (WSE): checks by kind of caller. The events are the count."""

from salus.kernel.indicator import Measure, Precision, figure

_CHECKS = """
    select count(*) from audit_event
    where kind = 'eligibility_check' and agent = '{caller}' and not denied and not repeated
      and at < %(end)s
"""
_CHECKS_IN_MONTH = _CHECKS + " and at >= %(start)s"


@figure(service="eligibility", measure=Measure.STOCK, unit="uses", precision=Precision.MILLIONS_0)
def uses_pharmacy_total() -> str:
    """Checks answered to pharmacies from the start of the service to the end of the month."""
    return _CHECKS.format(caller="pharmacy")


@figure(service="eligibility", measure=Measure.STOCK, unit="uses", precision=Precision.MILLIONS_0)
def uses_laboratory_total() -> str:
    """Checks answered to medical laboratories from the start of the service to the end of the month."""
    return _CHECKS.format(caller="laboratory")


@figure(service="eligibility", measure=Measure.STOCK, unit="uses")
def uses_rescue_total() -> str:
    """Checks answered to the fire and rescue corps from the start of the service to the end of the month."""
    return _CHECKS.format(caller="rescue")


@figure(service="eligibility", measure=Measure.FLOW, unit="uses")
def uses_pharmacy_in_month() -> str:
    """Checks answered to pharmacies in the month; a check and its retries count once."""
    return _CHECKS_IN_MONTH.format(caller="pharmacy")


@figure(service="eligibility", measure=Measure.FLOW, unit="uses")
def uses_laboratory_in_month() -> str:
    """Checks answered to medical laboratories in the month; a check and its retries count once."""
    return _CHECKS_IN_MONTH.format(caller="laboratory")


@figure(service="eligibility", measure=Measure.FLOW, unit="uses")
def uses_rescue_in_month() -> str:
    """Checks answered to the fire and rescue corps in the month; a check and its retries count once."""
    return _CHECKS_IN_MONTH.format(caller="rescue")
