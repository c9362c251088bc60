"""The executable schema: one resolver for columns, one for each way in which rows belong together, and the roots.

What a field is follows from the tables of `environments.py` and `runs.py`. Every other field is the column with its
name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from artifact_warehouse.serve.graphql import environments, runs
from artifact_warehouse.serve.graphql.cohorts import Cohort, Request, Row
from artifact_warehouse.serve.graphql.definition import schema_text
from artifact_warehouse.serve.graphql.types import JOB_LISTS

Resolver = Callable[..., Any]

Info = GraphQLResolveInfo[Any]

MOST_RUNS = 20
"""How many runs `modelHistoricalRuns` gives at most, as in dbt's API."""

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
        elif isinstance(type_, GraphQLScalarType) and type_.name in _SCALARS:
            vars(type_).update(_SCALARS[type_.name])
    return schema


def _resolver(type_name: str, name: str, field: GraphQLField) -> Resolver:
    """The resolver of a field, by its place in the tables."""
    if type_name == "Query":
        return _root(name)
    if type_name in ("AppliedState", "DefinitionState"):
        return _of_state(name)
    if type_name == "JobNode" and name in _JOB_FIELDS:
        return _JOB_FIELDS[name]
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
        return lambda row, info: True
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


class State:
    """The applied or the defined state of an environment."""

    def __init__(self, environment: Row) -> None:
        self.environment = environment
        self.environment_id: int = environment.get("id")

    def summary(self) -> Row:
        """The newest commit and the counts of nodes."""

        def load(cohort: Cohort) -> Row:
            parameters = {"environment_id": self.environment_id}
            return Cohort(cohort.request, cohort.request.fetch("environment_summary", parameters, "nodes")).rows[0]

        found: Row = self.environment.cohort.loaded(("summary", self.environment_id), load)
        return found


def _of_state(name: str) -> Resolver:
    if name in environments.LISTS or name == "resources":
        types = environments.LISTS.get(name, ())
        return lambda state, info, **arguments: environments.connection(
            info.context, state.environment_id, types, **arguments
        )
    return _STATE_FIELDS[name]


def _exposure_tile(state: State, info: Info, filter: dict[str, Any]) -> Row | None:
    if not filter.get("uniqueId"):
        raise GraphQLError("`exposureTile` needs the `uniqueId` of an exposure in its filter")
    ids = environments.list_nodes(
        info.context, state.environment_id, ("exposure",), {"uniqueIds": [filter["uniqueId"]]}, "nodes.unique_id"
    )
    return environments.nodes(info.context, state.environment_id, ids)[0] if ids else None


def _all_of(state: State, info: Info, types: tuple[str, ...]) -> list[Row]:
    ids = environments.list_nodes(info.context, state.environment_id, types, {}, "nodes.unique_id")
    return environments.nodes(info.context, state.environment_id, ids)


def _packages(state: State, info: Info, resource: str) -> list[str]:
    return sorted({row.get("package_name") for row in _all_of(state, info, (resource,))} - {None})


def _owners(state: State, info: Info, resource: str) -> list[dict[str, str]]:
    found = {(row.get("owner_name") or "", row.get("owner_email") or "") for row in _all_of(state, info, (resource,))}
    return [{"name": name, "email": email} for name, email in sorted(found) if name or email]


def _tags(state: State, info: Info) -> list[dict[str, str]]:
    types = tuple(type_ for types in environments.NODE_TYPES.values() for type_ in types)
    return [{"name": tag} for tag in sorted({tag for row in _all_of(state, info, types) for tag in row.get("tags")})]


_STATE_FIELDS: dict[str, Resolver] = {
    "exposureTile": _exposure_tile,
    "lastUpdatedAt": lambda state, info: state.environment.get("last_updated_at"),
    "latestGitSha": lambda state, info: state.summary().get("latest_git_sha"),
    "lineage": lambda state, info, filter: environments.lineage(info.context, state.environment_id, filter),
    "modelHistoricalRuns": lambda state, info, **arguments: _model_runs(
        info.context, state.environment_id, **arguments
    ),
    "owners": _owners,
    "packages": _packages,
    "resourceCounts": lambda state, info: state.summary().get("resource_counts") or {},
    "tags": _tags,
}


def _model_runs(
    request: Request,
    environment_id: int,
    uniqueId: str | None = None,
    identifier: str | None = None,
    lastRunCount: int | None = None,
    withCatalog: bool | None = None,
) -> list[Row]:
    if uniqueId is None and identifier is None:
        raise GraphQLError("name a model by `uniqueId` or `identifier`")
    count = MOST_RUNS if lastRunCount is None else min(max(lastRunCount, 0), MOST_RUNS)
    return runs.model_runs(request, environment_id, uniqueId, identifier, count, bool(withCatalog))


class Run:
    """A run of a job."""

    def __init__(self, job_id: int, run_id: int) -> None:
        self._numbers = {"id": job_id, "run_id": run_id}

    def get(self, name: str) -> int:
        """The number of the job or of the run."""
        return self._numbers[name]


def _find_run(request: Request, job: int | str, run_id: int | None) -> Run:
    """A run by its number, or the last run of a job. Raises GraphQLError for what is not there."""
    jobs = Cohort(request, request.fetch("known_jobs"))
    known = [row for row in jobs.rows if job in (row.get("id"), row.get("name"))]
    if len(known) != 1:
        raise GraphQLError(f"there is {'no' if not known else 'more than one'} job {job}; the field `jobs` lists them")
    if run_id is None:
        return Run(known[0].get("id"), known[0].get("last_run_id"))
    members = request.fetch("run_members", {"run_id": run_id})
    if members.column("job_id") != [known[0].get("id")]:
        raise GraphQLError(f"job {job} has no run {run_id}")
    return Run(known[0].get("id"), run_id)


def _find_environment(request: Request, wanted: int | str) -> Row:
    known = Cohort(request, request.fetch("known_environments"))
    found = [row for row in known.rows if wanted in (row.get("id"), row.get("name"))]
    if len(found) != 1:
        number = "no" if not found else "more than one"
        raise GraphQLError(f"there is {number} environment {wanted}; the field `environments` lists them")
    return found[0]


def _run_list(request: Request, run: Run, name: str, **arguments: Any) -> list[Row]:
    cohort = run_cohort(request, run, name)
    rows = [
        row
        for row in cohort.rows
        if all(_same(row.get(place), arguments.get(place)) for place in ("database", "schema", "identifier"))
    ]
    first, after = arguments.get("first"), arguments.get("after")
    if first is None and after is None:
        return rows
    begin, end = environments.page([row.get("unique_id") for row in rows], first, after, request.limits.page)
    return rows[begin:end]


def run_cohort(request: Request, run: Run, name: str) -> Cohort:
    """All nodes of a list of a run."""
    return runs.run_nodes(request, [run.get("run_id")], runs.TYPES[name])


def _run_node(request: Request, run: Run, name: str, **key: str) -> Row | None:
    unique_ids = [key["uniqueId"]] if "uniqueId" in key else None
    rows = runs.run_nodes(request, [run.get("run_id")], runs.TYPES[name], unique_ids).rows
    return next((row for row in rows if unique_ids or row.get("name") == key["name"]), None)


def _same(value: str | None, wanted: str | None) -> bool:
    return wanted is None or (value or "").lower() == wanted.lower()


def _job_fields() -> dict[str, Resolver]:
    fields: dict[str, Resolver] = {}
    for name in JOB_LISTS:
        fields[name] = lambda run, info, name=name, **arguments: _run_list(info.context, run, name, **arguments)
        fields[name.removesuffix("s")] = lambda run, info, name=name, **key: _run_node(info.context, run, name, **key)
    return fields


_JOB_FIELDS = _job_fields()

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


def _root(name: str) -> Resolver:
    if name in _ROOTS:
        return _ROOTS[name]
    field = _JOB_FIELDS[name]

    def resolve(_: Any, info: Info, jobId: int, runId: int | None = None, **arguments: Any) -> Any:
        return field(_find_run(info.context, jobId, runId), info, **arguments)

    return resolve


def _environment(_: Any, info: Info, id: int | str) -> dict[str, Any]:
    row = _find_environment(info.context, id)
    state = State(row)
    return {
        "adapter_type": row.get("adapter_type"),
        "dbt_project_name": row.get("dbt_project_name"),
        "applied": state,
        "definition": state,
    }


_ROOTS: dict[str, Resolver] = {
    "environment": _environment,
    "environments": lambda _, info: Cohort(info.context, info.context.fetch("known_environments")).rows,
    "job": lambda _, info, id, runId=None: _find_run(info.context, id, runId),
    "jobs": lambda _, info: Cohort(info.context, info.context.fetch("known_jobs")).rows,
    "modelByEnvironment": lambda _, info, environmentId, **arguments: _model_runs(
        info.context, _find_environment(info.context, environmentId).get("id"), **arguments
    ),
}


def _type_resolver(interface: str, schema: GraphQLSchema) -> Callable[..., str]:
    suffixes = _SUFFIXES.get(interface, ("LineageNode",))

    def resolve_type(row: Row, *_: Any) -> str:
        word = row.get("node_type")
        return next(f"{word}{suffix}" for suffix in suffixes if f"{word}{suffix}" in schema.type_map)

    return resolve_type


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1], name).lower()


def _big_int(value: Any) -> int | str:
    """A number, also as a text; a text that is none may be a name."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise GraphQLError(f"{value!r} is no BigInt")
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"-?\d{1,18}", value) else value
    if isinstance(value, float) and not value.is_integer():
        raise GraphQLError(f"{value!r} is no BigInt")
    return int(value)


def _moment(value: datetime) -> str:
    return f"{value.isoformat(timespec='milliseconds')}Z"


_SCALARS: dict[str, dict[str, Any]] = {
    "BigInt": {
        "coerce_output_value": int,
        "serialize": int,
        "parse_value": _big_int,
        "coerce_input_value": _big_int,
        "parse_literal": lambda node, variables=None: _big_int(_literal(node)),
        "coerce_input_literal": lambda node: _big_int(_literal(node)),
    },
    "DateTime": {"coerce_output_value": _moment, "serialize": _moment},
    "Date": {"coerce_output_value": date.isoformat, "serialize": date.isoformat},
}


def _literal(node: Any) -> Any:
    if node.kind == "int_value":
        return int(node.value)
    if node.kind == "string_value":
        return node.value
    raise GraphQLError("a BigInt is a number or a text of digits")
