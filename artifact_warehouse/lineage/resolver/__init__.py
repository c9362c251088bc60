"""Column-level lineage: which columns of which relations each column of a query comes from.

One query is parsed once and walked once, bottom-up, for all of its columns: `resolve`. The models of a project are
resolved parents first, so that what a parent selects is known where no catalog says it: `project`. Nothing in here
knows of a database, and of sqlglot only its parser and its syntax tree are used.
"""

from typing import TYPE_CHECKING, Any

from artifact_warehouse.lineage.resolver.model import Edge, Relation, Resolution, UnreadableSql, Use

if TYPE_CHECKING:
    from artifact_warehouse.lineage.resolver.resolution import resolve

__all__ = ["Edge", "Relation", "Resolution", "UnreadableSql", "Use", "resolve"]


def __getattr__(name: str) -> Any:
    """The parser is imported when there is something to parse: that takes longer than to find that nothing is."""
    if name != "resolve":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from artifact_warehouse.lineage.resolver.resolution import resolve

    return resolve
