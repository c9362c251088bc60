"""dbt 2.0's own column lineage, a Parquet file, as rows of `dbt_column_edges`."""

from __future__ import annotations

from typing import Any

from artifact_warehouse.artifacts.artifact import Artifact
from artifact_warehouse.artifacts.flatteners.rows import Rows
from artifact_warehouse.artifacts.flatteners.values import main_package
from artifact_warehouse.artifacts.lineage_parquet import LINEAGE_COLUMNS

KNOWN_SECTIONS = {"edges"}


def flatten(artifact: Artifact, rows: Rows) -> dict[str, Any]:
    """Add the edges of a column lineage. Returns its columns of `artifacts`.

    dbt appends to the file, so a node may have several lineages: the last one counts. An edge without `to_column`
    says that the column decides the rows of the node, as in a filter or a join.
    """
    edges = artifact.sections["edges"].to_pylist()
    last: dict[str, Any] = {}
    for edge in edges:
        node, clock = edge["to_unique_id"], edge["ingested_at"]
        if clock is not None and (node not in last or last[node] < clock):
            last[node] = clock
    current = [edge for edge in edges if edge["ingested_at"] == last.get(edge["to_unique_id"])]
    names = LINEAGE_COLUMNS[:-1]
    distinct = sorted({tuple(edge[name] or "" for name in names) for edge in current})
    for values in distinct:
        columns = {name: value or None for name, value in zip(names, values, strict=True)}
        rows.add("dbt_column_edges", artifact_key=artifact.artifact_key, **columns)
    clocks = [clock for clock in last.values() if clock is not None]
    return {
        "main_package": main_package(edge["to_unique_id"] or "" for edge in current),
        "entry_count": len(distinct),
        "generated_at": f"{max(clocks):%Y-%m-%dT%H:%M:%S.%f}Z" if clocks else None,
    }
