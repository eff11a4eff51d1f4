"""Figures of the vaccination record (CVE)."""

from salus.kernel.indicator import Measure, chart, figure
from salus.kernel.tally import Tally

_ACT_TYPES = ("performed", "historical", "msvac")
# Bands follow the ages of the schedule: infant and toddler, school, adolescent booster, adults.
_AGES = (65, 50, 30, 18, 12, 5)  # at which a band begins, the eldest first
_AGE_BANDS = ("0-4", "5-11", "12-17", "18-29", "30-49", "50-64", "65+")
_RECORDS = Tally(table="vaccination_vaccinationrecord", since="opened_at")
_VACCINATIONS = Tally(
    table="vaccination_immunization", since="recorded_at", until="entered_in_error_at"
)
_EVERY_RECORD = "All electronic vaccination records"
_EVERY_VACCINATION = "All vaccinations ever recorded in a vaccination record"


def _by_age(*, table: str, person: str, since: str, past: str) -> str:
    """Rows in force at the end of each month, by their person's age then."""
    youngest = ", ".join(f"(last - interval '{age} years')::date + 1" for age in _AGES)
    bands = ", ".join(f"'{band}'" for band in reversed(_AGE_BANDS))
    return f"""
        with born as (  -- counted by birth date first: there are far fewer of these than of rows
            select birth_date,
                   case when {since} > %(start)s then date_trunc('month', {since})
                        else %(start)s end as first,
                   {past} as past, count(*) as number
            from {table} join mpi_person on mpi_person.id = {person}
            where {since} < %(end)s group by 1, 2, 3
        ), month as materialized (  -- who was born before the first date is in the eldest band
            select opens, array[{youngest}] as too_young
            from generate_series(
                %(start)s::timestamptz, %(end)s - interval '1 day', '1 month') opens
            cross join lateral (select (opens + interval '1 month')::date - 1 as last) day
        )
        select opens::date, (array[{bands}])[width_bucket(birth_date, too_young) + 1], sum(number)
        from month join born on first <= opens and (past is null or past > opens)
        group by 1, 2
    """


@figure(
    service="vaccination",
    title="Vaccination records",
    population=_EVERY_RECORD,
    measure=Measure.STOCK,
    unit="records",
)
def vaccination_records_total() -> Tally:
    """Electronic vaccination records that exist at the end of the month."""
    return _RECORDS


@figure(
    service="vaccination",
    title="Vaccinations",
    population=_EVERY_VACCINATION,
    measure=Measure.STOCK,
    unit="vaccinations",
)
def vaccinations_total() -> Tally:
    """Vaccinations in these records at the end of the month, of every act type.

    Those marked as entered in error do not count.
    """
    return _VACCINATIONS


@figure(
    service="vaccination",
    title="Consents to transfer into the shared record",
    population=_EVERY_RECORD,
    measure=Measure.STOCK,
    unit="consents",
    glossary="record_consent",
)
def record_transfer_consents_total() -> Tally:
    """Vaccination records whose owner consents, at the end of the month, to the automatic transfer
    of vaccinations into the shared care record.
    """
    return Tally(table="vaccination_transferconsent", since="given_at", until="withdrawn_at")


@chart(
    service="vaccination",
    title="Number of vaccination records",
    population=_EVERY_RECORD,
    measure=Measure.STOCK,
    unit="records",
    total="vaccination_records_total",
)
def vaccination_records_stock() -> Tally:
    """Electronic vaccination records that exist at the end of each month."""
    return _RECORDS


def _recorded_by(dimension: str) -> str:
    return f"""
        select date_trunc('month', recorded_at)::date, {dimension}, count(*)
        from vaccination_immunization
        where recorded_at >= %(start)s and recorded_at < %(end)s
          and (entered_in_error_at is null or entered_in_error_at >= %(end)s)
        group by 1, 2
    """


@chart(
    service="vaccination",
    title="Number of vaccinations",
    population=_EVERY_VACCINATION,
    measure=Measure.FLOW,
    unit="vaccinations",
)
def vaccinations_recorded() -> str:
    """Vaccinations by the month in which they entered a record, whenever they were given.

    Those marked as entered in error by the end of the reported month do not count.
    """
    return _recorded_by("''")


@chart(
    service="vaccination",
    title="Vaccinations by act type",
    population=_EVERY_VACCINATION,
    measure=Measure.FLOW,
    unit="vaccinations",
    dimension="act_type",
    codes=_ACT_TYPES,
    total="vaccinations_recorded",
)
def vaccinations_by_type() -> str:
    """Vaccinations by the month in which they entered a record, and by act type.

    Performed: recorded by the vaccinator who gave them; historical: copied from a card or certificate;
    MSVAC: imported from the COVID-19 campaign. Those marked as entered in error do not count.
    """
    return _recorded_by("act_type")


@chart(
    service="vaccination",
    title="Vaccination records by age band",
    population=_EVERY_RECORD,
    measure=Measure.SHARE,
    unit="percent",
    dimension="age_band",
    codes=_AGE_BANDS,
    total="vaccination_records_total",
)
def vaccination_records_by_age() -> str:
    """Share of all vaccination records by the age of their owner, at the end of each month."""
    return _by_age(
        table="vaccination_vaccinationrecord",
        person="person_id",
        since="opened_at",
        past="null::timestamptz",
    )


@chart(
    service="vaccination",
    title="Vaccinations by age band",
    population=_EVERY_VACCINATION,
    measure=Measure.STOCK,
    unit="vaccinations",
    dimension="age_band",
    codes=_AGE_BANDS,
    total="vaccinations_total",
)
def vaccinations_by_age() -> str:
    """All vaccinations in the records by the age of the record's owner, at the end of each month."""
    return _by_age(
        table="vaccination_immunization",
        person="record_id",
        since="recorded_at",
        past="date_trunc('month', entered_in_error_at)",
    )
