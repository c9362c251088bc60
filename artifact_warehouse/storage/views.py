"""Deploys and describes the views of sql/, on a connection that is passed in."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from artifact_warehouse.errors import UnknownView
from artifact_warehouse.storage import sql_files
from artifact_warehouse.storage.sql_files import SqlFile


@cache
def fingerprint() -> str:
    """A hash of all deployed SQL."""
    return hashlib.sha256(sql_files.all_text().encode()).hexdigest()


def deploy(connection: duckdb.DuckDBPyConnection) -> None:
    """Create or replace every view and macro, in the order of their dependencies.

    Drops the views that are no longer in sql/. The caller opens the transaction.
    """
    for schema in sql_files.schemas():
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    current = {file.full_name for file in sql_files.sql_files()}
    for schema, name in _deployed_views(connection):
        if f"{schema}.{name}" not in current:
            connection.execute(f'DROP VIEW "{schema}"."{name}"')
    for file in sql_files.sql_files():
        connection.execute(file.sql)
    _comment_from_glossary(connection)


def _comment_from_glossary(connection: duckdb.DuckDBPyConnection) -> None:
    """Comment the public columns that have no comment in their view's file. Replacing a view erases its comments."""
    query = sql_files.query("uncommented_columns", glossary=sql_files.glossary_sql())
    uncommented = connection.execute(query, {"schemas": list(sql_files.public_schemas())}).fetchall()
    for schema, view, column, sentence in uncommented:
        quoted = sentence.replace("'", "''")
        connection.execute(f"COMMENT ON COLUMN {schema}.{view}.{column} IS '{quoted}'")


def public_views(schema: str = "v1") -> tuple[SqlFile, ...]:
    """The views and macros of a public schema, by name."""
    return tuple(sorted((f for f in sql_files.sql_files() if f.schema == schema), key=lambda file: file.name))


def public_view(name: str, kind: str | None = None) -> SqlFile:
    """The public view or macro of that name, with or without the schema. Raises UnknownView."""
    known = [file for file in public_views() if kind in (None, file.kind)]
    for file in known:
        if name in (file.name, file.full_name):
            return file
    raise UnknownView(name, tuple(file.name for file in known))


class PublicViews:
    """The views of a public schema as attributes, each a relation; the table macros as methods.

    `help` of it lists them with what they have.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def __getattr__(self, name: str) -> Any:
        """Raises UnknownView, which is an AttributeError too, for another name."""
        raise UnknownView(name, tuple(file.name for file in public_views()))

    def __repr__(self) -> str:
        """The names and what they have."""
        files = public_views(self._schema)
        width = max(len(file.name) for file in files)
        return "\n".join(f"{file.name:{width}}  {file.summary}" for file in files)


def namespace(connection: duckdb.DuckDBPyConnection, schema: str = "v1") -> PublicViews:
    """The views and macros of a public schema as attributes of an object, with their sentences as documentation."""
    members = {file.name: _member(file) for file in public_views(schema)}
    views: type[PublicViews] = type(schema, (PublicViews,), {**members, "__doc__": PublicViews.__doc__})
    return views(connection, schema)


def _member(file: SqlFile) -> Any:
    documentation = f"{file.summary}\n\nOne row per {', '.join(file.grain)}."
    if file.kind == "view":
        return property(lambda self: self._connection.sql(f"FROM {file.full_name}"), doc=documentation)

    def macro(self: PublicViews, *args: Any, **kwargs: Any) -> duckdb.DuckDBPyRelation:
        named = [f"{name} := ${name}" for name in kwargs]
        places = [f"$argument_{number}" for number in range(len(args))]
        values = {**kwargs, **{place[1:]: value for place, value in zip(places, args, strict=True)}}
        return self._connection.sql(f"FROM {file.full_name}({', '.join([*places, *named])})", params=values)

    macro.__doc__, macro.__name__ = documentation, file.name
    return macro


def describe_all(connection: duckdb.DuckDBPyConnection, schema: str = "v1") -> pa.Table:
    """The views and macros of a public schema that are deployed: name, kind, grain and summary."""
    deployed = connection.execute(sql_files.query("deployed_objects"), {"schema": schema}).fetchall()
    files = [file for file in public_views(schema) if (file.name,) in deployed]
    return pa.table(
        {
            "name": [file.full_name for file in files],
            "kind": [file.kind for file in files],
            "grain": [", ".join(file.grain) for file in files],
            "summary": [file.summary for file in files],
        }
    )


def describe(connection: duckdb.DuckDBPyConnection, file: SqlFile) -> pa.Table:
    """The columns of a deployed view, or of a macro's result: name, type and comment."""
    if file.kind == "macro":
        return connection.sql(
            f"SELECT column_name AS name, column_type AS type, NULL::VARCHAR AS comment "
            f"FROM (DESCRIBE SELECT * FROM {file.full_name}({_no_arguments(file)}))"
        ).to_arrow_table()
    return connection.sql(
        "SELECT column_name AS name, data_type AS type, comment FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = $1 AND table_name = $2 "
        "ORDER BY column_index",
        params=[file.schema, file.name],
    ).to_arrow_table()


def _no_arguments(file: SqlFile) -> str:
    parameters = file.sql.split(f"MACRO {file.full_name}(", 1)[1].split(")", 1)[0]
    return ", ".join("NULL" for _ in parameters.split(","))


def _deployed_views(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal AND database_name = current_database() "
        "AND list_contains(?, schema_name)",
        [list(sql_files.schemas())],
    ).fetchall()
