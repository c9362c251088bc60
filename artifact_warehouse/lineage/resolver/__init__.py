"""Resolves column lineage: finds the columns of relations from which each column of a query comes.

One query is parsed once and walked once, bottom-up, for all of its columns: `resolve`. The models of a project are
resolved parents first, so that a parent's columns are known without a catalog: `Project`. No database is used here,
and of sqlglot only its parser and its syntax tree.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from artifact_warehouse.lineage.resolver.model import Edge, Relation, Resolution, UnreadableSql, Use
from artifact_warehouse.lineage.resolver.version import resolver_version

if TYPE_CHECKING:
    from artifact_warehouse.lineage.resolver.project import Columns, KnownLineage, Node, NodeLineage, Project
    from artifact_warehouse.lineage.resolver.resolution import resolve, with_deep_stack

__all__ = [
    "Columns",
    "Edge",
    "KnownLineage",
    "Node",
    "NodeLineage",
    "Project",
    "Relation",
    "Resolution",
    "UnreadableSql",
    "Use",
    "resolve",
    "resolver_version",
    "with_deep_stack",
]

_WITH_PARSER = {
    **dict.fromkeys(("Columns", "KnownLineage", "Node", "NodeLineage", "Project"), "project"),
    **dict.fromkeys(("resolve", "with_deep_stack"), "resolution"),
}
"""The modules that import sqlglot, by the names that they define."""


def __getattr__(name: str) -> Any:
    """Import sqlglot at the first use of a name that needs it, because the import is slow."""
    if name not in _WITH_PARSER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WITH_PARSER[name]}"), name)
