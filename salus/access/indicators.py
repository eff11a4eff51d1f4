"""Figures of the shared care record that this domain keeps: the circle of trust and the assistants."""

from salus.kernel.indicator import Measure, figure

_IN_FORCE = "since < %(end)s and (until is null or until >= %(end)s)"


@figure(service="shared_record", measure=Measure.STOCK, unit="persons", glossary="assistant")
def assistants_declared_total() -> str:
    """Persons who are the assistant of at least one patient at the end of the month.

    Whoever assists several patients counts once.
    """
    return f"select count(distinct assistant_id) from access_assistant where {_IN_FORCE}"


@figure(
    service="shared_record",
    measure=Measure.STOCK,
    unit="professionals",
    glossary="declared_professional",
)
def professionals_declared_total() -> str:
    """Health professionals in the circle of trust of at least one patient at the end of the month.

    Each counts once, with or without an account of their own.
    """
    return (
        f"select count(distinct practitioner_id) from access_trustedprofessional where {_IN_FORCE}"
    )


@figure(
    service="shared_record",
    measure=Measure.STOCK,
    unit="patients",
    glossary="declared_professional",
)
def patients_with_declared_professional_total() -> str:
    """Patients who have at least one health professional in their circle of trust at the end of the month."""
    return f"select count(distinct person_id) from access_trustedprofessional where {_IN_FORCE}"
