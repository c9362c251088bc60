"""The lineage of nodes and of columns.

`find` and `find_column` read stored lineage. `resolve` computes the lineage of columns from compiled code: it reads
the inputs of each manifest, and `resolver` finds the columns in the SQL.
"""

from artifact_warehouse.lineage.columns import column_ancestors, column_descendants, find_column
from artifact_warehouse.lineage.manifest_inputs import keep_resolved, resolved_manifests
from artifact_warehouse.lineage.nodes import Lineage, ancestors, descendants, find, resolve_node
from artifact_warehouse.lineage.resolve_columns import ColumnsReport, resolve
from artifact_warehouse.lineage.resolver import resolver_version

__all__ = [
    "ColumnsReport",
    "Lineage",
    "ancestors",
    "column_ancestors",
    "column_descendants",
    "descendants",
    "find",
    "find_column",
    "keep_resolved",
    "resolve",
    "resolve_node",
    "resolved_manifests",
    "resolver_version",
]
