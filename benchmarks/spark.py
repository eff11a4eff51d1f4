"""The model that DuckDB learned, exported as JSON and run on Spark: do the same pairs get the same weights?

For a country whose index outgrows one machine. Splink learns on DuckDB over the records of FEBRL 1; its settings are
written as JSON, their conditions translated, and read by Splink on a local Spark. Both weigh all pairs of two blocks.
Needs Java and the dependency group `spark`:

    .tools/bin/uv run --group spark python benchmarks/spark.py [--evidence FILE.md]
"""

import argparse
import json
import logging
import re
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb
import sqlglot
from pyspark import __version__ as spark_version
from pyspark.sql import SparkSession
from splink import DuckDBAPI, Linker, SparkAPI, block_on
from splink.internals.spark.jar_location import similarity_jar_location

from benchmarks.matching import febrl
from benchmarks.matching import records as records_of
from salus.mpi.matching.learn import _known, _settings
from salus.mpi.matching.table import fill
from tools.measuring import commit, machine, written

BLOCKS = ("born", "family_sound")
Weights = dict[tuple[int, int], float]  # of pairs of rows, in bits
# DuckDB's words that sqlglot leaves as they are -> Spark's, and those of Splink's library for it.
WORDS = (
    (r"(?i)jarowinkler_similarity|jaro_winkler_similarity", "jaro_winkler"),
    (r"(?i)list_has_all\((\w+), (\w+)\)", r"size(array_except(\2, \1)) = 0"),
    (r"(\w+) && (\w+)", r"arrays_overlap(\1, \2)"),
)


def learned(records: duckdb.DuckDBPyConnection) -> tuple[dict[str, Any], Weights, float]:
    """Settings as JSON has them, weights, and seconds, on DuckDB."""
    settings = _settings(_known(records), two_files=False) | {
        "blocking_rules_to_generate_predictions": [block_on(column) for column in BLOCKS],
    }
    api = DuckDBAPI(connection=records)
    linker = Linker(api.register(records.table("records")), settings, log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in ("born", "postal_code"):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(block))
    exported = json.loads(json.dumps(linker.misc.save_model_to_json()))
    begun = perf_counter()
    found = weights(linker)
    return exported, found, perf_counter() - begun


def weights(linker: Linker) -> Weights:
    pairs = linker.inference.predict(threshold_match_weight=-100).as_record_list()
    return {(pair["row_l"], pair["row_r"]): pair["match_weight"] for pair in pairs}


def translated(settings: dict[str, Any]) -> dict[str, Any]:
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            if level["sql_condition"] != "ELSE":
                level["sql_condition"] = in_spark(level["sql_condition"])
    rules = [
        {"blocking_rule": f"l.{column} = r.{column}", "sql_dialect": "spark"} for column in BLOCKS
    ]
    return settings | {"sql_dialect": "spark", "blocking_rules_to_generate_predictions": rules}


def in_spark(condition: str) -> str:
    (sql,) = sqlglot.transpile(condition, read="duckdb", write="spark")
    for word, spark in WORDS:
        sql = re.sub(word, spark, sql)
    return sql


def on_spark(records: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> tuple[Weights, float]:
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", similarity_jar_location())
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    try:
        api = SparkAPI(spark_session=session, break_lineage_method="persist")
        table = api.register(session.createDataFrame(records.table("records").to_arrow_table()))
        begun = perf_counter()
        found = weights(Linker(table, translated(settings), log_level=None))
        return found, perf_counter() - begun
    finally:
        session.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--evidence", type=Path, help="a page to write as well")
    options = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    files = febrl(1)
    with duckdb.connect() as records:
        fill(records, records_of(files))
        settings, duck, duck_seconds = learned(records)
        spark, spark_seconds = on_spark(records, settings)
    both = duck.keys() & spark.keys()
    alike = sum(abs(duck[pair] - spark[pair]) < 1e-6 for pair in both)
    furthest = max(abs(duck[pair] - spark[pair]) for pair in both)
    rows = [
        ["what", "DuckDB", f"Spark {spark_version}, local"],
        ["pairs weighed", f"{len(duck):,}", f"{len(spark):,}"],
        ["seconds", f"{duck_seconds:.1f}", f"{spark_seconds:.1f}"],
        ["pairs of both, and of them with the same weight", f"{len(both):,}", f"{alike:,}"],
        ["largest difference, bits", f"{furthest:.2g}", ""],
    ]
    page = f"""# One model on two engines

Commit {commit()}, {machine()}. {len(files.frames[0]):,} records of FEBRL 1. Made by `benchmarks/spark.py`.

{written(rows)}
"""
    print(page)
    if options.evidence:
        options.evidence.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
