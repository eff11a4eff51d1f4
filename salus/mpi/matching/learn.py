"""Learns a model of records without being told which are the same: Splink, on DuckDB.

u by random sampling, m by expectation maximisation over blocks, the prior by rules that hardly err. What the
records are too few to tell is filled up from the model that we start from.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import duckdb

from salus.mpi.matching.levels import COLUMN, Field, Level
from salus.mpi.matching.levels_sql import CONDITIONS, is_not_known
from salus.mpi.matching.model import Model, Odds, Terms, default_model
from salus.mpi.matching.pairs import compare_pairs

_MOST_PAIRS = 2_000_000
_SEED = 20
_ITERATIONS = (
    12  # with more, levels that one person's records never show sink below what a float can say
)
# Pairs that weigh as much as what the first model says of a level.
_FIRST_PAIRS = 50
_FIRST_RANDOM_PAIRS = 200
_FEWEST_RECORDS = 100  # fewer say nothing that would weigh
_FIRST_RECORDS = 200  # the same of the frequency of a value
# Blocks in which weights are learned: those of the other fields. Each is used where its columns are known.
_BLOCKS: tuple[tuple[Field, ...], ...] = (
    (Field.BIRTH_DATE,),
    (Field.GIVEN, Field.FAMILY),
    (Field.NATIONAL_ID,),
    (Field.PHONE,),
    (Field.FAMILY, Field.POSTAL_CODE),
)
# Who agrees in all of one of these is hardly ever another.
_CERTAIN: tuple[tuple[Field, ...], ...] = (
    (Field.GIVEN, Field.FAMILY, Field.BIRTH_DATE),
    (Field.GIVEN, Field.FAMILY, Field.STREET, Field.HOUSE_NUMBER),
    (Field.GIVEN, Field.BIRTH_DATE, Field.STREET),
    (Field.FAMILY, Field.BIRTH_DATE, Field.STREET, Field.GIVEN),
    (Field.NATIONAL_ID,),
)
_RECALL = 0.8  # of those rules, on registries as they are
# Relatives under one roof agree in these as one person's records do.
_ADDRESS = frozenset({Field.STREET, Field.HOUSE_NUMBER, Field.POSTAL_CODE, Field.CITY})
_ROUNDS = 20
_FEWEST_RELATIVES = (
    0.05  # to one person's pairs: files in which none show may have some all the same
)
_TERMS = (Field.GIVEN, Field.FAMILY, Field.BIRTH_DATE, Field.STREET, Field.POSTAL_CODE, Field.CITY)


def learn(
    connection: duckdb.DuckDBPyConnection,
    *,
    two_files: bool = False,
    first: Model | None = None,
    advance: Callable[[float], object] = lambda done: None,
) -> Model:
    """The model of the table ``records`` (see `table.fill`); ``first`` is what is known before (the default model).

    Leaves the table ``close`` of `pairs.compare_pairs` behind, compared by what was learned.
    """
    first = first or default_model()
    known = _known(connection)
    count = _count(connection, "select count(*) from records")
    terms = dict(_terms(connection, known, count, first))
    learned = _splink(connection, known, two_files) if count >= _FEWEST_RECORDS else {}
    pairs = _pairs(connection, two_files)
    prior = _prior(connection, known, two_files, pairs)
    matches = prior * pairs
    fields = {
        field: _mixed(field, levels, learned.get(field, {}), matches, pairs)
        for field, levels in first.fields.items()
        if field in known
    }
    model = Model(
        prior=prior,
        fields=_swapped_as_equal(fields),
        terms=terms,
        link=first.link,
        review=first.review,
        relatives=prior,
    )
    compare_pairs(connection, model, two_files=two_files, advance=advance)
    return _with_shares(connection, model, pairs)


def _with_shares(connection: duckdb.DuckDBPyConnection, model: Model, pairs: int) -> Model:
    """With the shares of one person's pairs and of relatives', by expectation maximisation over the close ones."""
    found = connection.execute(
        "select round(same * 4) / 4, round(relatives * 4) / 4, count(*) from close group by 1, 2 order by 1, 2"
    ).fetchall()
    prior, relatives = model.prior, model.relatives
    for _ in range(_ROUNDS):
        one_person = two_relatives = 0.5
        for same, related, count in found:
            m, r = prior * 2.0**same, relatives * 2.0**related
            whole = m + r + 1 - prior - relatives
            one_person += count * m / whole
            two_relatives += count * r / whole
        prior = min(one_person / max(pairs, 1), 0.4)
        relatives = min(max(two_relatives / max(pairs, 1), prior * _FEWEST_RELATIVES), 0.4)
    return replace(model, prior=prior, relatives=relatives)


def _known(connection: duckdb.DuckDBPyConnection) -> frozenset[Field]:
    """Fields of which at least two records say something."""
    asked = ", ".join(f"count({COLUMN[field]})" for field in Field)
    (counts,) = connection.execute(f"select {asked} from records").fetchall()
    return frozenset(field for field, count in zip(Field, counts, strict=True) if count > 1)


def _pairs(connection: duckdb.DuckDBPyConnection, two_files: bool) -> int:
    if two_files:
        return _count(
            connection,
            "select count(*) filter (file = 0) * count(*) filter (file = 1) from records",
        )
    return _count(connection, "select count(*) * (count(*) - 1) // 2 from records")


def _count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    ((number,),) = connection.execute(sql).fetchall()
    return int(number)


def _prior(
    connection: duckdb.DuckDBPyConnection, known: frozenset[Field], two_files: bool, pairs: int
) -> float:
    """The probability that two records drawn at random are one person's; never nought."""
    rules = [rule for rule in _CERTAIN if known.issuperset(rule)]
    found = " union ".join(
        "select l.row as l, r.row as r from records l join records r on"
        + " and ".join(f" l.{COLUMN[field]} = r.{COLUMN[field]}" for field in rule)
        + (" and l.file < r.file" if two_files else " and l.row < r.row")
        for rule in rules
    )
    matches = _count(connection, f"select count(*) from ({found})") if rules else 0
    return min(0.5, max(matches, 0.5) / _RECALL / max(pairs, 1))


def _terms(
    connection: duckdb.DuckDBPyConnection, known: frozenset[Field], count: int, first: Model
) -> Iterator[tuple[Field, Terms]]:
    """How frequent each value is among the other records: less one, of whom a rare value is as good as proof."""
    for field in _TERMS:
        if field not in known:
            continue
        column = COLUMN[field]
        rows = connection.execute(
            f"select {column}, count(*) from records where {column} is not null"
            " group by all having count(*) > 2 order by all"
        ).fetchall()
        before = _FIRST_RECORDS * first.fields[field][Level.EQUAL].u
        whole = count + _FIRST_RECORDS
        yield (
            field,
            Terms(
                frequency={value: (times - 1 + before) / whole for value, times in rows},
                rare=(1 + before) / whole,
            ),
        )


def _mixed(
    field: Field,
    first: Mapping[Level, Odds],
    learned: Mapping[Level, tuple[float | None, float | None]],
    matches: float,
    pairs: float,
) -> dict[Level, Odds]:
    """What was learned, weighed by how many pairs it comes of, and what was known before by a few."""
    share = matches / max(pairs, 1)
    mixed = {}
    for level, odds in first.items():
        m, u = learned.get(level, (None, None))
        new_m = _between(odds.m, _FIRST_PAIRS, m, matches)
        if u is not None:
            # Pairs drawn at random hold the share of one person's pairs that the prior says.
            u = max((u - share * new_m) / (1 - share), u / 20)
        new_u = _between(odds.u, _FIRST_RANDOM_PAIRS, u, min(pairs, _MOST_PAIRS))
        mixed[level] = Odds(m=new_m, u=new_u, r=new_m if field in _ADDRESS else max(odds.r, new_u))
    return mixed


def _swapped_as_equal(
    fields: dict[Field, dict[Level, Odds]],
) -> dict[Field, dict[Level, Odds]]:
    """Swapped names are two equal ones, and that they are swapped, which counts once: with the family name."""
    for field, levels in fields.items():
        if Level.SWAPPED in levels and field is not Field.BIRTH_DATE:
            equal = levels[Level.EQUAL]
            m = equal.m if field is Field.GIVEN else min(levels[Level.SWAPPED].m, equal.m)
            levels[Level.SWAPPED] = Odds(m=m, u=equal.u, r=equal.r)
    return fields


def _between(first: float, first_pairs: float, learned: float | None, pairs: float) -> float:
    if learned is None:
        return first
    return (first * first_pairs + learned * pairs) / (first_pairs + pairs)


def _splink(
    connection: duckdb.DuckDBPyConnection, known: frozenset[Field], two_files: bool
) -> dict[Field, dict[Level, tuple[float | None, float | None]]]:
    """m and u of each level that the records show."""
    # Heavy, and needed by nobody else.
    from splink import DuckDBAPI, Linker, block_on
    from splink.internals.exceptions import EMTrainingException

    logging.getLogger("splink").setLevel(logging.ERROR)
    api = DuckDBAPI(connection=connection)
    tables = [
        api.register(
            connection.sql(f"select * from records where file = {file}"),
            dataset_display_name=f"records_{file}",
        )
        for file in ((0, 1) if two_files else (0,))
    ]
    linker = Linker(tables, _settings(known, two_files), log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=_MOST_PAIRS, seed=_SEED)
    for block in _BLOCKS:
        if not known.issuperset(block) or known <= _told_by(block):
            continue
        # Nothing to learn where no two records meet in this block, or where those of one person agree in so much
        # that the probability of a level comes out as nought (ValueError).
        with suppress(EMTrainingException, ValueError):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*(COLUMN[field] for field in block)), max_pairs=_MOST_PAIRS
            )
    return _read(linker.misc.save_model_to_json())


def _told_by(block: tuple[Field, ...]) -> frozenset[Field]:
    """The fields of which pairs of a block tell nothing: swapped names are levels of both names."""
    names = {Field.GIVEN, Field.FAMILY}
    return frozenset(block) | (names if names.intersection(block) else frozenset())


def _settings(known: frozenset[Field], two_files: bool) -> dict[str, Any]:
    return {
        "link_type": "link_only" if two_files else "dedupe_only",
        "unique_id_column_name": "row",
        "comparisons": [
            {"output_column_name": field, "comparison_levels": _levels(field)}
            for field in Field
            if field in known
        ],
        "blocking_rules_to_generate_predictions": [],
        "max_iterations": _ITERATIONS,
    }


def _levels(field: Field) -> Sequence[Mapping[str, object]]:
    return [
        {
            "sql_condition": is_not_known(field),
            "label_for_charts": Level.NOT_KNOWN,
            "is_null_level": True,
        },
        *(
            {"sql_condition": condition, "label_for_charts": level}
            for level, condition in CONDITIONS[field]
        ),
        {"sql_condition": "ELSE", "label_for_charts": Level.DIFFERS},
    ]


def _read(
    settings: Mapping[str, Any],
) -> dict[Field, dict[Level, tuple[float | None, float | None]]]:
    return {
        Field(comparison["output_column_name"]): {
            level["label_for_charts"]: (level.get("m_probability"), level.get("u_probability"))
            for level in comparison["comparison_levels"]
        }
        for comparison in settings["comparisons"]
    }
