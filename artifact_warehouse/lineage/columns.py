"""Finds the lineage of a column, as rows and as the edges of a tree. Reads through the caller's connection."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches

import duckdb
import pyarrow as pa

from artifact_warehouse.errors import NoColumnLineage, UnknownColumn
from artifact_warehouse.lineage.nodes import (
    CURRENT,
    TITLES,
    Lineage,
    is_upwards_sql,
    resolve_node,
    states_of,
    timestamp_sql,
)
from artifact_warehouse.storage import query

_RESOLVED_TYPES = ("model", "snapshot", "seed")

_WITHIN = {
    "reached_columns": "reached_columns",
    "edges": "internal.column_edges_at($time)",
    "uses": "internal.column_uses_at($time)",
}
_ACROSS = {
    "reached_columns": "reached_columns_across",
    "edges": "internal.column_edges_across($unique_id, $column, $time)",
    "uses": "internal.column_uses_across($time)",
}
"""What the queries read, within projects and across them."""


def find_column(
    connection: duckdb.DuckDBPyConnection,
    node: str,
    column: str,
    directions: Iterable[str] = ("up", "down"),
    depth: int | None = None,
    at: datetime | None = None,
    across: bool = False,
) -> Lineage:
    """The lineage of a node's column, in one or both directions, `depth` steps at most, now or at a time.

    Upwards, it has the columns that decide the rows of the node, too; downwards, every node whose rows are decided by
    a column of the lineage. With `across` it continues in other projects of the warehouse. Raises UnknownNode,
    NoColumnLineage and UnknownColumn.
    """
    time = timestamp_sql(at)
    unique_id = resolve_node(connection, node, time)
    name = _spelling(connection, unique_id, column, time)
    tables: list[pa.Table] = []
    edges: dict[str, dict[str, list[str]]] = {}
    kinds: dict[tuple[str, str], str] = {}
    for direction in directions:
        steps = _steps(connection, unique_id, name, direction, depth, time, across)
        tables.append(_rows(connection, steps, direction))
        edges[TITLES[direction].format(f"{unique_id}.{name}")] = _nexts(steps, kinds)
    rows = pa.concat_tables(tables)
    nodes = {row["unique_id"] for row in rows.to_pylist()}
    keys = {_key(row["unique_id"], row["column_name"]): row["unique_id"] for row in rows.to_pylist()}
    states = states_of(connection, nodes)
    labels = {key: _label(key, keys[key]) for key in keys}
    marks = {key: states[node] for key, node in keys.items() if node in states}
    return Lineage(_key(unique_id, name), rows, edges, labels, marks, kinds)


def column_ancestors(
    connection: duckdb.DuckDBPyConnection, unique_id: str, column_name: str, across: bool = False
) -> duckdb.DuckDBPyRelation:
    """Every column that a column comes from, with the shortest distance: v1.column_ancestors_of.

    The unique_id may be a name that only one node has. `across` continues in other projects. Raises UnknownNode,
    UnknownColumn and NoColumnLineage.
    """
    sql = f"FROM v1.column_ancestors_of(?, ?{', TRUE' if across else ''})"
    return connection.sql(sql, params=_column(connection, unique_id, column_name))


def column_descendants(
    connection: duckdb.DuckDBPyConnection, unique_id: str, column_name: str, across: bool = False
) -> duckdb.DuckDBPyRelation:
    """Every column that a column flows into, with the shortest distance: v1.column_descendants_of.

    The unique_id may be a name that only one node has. `across` continues in other projects. Raises UnknownNode,
    UnknownColumn and NoColumnLineage.
    """
    sql = f"FROM v1.column_descendants_of(?, ?{', TRUE' if across else ''})"
    return connection.sql(sql, params=_column(connection, unique_id, column_name))


def _column(connection: duckdb.DuckDBPyConnection, node: str, column: str) -> list[str]:
    unique_id = resolve_node(connection, node)
    return [unique_id, _spelling(connection, unique_id, column, CURRENT)]


def _spelling(connection: duckdb.DuckDBPyConnection, unique_id: str, column: str, time: str) -> str:
    """The name of the column in the spelling of its node."""
    resolved = connection.execute(
        query("resolved_columns", time=time), {"unique_id": unique_id, "resolved_types": list(_RESOLVED_TYPES)}
    ).fetchall()
    if not resolved:
        raise NoColumnLineage(unique_id)
    others = connection.execute(query("known_columns", time=time), {"unique_id": unique_id}).fetchall()
    of_environments = resolved if unique_id.split(".", 1)[0] in _RESOLVED_TYPES else []
    own = [name for (columns,) in of_environments for name in columns or ()]
    known: dict[str, str] = {name.lower(): name for name in (*(name for (name,) in others), *own)}
    if column.lower() not in known:
        near = get_close_matches(column.lower(), known, n=5, cutoff=0.5) or sorted(known)[:10]
        raise UnknownColumn(unique_id, column, tuple(known[name] for name in near))
    return known[column.lower()]


def _steps(
    connection: duckdb.DuckDBPyConnection,
    unique_id: str,
    column: str,
    direction: str,
    depth: int | None,
    time: str,
    across: bool,
) -> pa.Table:
    """Every edge and use between the column and what is reached from it, each pointing away from it."""
    literals = {**(_ACROSS if across else _WITHIN), "is_upwards": is_upwards_sql(direction), "time": time}
    values = {"unique_id": unique_id, "column": column, "depth": depth}
    reached = connection.sql(query("reached_columns", **literals), params=values).to_arrow_table()
    connection.register("reached", reached)
    try:
        return connection.sql(query("column_steps", **literals), params=values).to_arrow_table()
    finally:
        connection.unregister("reached")


def _rows(connection: duckdb.DuckDBPyConnection, steps: pa.Table, direction: str) -> pa.Table:
    connection.register("steps", steps)
    try:
        return connection.sql(query("column_lineage"), params={"direction": direction}).to_arrow_table()
    finally:
        connection.unregister("steps")


def _nexts(steps: pa.Table, kinds: dict[tuple[str, str], str]) -> dict[str, list[str]]:
    """The next columns of every column. Adds the kind of each step to `kinds`; the kind of a use has brackets."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in steps.to_pylist():
        step = (_key(row["here_unique_id"], row["here_column"]), _key(row["there_unique_id"], row["there_column"]))
        found.setdefault(step, set()).add(f"({row['kind']})" if row["is_use"] else row["kind"])
    nexts: dict[str, list[str]] = {}
    for (here, there), names in sorted(found.items()):
        nexts.setdefault(here, []).append(there)
        kinds[here, there] = ", ".join(sorted(names, key=lambda name: (name.startswith("("), name)))
    return nexts


def _key(unique_id: str, column: str | None) -> str:
    return unique_id if column is None else f"{unique_id}.{column}"


def _label(key: str, unique_id: str) -> str:
    """The type and the name of a node; of another relation its name in the code."""
    resource_type, *_, name = unique_id.split(".", 2) if unique_id.count(".") > 1 else ("", unique_id)
    is_node = resource_type in (*_RESOLVED_TYPES, "source")
    return f"{resource_type} {name}{key.removeprefix(unique_id)}" if is_node else key
