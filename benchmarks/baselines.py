"""The baselines: `python benchmarks/baselines.py NAME ARGUMENTS`, each a process of its own.

Every baseline imports only the packages that it needs.
"""

import sys
from pathlib import Path


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


def parser(folder: str, limit: str) -> None:
    """Read and parse the first `limit` run_results with dbt-artifacts-parser."""
    import json

    from dbt_artifacts_parser.parser import parse_run_results

    for path in files(folder)[: int(limit)]:
        parse_run_results(json.loads(path.read_bytes()))


def colibri(manifest: str, catalog: str) -> None:
    """Extract all column lineage with dbt-colibri. Runs in an environment of its own."""
    import logging

    logging.disable(logging.CRITICAL)
    from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor

    DbtColumnLineageExtractor(manifest, catalog).extract_project_lineage()


def plain_duckdb(folder: str, target: str) -> None:
    """run_results into a fresh DuckDB file with plain_duckdb.sql."""
    import duckdb

    with duckdb.connect(target) as connection:
        connection.execute("SET VARIABLE files = ?", [f"{folder}/**/run_results.json"])
        connection.execute(Path(__file__).with_name("plain_duckdb.sql").read_text())


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
