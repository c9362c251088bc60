"""The executable schema: one resolver for columns, one for each way in which rows belong together, and the roots.

What a field is follows from the tables of `environments.py` and `runs.py`. Every other field is the column with its
name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from artifact_warehouse.serve.graphql import environments, runs
from artifact_warehouse.serve.graphql.cohorts import Row
from artifact_warehouse.serve.graphql.definition import schema_text
from artifact_warehouse.serve.graphql.lineage import matches_method
from artifact_warehouse.serve.graphql.roots import JOB_FIELDS, Info, Resolver, of_state, root
from artifact_warehouse.serve.graphql.scalars import SCALARS
from artifact_warehouse.serve.graphql.types import JOB_LISTS

_SUFFIXES = {
    "CloudArtifactInterface": ("Node",),
    "EnvironmentAppliedNestedNode": ("AppliedStateNestedNode", "DefinitionNestedNode"),
    "EnvironmentAppliedNode": ("AppliedStateNode", "DefinitionNode", "Node"),
    "EnvironmentDefinitionNestedNode": ("DefinitionNestedNode",),
    "EnvironmentDefinitionNode": ("DefinitionNode", "Node"),
    "NodeInterface": ("Node",),
}
"""The end of the name of an interface's types, behind the word of ResourceNodeType; the first one that exists."""

_RENAMED = {
    ("QueryExportConfig", "schema"): "schema_name",
    ("QueryExportConfig", "database"): "database_name",
    **{(f"{name}LineageNode", "resourceType"): "node_type" for name in environments.NODE_TYPES},
}
"""Fields whose column has another name."""

_RUN_TYPES = {type_name for type_name, _ in JOB_LISTS.values()}

_RUN_FIELDS: dict[str, Resolver] = {
    "childrenL1": lambda row, info: runs.children(row),
    "model": lambda row, info: runs.model_of(row),
    "paginationCursor": lambda row, info: environments.cursor(row.get("unique_id")),
    "parents": lambda row, info: runs.parents(row),
    "parentsModels": lambda row, info: runs.ancestors(row, ("model",)),
    "parentsSources": lambda row, info: runs.ancestors(row, ("source",)),
    "runResults": lambda row, info: [row],
    "tests": lambda row, info: runs.tests(row),
}

_TILE_FIELDS = ("freshnessStatus", "healthIssues", "maxSnapshottedAt", "quality", "upstreamStats")


@cache
def executable_schema() -> GraphQLSchema:
    """The schema with its resolvers."""
    schema = build_schema(schema_text())
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                field.resolve = _resolver(type_.name, name, field)
        elif isinstance(type_, GraphQLInterfaceType):
            type_.resolve_type = _type_resolver(type_.name, schema)
        elif isinstance(type_, GraphQLScalarType) and type_.name in SCALARS:
            vars(type_).update(SCALARS[type_.name])
    return schema


def _resolver(type_name: str, name: str, field: GraphQLField) -> Resolver:
    """The resolver of a field, by its place in the tables."""
    if type_name == "Query":
        return root(name)
    if type_name in ("AppliedState", "DefinitionState"):
        return of_state(name)
    if type_name == "JobNode" and name in JOB_FIELDS:
        return JOB_FIELDS[name]
    if type_name in _RUN_TYPES and name in _RUN_FIELDS:
        return _RUN_FIELDS[name]
    if type_name == "ExposureTileNode" and name in _TILE_FIELDS:
        return _borrowed("tiles", _snake(name))
    if (type_name, name) == ("ExposureDefinitionNode", "freshnessStatus"):
        return _borrowed("tiles", "freshness_status")
    if name in environments.BORROWED and not type_name.endswith("ExecutionInfoNode"):
        return _event_status if name == "eventStatus" else _borrowed(*environments.BORROWED[name])
    if (type_name, name) == ("GroupNode", "modelCount"):
        return lambda row, info: len(environments.related(row, "group_models"))
    if name == "matchesMethod":
        return lambda row, info: matches_method(row)
    if is_composite_type(get_named_type(field.type)) and (found := _of_node(type_name, name)):
        return found
    return _column(_RENAMED.get((type_name, name), _snake(name)), field)


def _of_node(type_name: str, name: str) -> Resolver | None:
    """The resolver of a field that is rows of another table; None for one that is JSON in a column."""
    if type_name in ("ModelLevelConstraint", "Environment", "Criteria"):
        return None
    if name in environments.LINKS:
        return _one(environments.LINKS[name], {} if name == "executionInfo" else None)
    if name in environments.LISTS_ABOUT:
        return lambda row, info: environments.about(row, environments.LISTS_ABOUT[name])
    if name in environments.RELATED:
        table = (
            "macro_parents" if (type_name, name) == ("MacroDefinitionNode", "parents") else environments.RELATED[name]
        )
        return lambda row, info, types=None: [
            found for found in environments.related(row, table) if types is None or found.get("node_type") in types
        ]
    return None


def _column(column: str, field: GraphQLField) -> Resolver:
    """The value of a column. A list or an object that may not be null is empty where the artifacts have none."""
    empty: Any = None
    if isinstance(field.type, GraphQLNonNull):
        empty = [] if is_list_type(get_nullable_type(field.type)) else {"JSONObject": {}}.get(str(field.type)[:-1])

    def resolve(source: Any, info: Info) -> Any:
        value = source.get(column)
        return empty if value is None else value

    return resolve


def _one(table: str, missing: Any) -> Resolver:
    def resolve(row: Row, info: Info) -> Any:
        found = environments.about(row, table)
        return found[0] if found else missing

    return resolve


def _borrowed(table: str, column: str) -> Resolver:
    def resolve(row: Row, info: Info) -> Any:
        found = environments.about(row, table)
        value = found[0].get(column) if found else None
        return {} if value is None and column == "test_statuses" else value

    return resolve


def _event_status(row: Row, info: Info) -> dict[str, Any]:
    found = environments.about(row, "executions")
    return {"status": found[0].get("last_known_result"), "failures": found[0].get("last_run_failures")} if found else {}


def _type_resolver(interface: str, schema: GraphQLSchema) -> Callable[..., str]:
    suffixes = _SUFFIXES.get(interface, ("LineageNode",))

    def resolve_type(row: Row, *_: Any) -> str:
        word = row.get("node_type")
        return next(f"{word}{suffix}" for suffix in suffixes if f"{word}{suffix}" in schema.type_map)

    return resolve_type


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1], name).lower()
