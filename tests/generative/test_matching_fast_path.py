"""Whole files are compared in SQL, single pairs in Python: the same levels, weights and bands, on any records."""

from dataclasses import replace

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salus.mpi.matching.batch import judged_pairs
from salus.mpi.matching.keys import keys_of
from salus.mpi.matching.levels import COLUMN, Field
from salus.mpi.matching.model import Model, Terms, default_model
from salus.mpi.matching.pairs import compare_pairs
from salus.mpi.matching.prepared import Prepared, prepare
from salus.mpi.matching.record import Traits
from salus.mpi.matching.score import Band, score_prepared
from salus.mpi.matching.table import fill

# Few values that lie close to each other, and some of any kind: agreement of each level is frequent.
NAMES = st.sampled_from(
    (
        *("Anne", "Anna", "Ane", "A", "Anne-Marie", "Marie", "Weber", "Wéber", "Weber-Muller"),
        *("Muller", "Müller", "Veber", "Wagner", "Li", "inconnu"),
    )
) | st.text(max_size=8)
DATES = st.sampled_from(
    (
        *("1957-03-12", "1957-12-03", "1957-03-13", "1957-01-01", "1957", "1958-03-12"),
        *("1982-07-01", "1957-13-42", "12.03.1957"),
    )
)
PLACES = st.sampled_from(
    ["", "rue de la Gare", "rue de la Gaer", "12, r. de la gare", "Op der Heed"]
)
NUMBERS = st.sampled_from(["", "12", "12a", "13", "1234", "1235", "621123456", "621123465", "0000"])
RECORDS = st.builds(
    Traits,
    given=NAMES,
    family=NAMES,
    birth_family=st.just("") | NAMES,
    birth_text=st.just("") | DATES,
    sex=st.sampled_from(["", "male", "female"]),
    street=PLACES,
    house_number=NUMBERS,
    postal_code=NUMBERS,
    city=st.sampled_from(["", "Luxembourg", "Luxemburg", "Esch"]),
    phone=NUMBERS,
    email=st.sampled_from(["", "anne@post.lu", "ane@post.lu", "paul@post.lu"]),
    national_id=st.sampled_from(["", "1957031212345", "1957031212354", "1982070100000"]),
    multiple_birth=st.sampled_from([None, None, 1, 2]),
)
LEARNED = replace(
    default_model(),
    # So likely that everybody who meets is reviewed at least: all pairs are held against each other.
    prior=1 - 2**-40,
    review=-100.0,
    terms={
        Field.GIVEN: Terms(frequency={"anne": 0.02, "marie": 0.03}, rare=0.0005),
        Field.FAMILY: Terms(frequency={"weber": 0.01}, rare=0.0001),
        Field.BIRTH_DATE: Terms(frequency={"19570312": 0.0002}, rare=0.00003),
    },
)


def by_sql(
    records: list[Prepared], model: Model, *, two_files: bool
) -> dict[tuple[int, int], tuple[float, Band]]:
    with duckdb.connect() as connection:
        fill(connection, ((row % 2, str(row), record) for row, record in enumerate(records)))
        compare_pairs(connection, model, two_files=two_files)
        return {
            (pair.one, pair.other): (round(pair.weight, 6), pair.band)
            for pair in judged_pairs(connection, model)
        }


def one_by_one(
    records: list[Prepared], model: Model, *, two_files: bool
) -> dict[tuple[int, int], tuple[float, Band]]:
    found: dict[tuple[int, int], tuple[float, Band]] = {}
    for one, a in enumerate(records):
        for other, b in enumerate(records):
            met = not set(keys_of(a)).isdisjoint(keys_of(b))
            in_order = one % 2 < other % 2 if two_files else one < other
            if not (met and in_order):
                continue
            match = score_prepared(a, b, model)
            if match.band is not Band.NEW:
                found[one, other] = (round(match.weight, 6), match.band)
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORDS, min_size=2, max_size=30), st.booleans())
def test_files_are_judged_as_single_pairs_are(records: list[Traits], two_files: bool) -> None:
    prepared = [prepare(record) for record in records]
    expected = one_by_one(prepared, LEARNED, two_files=two_files)
    assert by_sql(prepared, LEARNED, two_files=two_files) == expected


def test_every_column_that_a_field_compares_is_in_the_table() -> None:
    with duckdb.connect() as connection:
        fill(connection, [(0, "1", prepare(Traits(given="Anne")))])
        columns = {row[0] for row in connection.execute("describe records").fetchall()}
    assert {COLUMN[field] for field in Field} <= columns
