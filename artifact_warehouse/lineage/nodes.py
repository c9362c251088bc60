"""Finds the lineage of a node, as rows and as the edges of a tree. Reads through the caller's connection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from artifact_warehouse.errors import UnknownNode
from artifact_warehouse.lineage.picture import lineage_html, lineage_svg, lineage_text
from artifact_warehouse.schema import to_utc
from artifact_warehouse.storage import query

CURRENT = "TIMESTAMP 'infinity'"
"""The time that selects the current graphs."""

_NAMED = 10
"""How many nodes of one name an error lists."""

TITLES = {"up": "{} depends on", "down": "depends on {}"}


@dataclass(frozen=True, repr=False)
class Lineage:
    """The lineage of a node or column. `edges` maps the title of each direction to {node: its next nodes}.

    In the lineage of a column the nodes are columns, as unique_id.column; `kinds` has the kind of each edge.
    """

    unique_id: str
    rows: pa.Table
    edges: dict[str, dict[str, list[str]]]
    labels: dict[str, str]
    states: dict[str, str]
    kinds: dict[tuple[str, str], str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """A line for each distance in each direction."""
        return lineage_text(self)

    def _repr_svg_(self) -> str:
        """The graph around the node or column, for readers that show no HTML."""
        return lineage_svg(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the graph, and the rows folded in below it."""
        return lineage_html(self)


def find(
    connection: duckdb.DuckDBPyConnection,
    node: str,
    directions: Iterable[str] = ("up", "down"),
    depth: int | None = None,
    at: datetime | None = None,
    across: bool = False,
) -> Lineage:
    """The lineage of a node, by unique_id or by a name that only one node has, `depth` steps at most.

    `directions` are up, down or both. `at` is a time, in UTC where it has no zone: the lineage at that time. With
    `across` it goes on in the other projects of the warehouse: see v1.project_edges. Raises UnknownNode.
    """
    time = timestamp_sql(at)
    unique_id = resolve_node(connection, node, time)
    directions = tuple(directions)
    rows = _rows(connection, unique_id, directions, depth, time, across)
    reached = {row["unique_id"] for row in rows.to_pylist()} | {unique_id}
    edges = {TITLES[d].format(unique_id): _edges(connection, reached, d, time, across) for d in directions}
    labels = {row["unique_id"]: _label(row, unique_id, across) for row in rows.to_pylist()}
    return Lineage(unique_id, rows, edges, labels, states_of(connection, reached))


def ancestors(connection: duckdb.DuckDBPyConnection, unique_id: str, across: bool = False) -> duckdb.DuckDBPyRelation:
    """Every node that a node depends on, with the shortest distance: v1.ancestors_of.

    The unique_id may be a name that only one node has. `across` goes on in other projects. Raises UnknownNode.
    """
    sql = f"FROM v1.ancestors_of(?{', TRUE' if across else ''})"
    return connection.sql(sql, params=[resolve_node(connection, unique_id)])


def descendants(connection: duckdb.DuckDBPyConnection, unique_id: str, across: bool = False) -> duckdb.DuckDBPyRelation:
    """Every node that depends on a node, with the shortest distance: v1.descendants_of.

    The unique_id may be a name that only one node has. `across` goes on in other projects. Raises UnknownNode.
    """
    sql = f"FROM v1.descendants_of(?{', TRUE' if across else ''})"
    return connection.sql(sql, params=[resolve_node(connection, unique_id)])


def timestamp_sql(at: datetime | None) -> str:
    """A time as a literal, in UTC; CURRENT for None."""
    if at is None:
        return CURRENT
    return f"TIMESTAMP '{to_utc(at):%Y-%m-%d %H:%M:%S.%f}'"


def is_upwards_sql(direction: str) -> str:
    """A direction as the literal of the queries: TRUE for up, FALSE for down."""
    return "TRUE" if direction == "up" else "FALSE"


def resolve_node(connection: duckdb.DuckDBPyConnection, node: str, time: str = CURRENT) -> str:
    """The unique_id of a node with this unique_id or name. Where a model and a test have this name, it is the model.

    Raises UnknownNode with similar ids.
    """
    sql = query("nodes_by_name", time=time)
    named = connection.execute(sql, {"node": node}).fetchall()
    with_id = [unique_id for unique_id, is_unique_id, _, _ in named if is_unique_id]
    with_name = [unique_id for unique_id, _, is_name, _ in named if is_name]
    no_tests = [unique_id for unique_id, _, is_name, is_test in named if is_name and not is_test]
    for found in (with_id, with_name, no_tests):
        if len(found) == 1:
            return str(found[0])
    if no_tests:
        raise UnknownNode(node, tuple(no_tests[:_NAMED]))
    near = connection.execute(query("nodes_like", time=time), {"node": node}).fetchall()
    raise UnknownNode(node, tuple(row[0] for row in near))


def _rows(
    connection: duckdb.DuckDBPyConnection,
    unique_id: str,
    directions: tuple[str, ...],
    depth: int | None,
    time: str,
    across: bool,
) -> pa.Table:
    values = {"unique_id": unique_id, "depth": depth}
    literals = {"reached_nodes": "reached_nodes_across" if across else "reached_nodes", "time": time}
    tables = [
        connection.sql(
            query("node_lineage", is_upwards=is_upwards_sql(direction), **literals), params=values
        ).to_arrow_table()
        for direction in sorted(directions, reverse=True)
    ]
    return pa.concat_tables(tables)


def _edges(
    connection: duckdb.DuckDBPyConnection, reached: set[str], direction: str, time: str, across: bool
) -> dict[str, list[str]]:
    """The next nodes of every reached node, among those that were reached."""
    sql = query("next_nodes_across" if across else "next_nodes", is_upwards=is_upwards_sql(direction), time=time)
    found = connection.execute(sql).fetchall()
    edges: dict[str, list[str]] = {}
    for node, other in found:
        if node in reached and other in reached:
            edges.setdefault(node, []).append(other)
    return edges


def _label(row: dict[str, Any], start: str, across: bool) -> str:
    """The type and the name of a node; across projects its project too, where that is not the project of the start."""
    is_elsewhere = across and [row["project_name"]] != start.split(".")[1:2]
    return f"{row['resource_type']} {row['name']}" + (f" ({row['project_name']})" if is_elsewhere else "")


def states_of(connection: duckdb.DuckDBPyConnection, reached: set[str]) -> dict[str, str]:
    """The states of nodes: failure or warn by the last execution, stale by a source's last check. Others have none."""
    found = connection.execute(query("node_states")).fetchall()
    return {node: state for node, state in found if node in reached}
