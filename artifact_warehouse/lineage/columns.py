"""One column's lineage, both as rows and as the edges of a tree, on a connection that is passed in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches

import duckdb
import pyarrow as pa

from artifact_warehouse.errors import NoColumnLineage, UnknownColumn
from artifact_warehouse.lineage.nodes import TITLES, Lineage, resolve_node, states_of, timestamp_sql

_MACROS = {"up": "v1.column_ancestors_at", "down": "v1.column_descendants_at"}
_RESOLVED_TYPES = ("model", "snapshot", "seed")
_REACHED = """
SELECT project_name, environment, unique_id, lower(column_name) AS column_key, column_name, distance
FROM {macro}($1, $2, {time})
WHERE distance <= coalesce($3, distance)
UNION ALL
SELECT DISTINCT project_name, environment, $1, lower($2), $2, 0 FROM internal.column_lineages_at({time})
"""
_FLOWS = """
SELECT DISTINCT
    {here}.project_name, {here}.environment,
    here.unique_id AS here_unique_id, here.column_name AS here_column, here.distance,
    there.unique_id AS there_unique_id, there.column_name AS there_column, there.distance AS there_distance,
    edges.kind, FALSE AS is_use
FROM internal.column_edges_at({time}) AS edges
INNER JOIN reached AS {to} ON {to}.unique_id = edges.to_unique_id AND {to}.column_key = lower(edges.to_column)
    AND {to}.project_name IS NOT DISTINCT FROM edges.project_name AND {to}.environment = edges.environment
INNER JOIN reached AS {from_} ON {from_}.unique_id = edges.from_unique_id
    AND {from_}.column_key = lower(edges.from_column)
    AND {from_}.project_name IS NOT DISTINCT FROM edges.project_name AND {from_}.environment = edges.environment
WHERE here.distance < coalesce($1, here.distance + 1)
"""
_USES = {
    "down": """
SELECT DISTINCT
    uses.project_name, uses.environment,
    here.unique_id AS here_unique_id, here.column_name AS here_column, here.distance,
    uses.to_unique_id AS there_unique_id, NULL AS there_column, here.distance + 1 AS there_distance,
    uses.kind, TRUE AS is_use
FROM internal.column_uses_at({time}) AS uses
INNER JOIN reached AS here ON here.unique_id = uses.from_unique_id AND here.column_key = lower(uses.from_column)
    AND here.project_name IS NOT DISTINCT FROM uses.project_name AND here.environment = uses.environment
WHERE here.distance < coalesce($1, here.distance + 1)
""",
    "up": """
SELECT DISTINCT
    uses.project_name, uses.environment,
    here.unique_id AS here_unique_id, here.column_name AS here_column, here.distance,
    uses.from_unique_id AS there_unique_id, uses.from_column AS there_column, 1 AS there_distance,
    uses.kind, TRUE AS is_use
FROM internal.column_uses_at({time}) AS uses
INNER JOIN reached AS here ON here.unique_id = uses.to_unique_id AND here.distance = 0
    AND here.project_name IS NOT DISTINCT FROM uses.project_name AND here.environment = uses.environment
WHERE coalesce($1, 1) > 0
""",
}
_ROWS = """
SELECT
    '{direction}' AS direction,
    min(there_distance) AS distance,
    there_unique_id AS unique_id,
    there_column AS column_name,
    CASE WHEN is_use THEN 'use' ELSE 'flow' END AS relation,
    string_agg(DISTINCT kind, ', ' ORDER BY kind) AS kind,
    project_name,
    environment
FROM steps
WHERE there_distance > 0 AND (is_use OR distance + 1 = there_distance)
GROUP BY project_name, environment, there_unique_id, there_column, is_use
"""


def find_column(
    connection: duckdb.DuckDBPyConnection,
    node: str,
    column: str,
    directions: Iterable[str],
    depth: int | None,
    at: datetime | None = None,
) -> Lineage:
    """The lineage of a node's column, in one or both directions, `depth` steps at most, now or at a time.

    Upwards, what shapes the rows of the node itself is there too; downwards, every node whose rows are shaped by a
    column on the way. Raises UnknownNode, NoColumnLineage and UnknownColumn.
    """
    time = timestamp_sql(at)
    unique_id = resolve_node(connection, node, time)
    name = _spelling(connection, unique_id, column, time)
    tables: list[pa.Table] = []
    edges: dict[str, dict[str, list[str]]] = {}
    kinds: dict[tuple[str, str], str] = {}
    for direction in directions:
        steps = _steps(connection, unique_id, name, direction, depth, time)
        tables.append(_rows(connection, steps, direction))
        edges[TITLES[direction].format(f"{unique_id}.{name}")] = _nexts(steps, kinds)
    rows = pa.concat_tables(tables)
    nodes = {row["unique_id"] for row in rows.to_pylist()}
    keys = {_key(row["unique_id"], row["column_name"]): row["unique_id"] for row in rows.to_pylist()}
    states = states_of(connection, nodes)
    labels = {key: _label(key, keys[key]) for key in keys}
    marks = {key: states[node] for key, node in keys.items() if node in states}
    return Lineage(_key(unique_id, name), rows, edges, labels, marks, kinds)


def _spelling(connection: duckdb.DuckDBPyConnection, unique_id: str, column: str, time: str) -> str:
    """The column as its node spells it."""
    resolved = connection.execute(
        f"SELECT columns FROM internal.column_lineages_at({time}) "
        "INNER JOIN stored.column_lineages AS lineages USING (lineage_id) "
        "WHERE lineages.unique_id = $1 OR split_part($1, '.', 1) NOT IN (SELECT unnest($2)) ORDER BY ALL",
        [unique_id, list(_RESOLVED_TYPES)],
    ).fetchall()
    if not resolved:
        raise NoColumnLineage(unique_id)
    others = connection.execute(
        f"SELECT DISTINCT from_column FROM internal.column_edges_at({time}) WHERE from_unique_id = $1 "
        f"UNION SELECT from_column FROM internal.column_uses_at({time}) WHERE from_unique_id = $1 "
        "UNION SELECT column_name FROM internal.described_columns WHERE unique_id = $1 ORDER BY ALL",
        [unique_id],
    ).fetchall()
    of_environments = resolved if unique_id.split(".", 1)[0] in _RESOLVED_TYPES else []
    own = [name for (columns,) in of_environments for name in columns or ()]
    known: dict[str, str] = {name.lower(): name for name in (*(name for (name,) in others), *own)}
    if column.lower() not in known:
        near = get_close_matches(column.lower(), known, n=5, cutoff=0.5) or sorted(known)[:10]
        raise UnknownColumn(unique_id, column, tuple(known[name] for name in near))
    return known[column.lower()]


def _steps(
    connection: duckdb.DuckDBPyConnection, unique_id: str, column: str, direction: str, depth: int | None, time: str
) -> pa.Table:
    """Every edge and use between the column and what is reached from it, each pointing away from it."""
    query = _REACHED.format(macro=_MACROS[direction], time=time)
    reached = connection.sql(query, params=[unique_id, column, depth]).to_arrow_table()
    to, from_ = ("here", "there") if direction == "up" else ("there", "here")
    flows = _FLOWS.format(here="here", to=to, from_=from_, time=time)
    connection.register("reached", reached)
    try:
        query = f"({flows}) UNION ALL ({_USES[direction].format(time=time)})"
        return connection.sql(query, params=[depth]).to_arrow_table()
    finally:
        connection.unregister("reached")


def _rows(connection: duckdb.DuckDBPyConnection, steps: pa.Table, direction: str) -> pa.Table:
    connection.register("steps", steps)
    try:
        order = "distance, unique_id, column_name NULLS FIRST, relation, project_name, environment"
        return connection.sql(f"{_ROWS.format(direction=direction)} ORDER BY {order}").to_arrow_table()
    finally:
        connection.unregister("steps")


def _nexts(steps: pa.Table, kinds: dict[tuple[str, str], str]) -> dict[str, list[str]]:
    """The next columns of every column; notes in `kinds` what each step is, uses in brackets."""
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
    """The type and the name; of what is no node of dbt's, the name as code has it."""
    resource_type, *_, name = unique_id.split(".", 2) if unique_id.count(".") > 1 else ("", unique_id)
    is_node = resource_type in (*_RESOLVED_TYPES, "source")
    return f"{resource_type} {name}{key.removeprefix(unique_id)}" if is_node else key
