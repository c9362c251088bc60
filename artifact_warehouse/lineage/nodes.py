"""One node's lineage, both as rows and as the edges of a tree, on a connection that is passed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa

from artifact_warehouse.errors import UnknownNode
from artifact_warehouse.schema import to_utc

MACROS = {"up": "v1.ancestors_at", "down": "v1.descendants_at"}
TITLES = {"up": "{} depends on", "down": "depends on {}"}

_GRAPHS = (
    "SELECT graph_id FROM internal.manifest_periods WHERE valid_from <= {at} AND (valid_to IS NULL OR {at} < valid_to)"
)
_NO_LINEAGE = "('macro', 'doc', 'group')"


@dataclass(frozen=True)
class Lineage:
    """What was found. `edges` maps the title of each direction to {node: its next nodes}.

    In the lineage of a column the nodes are columns, as unique_id.column; `kinds` says what each edge between two is.
    """

    unique_id: str
    rows: pa.Table
    edges: dict[str, dict[str, list[str]]]
    labels: dict[str, str]
    states: dict[str, str]
    kinds: dict[tuple[str, str], str] = field(default_factory=dict)


def find(
    connection: duckdb.DuckDBPyConnection,
    node: str,
    directions: Iterable[str],
    depth: int | None,
    at: datetime | None = None,
) -> Lineage:
    """The lineage of a node, by unique_id or name, in one or both directions, `depth` steps at most.

    `at` is a time (UTC without a zone, or with one): the graphs as they stood then; else the current ones.
    Raises UnknownNode.
    """
    time = timestamp_sql(at)
    unique_id = resolve_node(connection, node, time)
    directions = tuple(directions)
    rows = _rows(connection, unique_id, directions, depth, time)
    reached = {row["unique_id"] for row in rows.to_pylist()} | {unique_id}
    edges = {TITLES[d].format(unique_id): _edges(connection, reached, d, time) for d in directions}
    labels = {row["unique_id"]: f"{row['resource_type']} {row['name']}" for row in rows.to_pylist()}
    return Lineage(unique_id, rows, edges, labels, states_of(connection, reached))


def timestamp_sql(at: datetime | None) -> str:
    """A time as a literal, in UTC; infinity for none."""
    if at is None:
        return "TIMESTAMP 'infinity'"
    return f"TIMESTAMP '{to_utc(at):%Y-%m-%d %H:%M:%S.%f}'"


def resolve_node(connection: duckdb.DuckDBPyConnection, node: str, time: str) -> str:
    """The unique_id that a name stands for. A name that a test shares with a model is the model's.

    Raises UnknownNode.
    """
    query = (
        f"SELECT DISTINCT unique_id FROM internal.graph_nodes WHERE graph_id IN ({_GRAPHS.format(at=time)}) "
        "AND {} ORDER BY unique_id"
    )
    in_lineage = f"name = $1 AND resource_type NOT IN {_NO_LINEAGE}"
    for condition in ("unique_id = $1", in_lineage, f"{in_lineage} AND resource_type NOT IN ('test', 'unit_test')"):
        found = connection.execute(query.format(condition), [node]).fetchall()
        if len(found) == 1:
            return str(found[0][0])
    near = connection.execute(query.format("contains(unique_id, $1)") + " LIMIT 10", [node]).fetchall()
    raise UnknownNode(node, tuple(row[0] for row in near))


def _rows(
    connection: duckdb.DuckDBPyConnection, unique_id: str, directions: tuple[str, ...], depth: int | None, time: str
) -> pa.Table:
    parts = [
        f"SELECT '{direction}' AS direction, distance, unique_id, resource_type, name, project_name, environment "
        f"FROM {MACROS[direction]}($1, {time}) WHERE distance <= coalesce($2, distance)"
        for direction in directions
    ]
    query = " UNION ALL ".join(parts) + " ORDER BY direction DESC, distance, unique_id, project_name, environment"
    return connection.sql(query, params=[unique_id, depth]).to_arrow_table()


def _edges(connection: duckdb.DuckDBPyConnection, reached: set[str], direction: str, time: str) -> dict[str, list[str]]:
    """The next nodes of every reached node, among those that were reached."""
    here, there = ("child", "parent") if direction == "up" else ("parent", "child")
    found = connection.execute(
        f"SELECT DISTINCT {here}_unique_id, {there}_unique_id FROM internal.graph_edges "
        f"WHERE graph_id IN ({_GRAPHS.format(at=time)}) ORDER BY 1, 2"
    ).fetchall()
    edges: dict[str, list[str]] = {}
    for node, other in found:
        if node in reached and other in reached:
            edges.setdefault(node, []).append(other)
    return edges


def states_of(connection: duckdb.DuckDBPyConnection, reached: set[str]) -> dict[str, str]:
    """`failure` or `warn` by the last execution, `stale` where a source's last check was late; else nothing."""
    executed = connection.execute(
        "SELECT unique_id, max(CASE status_class WHEN 'failure' THEN 2 WHEN 'warn' THEN 1 ELSE 0 END) "
        "FROM internal.last_executions GROUP BY unique_id"
    ).fetchall()
    stale = connection.execute("SELECT DISTINCT unique_id FROM internal.last_freshness WHERE is_stale").fetchall()
    states = {node: "failure" if worst == 2 else "warn" for node, worst in executed if worst and node in reached}
    return states | {node: "stale" for (node,) in stale if node in reached}
