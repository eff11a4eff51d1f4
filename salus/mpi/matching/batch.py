"""Which records of whole files are one person's: the pairs that share a key, weighed in SQL, judged by `score`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from salus.mpi.matching.levels import Field, Level
from salus.mpi.matching.model import Model
from salus.mpi.matching.pairs import GUARDED, levels_of_close
from salus.mpi.matching.prepared import Prepared
from salus.mpi.matching.score import Band, Match, judge

_SLACK = 0.001  # bits that floating point may lose between SQL and here
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Two rows of the table ``records``, ``one`` before ``other`` (of the first and the second file)."""

    one: int
    other: int
    weight: float
    band: Band


def judged_pairs(connection: duckdb.DuckDBPyConnection, model: Model) -> Iterator[Judged]:
    """The pairs of bands link and review, each once, in no order. Needs the tables of `pairs.compare_pairs`."""
    where = f"""{model.prior_weight!r} + same - case when relatives > 0
            then log2({1 - model.relatives!r} + {model.relatives!r} * pow(2, relatives)) else 0 end
        >= {model.review - _SLACK!r}"""
    found = connection.sql(levels_of_close(model, where=where))
    for batch in found.to_arrow_reader(_ROWS_AT_ONCE):
        for pair in batch.to_pylist():
            match = _judged(pair, model)
            if match.band is not Band.NEW:
                yield Judged(
                    one=pair["row_l"],
                    other=pair["row_r"],
                    weight=match.weight,
                    band=match.band,
                )


def _judged(pair: Mapping[str, Any], model: Model) -> Match:
    return judge(
        _side(pair, "l"),
        _side(pair, "r"),
        {field: Level(pair[field]) for field in Field},
        {field: pair[f"frequency_{field}"] for field in model.terms},
        model,
    )


def _side(pair: Mapping[str, Any], side: str) -> Prepared:
    """What guards look at of one record."""
    return Prepared(
        **{column: value for column in GUARDED if (value := pair[f"{column}_{side}"]) is not None}
    )
