"""Answers views over rows that are passed in, in memory: for engines that cannot run a view's SQL themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import Any

import duckdb
import pyarrow as pa

from artifact_warehouse.schema import BY_NAME, TABLES
from artifact_warehouse.storage.duckdb_config import loses_matches
from artifact_warehouse.storage.format import migrate
from artifact_warehouse.storage.sql_files import SqlFile, schemas, sql_files
from artifact_warehouse.storage.writer import insert, write

_PLAIN_TYPES = {"JSON": "VARCHAR", "HUGEINT": "DECIMAL(38, 0)", "UBIGINT": "DECIMAL(20, 0)"}
"""Types that only DuckDB has, and the ones in which their values leave it."""


LEDGER = ("artifact_uris", "settled_artifacts", "artifacts")
"""The tables that a load brings up to date as a whole. No view shows an artifact that is not in the last one."""


def ledger_after(rows: Mapping[str, pa.Table], new: Mapping[str, pa.Table], uris: pa.Table) -> dict[str, pa.Table]:
    """The ledger after a load. `rows` are those before it and the results that tell apart runs which share an id."""
    with _in_memory() as connection:
        migrate(connection)
        for name, table_rows in rows.items():
            insert(connection, BY_NAME[name], table_rows)
        write(connection, [dict(new)], uris)
        columns = {name: BY_NAME[name].arrow_schema for name in LEDGER}
        return {
            name: connection.sql(f"SELECT {', '.join(schema.names)} FROM stored.{name}").to_arrow_table().cast(schema)
            for name, schema in columns.items()
        }


def answers(rows: Mapping[str, pa.Table], views: Collection[str]) -> dict[str, pa.Table]:
    """The rows of some views, by name, where the tables of schema `stored` have the given rows, and no others."""
    with _filled(rows, views) as connection:
        return {view: connection.sql(_selected(connection, view)).to_arrow_table() for view in views}


def called(rows: Mapping[str, pa.Table], macro: str, *arguments: Any, **named: Any) -> pa.Table:
    """The rows of a table macro, over the same tables."""
    values = {f"argument_{number}": value for number, value in enumerate(arguments)} | named
    places = [f"${name}" for name in values.keys() - named.keys()]
    passed = ", ".join([*sorted(places), *(f"{name} := ${name}" for name in named)])
    with _filled(rows, [macro]) as connection:
        connection.execute(f"CREATE TEMP TABLE answer AS FROM {macro}({passed})", values)
        return connection.sql(_selected(connection, "answer")).to_arrow_table()


def tables_read(objects: Collection[str]) -> frozenset[str]:
    """The tables of schema `stored` that some views and macros read, by themselves or through others."""
    read = frozenset[str]().union(*(file.dependencies for file in _with_dependencies(objects)))
    return frozenset(name.removeprefix("stored.") for name in read if name.startswith("stored."))


@contextmanager
def _filled(rows: Mapping[str, pa.Table], objects: Collection[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with the rows, some views or macros, and all that these read."""
    with _in_memory() as connection:
        for schema in ("stored", *schemas()):
            connection.execute(f"CREATE SCHEMA {schema}")
        for table in TABLES:
            connection.execute(table.create_sql())
        for name, table_rows in rows.items():
            insert(connection, BY_NAME[name], table_rows)
        for file in _with_dependencies(objects):
            connection.execute(file.definition)
        yield connection


@contextmanager
def _in_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET python_enable_replacements = false")
        if loses_matches(duckdb.__version__):
            connection.execute("SET disabled_optimizers = 'common_subplan'")
        yield connection


def _with_dependencies(objects: Collection[str]) -> list[SqlFile]:
    """The objects, and those that they read, each after those that it reads."""
    files = {file.full_name: file for file in sql_files()}
    graph: dict[str, list[str]] = {}
    waiting = [*objects]
    while waiting:
        if (name := waiting.pop()) not in graph:
            graph[name] = sorted(files[name].dependencies & files.keys())
            waiting += graph[name]
    return [files[name] for name in TopologicalSorter(graph).static_order()]


def _selected(connection: duckdb.DuckDBPyConnection, view: str) -> str:
    """The query for all rows of a view, in types that other engines have."""
    columns = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {view})").fetchall()
    plain = (f"CAST({name} AS {_PLAIN_TYPES.get(kind, kind)}) AS {name}" for name, kind in columns)
    return f"SELECT {', '.join(plain)} FROM {view}"
