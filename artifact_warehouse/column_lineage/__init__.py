"""Column-level lineage: which columns of which relations each column of a query comes from.

One query is parsed once and walked once, bottom-up, for all of its columns: `resolve`. The models of a project are
resolved parents first, so that what a parent selects is known where no catalog says it: `project`. Nothing in here
knows of a database, and of sqlglot only its parser and its syntax tree are used.
"""

from artifact_warehouse.column_lineage.model import Edge, Relation, Resolution, UnreadableSql, Use
from artifact_warehouse.column_lineage.resolution import resolve

__all__ = ["Edge", "Relation", "Resolution", "UnreadableSql", "Use", "resolve"]
