"""The baselines: `python benchmarks/baselines.py NAME ARGUMENTS`, each a process of its own.

Every baseline imports only the packages that it needs.
"""

import sys
from pathlib import Path

EXECUTIONS = """
    invocation_id VARCHAR, unique_id VARCHAR, status VARCHAR, execution_seconds DOUBLE, compile_started_at TIMESTAMP,
    compile_completed_at TIMESTAMP, execute_started_at TIMESTAMP, execute_completed_at TIMESTAMP, thread_id VARCHAR,
    message VARCHAR, failures BIGINT, adapter_response JSON, relation_name VARCHAR, compiled_code VARCHAR
"""
INVOCATIONS = """
    invocation_id VARCHAR, generated_at TIMESTAMP, dbt_version VARCHAR, elapsed_seconds DOUBLE, args JSON
"""
RESULTS = """
    STRUCT(
        status VARCHAR, timing STRUCT("name" VARCHAR, started_at TIMESTAMP, completed_at TIMESTAMP)[],
        thread_id VARCHAR, execution_time DOUBLE, adapter_response JSON, message VARCHAR, failures BIGINT,
        unique_id VARCHAR, compiled_code VARCHAR, relation_name VARCHAR
    )[]
"""


def files(folder: str) -> list[Path]:
    """A file itself, or all JSON files below a folder."""
    path = Path(folder)
    return [path] if path.is_file() else sorted(path.rglob("*.json"))


def loads(*folders: str) -> None:
    """Read and orjson.loads every file, one after the other."""
    import orjson

    for folder in folders:
        for path in files(folder):
            orjson.loads(path.read_bytes())


def loads_without_gc(*folders: str) -> None:
    """The same with Python's garbage collector off."""
    import gc

    gc.disable()
    loads(*folders)


def parser(folder: str, limit: str) -> None:
    """Read and parse the first `limit` run_results with dbt-artifacts-parser."""
    import json

    from dbt_artifacts_parser.parser import parse_run_results

    for path in files(folder)[: int(limit)]:
        parse_run_results(json.loads(path.read_bytes()))


def import_parser() -> None:
    """Only import dbt-artifacts-parser."""
    from dbt_artifacts_parser.parser import parse_run_results  # noqa: F401


def colibri(manifest: str, catalog: str) -> None:
    """Extract all column lineage with dbt-colibri. Runs in an environment of its own."""
    import logging

    logging.disable(logging.CRITICAL)
    from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor

    DbtColumnLineageExtractor(manifest, catalog).extract_project_lineage()


def plain_duckdb(folder: str, target: str) -> None:
    """run_results into a fresh DuckDB file with SQL only: every file read once, two INSERT … SELECT."""
    import duckdb

    read = f"""
        read_json('{folder}/**/run_results.json', hive_partitioning = false, maximum_object_size = 16777216,
            columns = {{
                metadata: 'STRUCT(invocation_id VARCHAR, generated_at TIMESTAMP, dbt_version VARCHAR)',
                elapsed_time: 'DOUBLE', args: 'JSON', results: '{RESULTS}'
            }})
    """
    with duckdb.connect(target) as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"CREATE TABLE invocations ({INVOCATIONS})")
        connection.execute(f"CREATE TABLE node_executions ({EXECUTIONS})")
        connection.execute(f"CREATE TEMP TABLE files AS SELECT * FROM {read}")
        connection.execute(
            "INSERT INTO invocations SELECT metadata.invocation_id, metadata.generated_at, metadata.dbt_version, "
            "elapsed_time, args FROM files"
        )
        connection.execute(
            "INSERT INTO node_executions SELECT invocation_id, r.unique_id, r.status, r.execution_time, "
            "r.timing[1].started_at, r.timing[1].completed_at, r.timing[2].started_at, r.timing[2].completed_at, "
            "r.thread_id, r.message, r.failures, r.adapter_response, r.relation_name, r.compiled_code "
            "FROM (SELECT metadata.invocation_id AS invocation_id, unnest(results) AS r FROM files)"
        )


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
