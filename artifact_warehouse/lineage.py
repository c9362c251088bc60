"""One node's lineage, both as rows and as the edges of a tree, on a connection that is passed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from artifact_warehouse.errors import UnknownNode

MACROS = {"up": "v1.ancestors_of", "down": "v1.descendants_of"}
TITLES = {"up": "{} depends on", "down": "depends on {}"}


@dataclass(frozen=True)
class Lineage:
    """What was found. `edges` maps the title of each direction to {node: its next nodes}."""

    unique_id: str
    rows: pa.Table
    edges: dict[str, dict[str, list[str]]]
    labels: dict[str, str]
    states: dict[str, str]


def resolve(connection: duckdb.DuckDBPyConnection, node: str) -> str:
    """The unique_id that a name stands for. Raises UnknownNode when it is not exactly one.

    A name that a test or a doc shares with a model is the model's.
    """
    query = "SELECT DISTINCT unique_id FROM internal.current_nodes WHERE {} ORDER BY unique_id"
    in_lineage = "name = $1 AND resource_type NOT IN ('macro', 'doc', 'group')"
    for condition in (
        "unique_id = $1",
        in_lineage,
        f"{in_lineage} AND resource_type NOT IN ('test', 'unit_test')",
    ):
        found = connection.execute(query.format(condition), [node]).fetchall()
        if len(found) == 1:
            return str(found[0][0])
    near = connection.execute(query.format("contains(unique_id, $1)") + " LIMIT 10", [node]).fetchall()
    raise UnknownNode(node, tuple(row[0] for row in near))


def find(connection: duckdb.DuckDBPyConnection, node: str, directions: Iterable[str], depth: int | None) -> Lineage:
    """The lineage of a node, by unique_id or name, in one or both directions, `depth` steps at most."""
    unique_id = resolve(connection, node)
    directions = tuple(directions)
    rows = _rows(connection, unique_id, directions, depth)
    reached = {row["unique_id"] for row in rows.to_pylist()} | {unique_id}
    edges = {TITLES[d].format(unique_id): _edges(connection, reached, d) for d in directions}
    return Lineage(unique_id, rows, edges, _labels(rows), _states(connection, reached))


def _rows(
    connection: duckdb.DuckDBPyConnection, unique_id: str, directions: tuple[str, ...], depth: int | None
) -> pa.Table:
    parts = [
        f"SELECT '{direction}' AS direction, distance, unique_id, resource_type, name, project_name, environment "
        f"FROM {MACROS[direction]}($1) WHERE distance <= coalesce($2, distance)"
        for direction in directions
    ]
    query = " UNION ALL ".join(parts) + " ORDER BY direction DESC, distance, unique_id, project_name, environment"
    return connection.sql(query, params=[unique_id, depth]).to_arrow_table()


def _edges(connection: duckdb.DuckDBPyConnection, reached: set[str], direction: str) -> dict[str, list[str]]:
    """The next nodes of every reached node, among those that were reached."""
    here, there = ("child", "parent") if direction == "up" else ("parent", "child")
    found = connection.execute(
        f"SELECT DISTINCT {here}_unique_id, {there}_unique_id FROM v1.node_edges ORDER BY 1, 2"
    ).fetchall()
    edges: dict[str, list[str]] = {}
    for node, other in found:
        if node in reached and other in reached:
            edges.setdefault(node, []).append(other)
    return edges


def _labels(rows: pa.Table) -> dict[str, str]:
    return {row["unique_id"]: f"{row['resource_type']} {row['name']}" for row in rows.to_pylist()}


def _states(connection: duckdb.DuckDBPyConnection, reached: set[str]) -> dict[str, str]:
    """`failure` or `warn` by the last execution, `stale` where a source's last check was late; else nothing."""
    executed = connection.execute(
        "SELECT unique_id, max(CASE status_class WHEN 'failure' THEN 2 WHEN 'warn' THEN 1 ELSE 0 END) "
        "FROM internal.last_executions GROUP BY unique_id"
    ).fetchall()
    stale = connection.execute(
        "SELECT checks.unique_id FROM stored.source_freshness AS checks "
        "INNER JOIN stored.settled_artifacts AS settled USING (artifact_key) "
        "INNER JOIN stored.artifacts AS artifacts USING (artifact_key) WHERE settled.is_current "
        "QUALIFY row_number() OVER (PARTITION BY settled.project_name, settled.environment, checks.unique_id "
        "ORDER BY artifacts.generated_at DESC) = 1 AND lower(checks.status) <> 'pass'"
    ).fetchall()
    states = {node: "failure" if worst == 2 else "warn" for node, worst in executed if worst and node in reached}
    return states | {node: "stale" for (node,) in stale if node in reached}
