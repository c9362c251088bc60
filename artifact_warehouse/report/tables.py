"""The data of the report: a dictionary of Arrow tables, one for each statement of sql/queries/report/."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from artifact_warehouse.storage import parameters, query

CORE = (
    *("invocations", "logical_runs", "executions", "timelines", "simulations", "skips"),
    *("nodes", "tests", "execution_times", "reliability", "definitions", "manifests", "edges"),
    *("incidents", "regressions", "freshness", "sources", "exposures", "metrics"),
    *("costs", "costs_by_day", "waste", "criticality", "rules", "coverage"),
)
"""The tables that the overviews need."""

DETAILS = (
    *("messages", "texts", "columns", "column_edges", "column_uses", "column_coverage", "relation_stats"),
    *("code", "compiled_code"),
)
"""The tables that the page unpacks when a node or a failure is first looked at."""

Tables = dict[str, pa.Table]

_AT_ONCE = 4


@dataclass(frozen=True)
class Choice:
    """The parameters of the report's statements. None is no restriction."""

    project: str | None = None
    environment: str | None = None
    job: str | None = None
    since: datetime | None = None
    whole_runs: int | None = None
    """How many runs of each job have a whole timeline, beside all that failed."""


def read_tables(connection: duckdb.DuckDBPyConnection, names: Iterable[str], choice: Choice) -> Tables:
    """The rows of these statements. Several run at once: DuckDB plans a statement on one thread."""
    names = tuple(names)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        tables = pool.map(lambda name: _read(connection, query(f"report/{name}"), choice), names)
        return dict(zip(names, tables, strict=True))


def _read(connection: duckdb.DuckDBPyConnection, sql: str, choice: Choice) -> pa.Table:
    with connection.cursor() as cursor:
        return cursor.sql(sql, params=parameters(sql, asdict(choice))).to_arrow_table()


def shown_sql(name: str, choice: Choice) -> str:
    """The statement with its parameters as literals: it can be run in any DuckDB shell."""
    literals = {f"${key}": _literal(value) for key, value in asdict(choice).items()}
    sql = query(f"report/{name}").strip()
    return re.sub(r"\$\w+", lambda found: literals[found[0]], sql)


def _literal(value: str | int | datetime | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value}'"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
