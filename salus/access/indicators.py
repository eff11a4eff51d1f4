"""Figures of the shared care record that this domain keeps: the circle of trust and the assistants."""

from salus.kernel.indicator import Measure, figure
from salus.kernel.tally import Tally


@figure(
    service="shared_record",
    title="Record assistants named by patients",
    population="All persons whom patients named as assistants",
    measure=Measure.STOCK,
    unit="persons",
    glossary="assistant",
)
def assistants_declared_total() -> Tally:
    """Persons who are the assistant of at least one patient at the end of the month.

    Whoever assists several patients counts once.
    """
    return Tally(table="access_assistant", since="since", until="until", distinct="assistant_id")


@figure(
    service="shared_record",
    title="Health professionals declared by patients",
    population="All health professionals of the directory",
    measure=Measure.STOCK,
    unit="professionals",
    glossary="declared_professional",
)
def professionals_declared_total() -> Tally:
    """Health professionals in the circle of trust of at least one patient at the end of the month.

    Each counts once, with or without an account of their own.
    """
    return Tally(
        table="access_trustedprofessional",
        since="since",
        until="until",
        distinct="practitioner_id",
    )


@figure(
    service="shared_record",
    title="Patients who declared at least one health professional",
    population="All patients with a shared care record",
    measure=Measure.STOCK,
    unit="patients",
    glossary="declared_professional",
)
def patients_with_declared_professional_total() -> Tally:
    """Patients who have at least one health professional in their circle of trust at the end of the month."""
    return Tally(
        table="access_trustedprofessional", since="since", until="until", distinct="person_id"
    )


@figure(
    service="shared_record",
    title="Declared health professionals who cannot get in",
    population="Health professionals in the circle of trust of at least one patient",
    measure=Measure.STOCK,
    unit="professionals",
    added=True,
    glossary="declared_professional",
)
def professionals_locked_out_total() -> str:
    """Health professionals whom a patient declared, and who cannot open a record at the end of the month.

    They have no activated account of their own, or they are not registered in the directory any more.
    """
    return """
        select count(distinct practitioner_id)
        from access_trustedprofessional trusted
        where since < %(end)s and (until is null or until >= %(end)s)
          and not exists (
            select 1
            from access_accountpractitioner bound
            join accounts_account account on account.id = bound.account_id
            join directory_practitioner practitioner on practitioner.id = bound.practitioner_id
            where bound.practitioner_id = trusted.practitioner_id
              and activated_at < %(end)s and (deleted_at is null or deleted_at >= %(end)s)
              and registered_at < %(end)s and (deregistered_at is null or deregistered_at >= %(end)s))
    """
