"""Figures of the vaccination record (CVE)."""

from salus.kernel.indicator import Measure, chart, figure

_ACT_TYPES = ("performed", "historical", "msvac")
_AGE_BANDS = ("0-4", "5-11", "12-17", "18-29", "30-49", "50-64", "65+")
_NOT_IN_ERROR = "(entered_in_error_at is null or entered_in_error_at >= %(end)s)"

# Bands follow the ages of the schedule: infant and toddler, school, adolescent booster, adults.
_AGE_BAND = """
    case when age < 5 then '0-4' when age < 12 then '5-11' when age < 18 then '12-17'
         when age < 30 then '18-29' when age < 50 then '30-49' when age < 65 then '50-64'
         else '65+' end
"""


@figure(service="vaccination", measure=Measure.STOCK, unit="records")
def vaccination_records_total() -> str:
    """Electronic vaccination records that exist at the end of the month."""
    return "select count(*) from vaccination_vaccinationrecord where opened_at < %(end)s"


@figure(service="vaccination", measure=Measure.STOCK, unit="vaccinations")
def vaccinations_total() -> str:
    """Vaccinations in these records at the end of the month, of every act type.

    Those marked as entered in error do not count.
    """
    return f"""
        select count(*) from vaccination_immunization
        where recorded_at < %(end)s and {_NOT_IN_ERROR}
    """


@figure(service="vaccination", measure=Measure.STOCK, unit="consents", glossary="record_consent")
def record_transfer_consents_total() -> str:
    """Vaccination records whose owner consents, at the end of the month, to the automatic transfer
    of vaccinations into the shared care record.
    """
    return """
        select count(*) from vaccination_transferconsent
        where given_at < %(end)s and (withdrawn_at is null or withdrawn_at >= %(end)s)
    """


@chart(service="vaccination", measure=Measure.STOCK, unit="records")
def vaccination_records_stock() -> str:
    """Electronic vaccination records that exist at the end of each month."""
    return """
        select opens::date, '', count(person_id)
        from generate_series(%(start)s::timestamptz, %(end)s - interval '1 day', '1 month') opens
        left join vaccination_vaccinationrecord on opened_at < opens + interval '1 month'
        group by opens
    """


@chart(service="vaccination", measure=Measure.FLOW, unit="vaccinations")
def vaccinations_recorded() -> str:
    """Vaccinations by the month in which they entered a record, whenever they were given.

    Those marked as entered in error by the end of the reported month do not count.
    """
    return f"""
        select date_trunc('month', recorded_at)::date, '', count(*) from vaccination_immunization
        where recorded_at >= %(start)s and recorded_at < %(end)s and {_NOT_IN_ERROR}
        group by 1
    """


@chart(
    service="vaccination",
    measure=Measure.FLOW,
    unit="vaccinations",
    dimension="act_type",
    codes=_ACT_TYPES,
)
def vaccinations_by_type() -> str:
    """Vaccinations by the month in which they entered a record, and by act type.

    Performed: recorded by the vaccinator who gave them; historical: copied from a card or certificate;
    MSVAC: imported from the COVID-19 campaign. Those marked as entered in error do not count.
    """
    return f"""
        select date_trunc('month', recorded_at)::date, act_type, count(*)
        from vaccination_immunization
        where recorded_at >= %(start)s and recorded_at < %(end)s and {_NOT_IN_ERROR}
        group by 1, 2
    """


@chart(
    service="vaccination",
    measure=Measure.SHARE,
    unit="percent",
    dimension="age_band",
    codes=_AGE_BANDS,
)
def vaccination_records_by_age() -> str:
    """Share of all vaccination records by the age of their owner, at the end of each month."""
    return f"""
        with owner as (
            select opens, extract(year from age(closes::date - 1, birth_date)) as age
            from generate_series(
                %(start)s::timestamptz, %(end)s - interval '1 day', '1 month') opens
            cross join lateral (select opens + interval '1 month' as closes) month
            join vaccination_vaccinationrecord record on opened_at < closes
            join mpi_person on mpi_person.id = record.person_id
        )
        select opens::date, {_AGE_BAND}, 100.0 * count(*) / sum(count(*)) over (partition by opens)
        from owner group by 1, 2, opens
    """


@chart(
    service="vaccination",
    measure=Measure.STOCK,
    unit="vaccinations",
    dimension="age_band",
    codes=_AGE_BANDS,
)
def vaccinations_by_age() -> str:
    """All vaccinations in the records by the age of the record's owner, at the end of each month."""
    return f"""
        with act as (
            select opens, extract(year from age(closes::date - 1, birth_date)) as age
            from generate_series(
                %(start)s::timestamptz, %(end)s - interval '1 day', '1 month') opens
            cross join lateral (select opens + interval '1 month' as closes) month
            join vaccination_immunization on recorded_at < closes
             and (entered_in_error_at is null or entered_in_error_at >= closes)
            join mpi_person on mpi_person.id = record_id
        )
        select opens::date, {_AGE_BAND}, count(*) from act group by 1, 2
    """
