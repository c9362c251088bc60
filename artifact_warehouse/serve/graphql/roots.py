"""Where answers begin: the root fields, the state of an environment, and the run of a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from artifact_warehouse.serve.graphql import environments, history, lineage, runs
from artifact_warehouse.serve.graphql.cohorts import Cohort, Request, Row
from artifact_warehouse.serve.graphql.types import JOB_LISTS

Resolver = Callable[..., Any]

Info = GraphQLResolveInfo[Any]

MOST_RUNS = 20
"""How many runs `modelHistoricalRuns` gives at most, as in dbt's API."""


class State:
    """The applied or the defined state of an environment."""

    def __init__(self, environment: Row) -> None:
        self.environment = environment
        self.environment_id: int = environment.get("id")
        self.request = environment.cohort.request

    def summary(self) -> Row:
        """The newest commit and the counts of nodes."""

        def load(cohort: Cohort) -> Row:
            parameters = {"environment_id": self.environment_id}
            return Cohort(cohort.request, cohort.request.fetch("environment_summary", parameters, "nodes")).rows[0]

        found: Row = self.environment.cohort.loaded(("summary", self.environment_id), load)
        return found


class Run:
    """A run of a job."""

    def __init__(self, request: Request, job_id: int, run_id: int) -> None:
        self.request = request
        self.run_id = run_id
        self._numbers = {"id": job_id, "run_id": run_id}

    def get(self, name: str) -> int:
        """The number of the job or of the run."""
        return self._numbers[name]


def of_state(name: str) -> Resolver:
    """The resolver of a field of an environment's state."""
    if name in environments.LISTS or name == "resources":
        types = environments.LISTS.get(name, ())
        return lambda state, info, **arguments: environments.connection(
            state.request, state.environment_id, types, **arguments
        )
    return _STATE_FIELDS[name]


def _exposure_tile(state: State, info: Info, filter: dict[str, Any]) -> Row | None:
    if not filter.get("uniqueId"):
        raise GraphQLError("`exposureTile` needs the `uniqueId` of an exposure in its filter")
    wanted = {"uniqueIds": [filter["uniqueId"]]}
    ids = environments.list_nodes(state.request, state.environment_id, ("exposure",), wanted, "nodes.unique_id")
    return environments.nodes(state.request, state.environment_id, ids)[0] if ids else None


def _all_of(state: State, types: tuple[str, ...]) -> list[Row]:
    ids = environments.list_nodes(state.request, state.environment_id, types, {}, "nodes.unique_id")
    return environments.nodes(state.request, state.environment_id, ids)


def _packages(state: State, info: Info, resource: str) -> list[str]:
    return sorted({row.get("package_name") for row in _all_of(state, (resource,))} - {None})


def _owners(state: State, info: Info, resource: str) -> list[dict[str, str]]:
    found = {(row.get("owner_name") or "", row.get("owner_email") or "") for row in _all_of(state, (resource,))}
    return [{"name": name, "email": email} for name, email in sorted(found) if name or email]


def _tags(state: State, info: Info) -> list[dict[str, str]]:
    types = tuple(type_ for types in environments.NODE_TYPES.values() for type_ in types)
    return [{"name": tag} for tag in sorted({tag for row in _all_of(state, types) for tag in row.get("tags")})]


_STATE_FIELDS: dict[str, Resolver] = {
    "columnLineage": lambda state, info, **asked: history.column_lineage(state.request, state.environment_id, **asked),
    "exposureTile": _exposure_tile,
    "flakyTests": lambda state, info, **asked: history.flaky_tests(state.request, state.environment_id, **asked),
    "incidents": lambda state, info, **asked: history.incidents(state.request, state.environment_id, **asked),
    "lastUpdatedAt": lambda state, info: state.environment.get("last_updated_at"),
    "latestGitSha": lambda state, info: state.summary().get("latest_git_sha"),
    "lineage": lambda state, info, filter: lineage.lineage(state.request, state.environment_id, filter),
    "modelHistoricalRuns": lambda state, info, **asked: _model_runs(state.request, state.environment_id, **asked),
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


def _find_run(request: Request, job: int | str, run_id: int | None) -> Run:
    """A run by its number, or the last run of a job. Raises GraphQLError for what is not there."""
    jobs = Cohort(request, request.fetch("known_jobs"))
    known = [row for row in jobs.rows if job in (row.get("id"), row.get("name"))]
    if len(known) != 1:
        raise GraphQLError(f"there is {'no' if not known else 'more than one'} job {job}; the field `jobs` lists them")
    if run_id is None:
        return Run(request, known[0].get("id"), known[0].get("last_run_id"))
    members = request.fetch("run_members", {"run_id": run_id})
    if members.column("job_id") != [known[0].get("id")]:
        raise GraphQLError(f"job {job} has no run {run_id}")
    return Run(request, known[0].get("id"), run_id)


def _find_environment(request: Request, wanted: int | str) -> Row:
    known = Cohort(request, request.fetch("known_environments"))
    found = [row for row in known.rows if wanted in (row.get("id"), row.get("name"))]
    if len(found) != 1:
        number = "no" if not found else "more than one"
        raise GraphQLError(f"there is {number} environment {wanted}; the field `environments` lists them")
    return found[0]


def _run_list(run: Run, name: str, **arguments: Any) -> list[Row]:
    cohort = runs.run_nodes(run.request, [run.run_id], runs.TYPES[name])
    rows = [
        row
        for row in cohort.rows
        if all(_same(row.get(place), arguments.get(place)) for place in ("database", "schema", "identifier"))
    ]
    first, after = arguments.get("first"), arguments.get("after")
    if first is None and after is None:
        return rows
    begin, end = environments.page([row.get("unique_id") for row in rows], first, after, run.request.limits.page)
    return rows[begin:end]


def _run_node(run: Run, name: str, **key: str) -> Row | None:
    unique_ids = [key["uniqueId"]] if "uniqueId" in key else None
    rows = runs.run_nodes(run.request, [run.run_id], runs.TYPES[name], unique_ids).rows
    return next((row for row in rows if unique_ids or row.get("name") == key["name"]), None)


def _same(value: str | None, wanted: str | None) -> bool:
    return wanted is None or (value or "").lower() == wanted.lower()


def _job_fields() -> dict[str, Resolver]:
    fields: dict[str, Resolver] = {
        "criticalPath": lambda run, info, path=None: history.critical_path(run.request, run.run_id, path)
    }
    for name in JOB_LISTS:
        fields[name] = lambda run, info, name=name, **arguments: _run_list(run, name, **arguments)
        fields[name.removesuffix("s")] = lambda run, info, name=name, **key: _run_node(run, name, **key)
    return fields


JOB_FIELDS = _job_fields()
"""The resolvers of the fields of a run."""


def root(name: str) -> Resolver:
    """The resolver of a root field. `asOf` is the same for all: the state that they read."""
    resolve = _ROOTS.get(name) or _older_form(JOB_FIELDS[name])
    return lambda _, info, asOf=None, **arguments: resolve(info.context.at(asOf), info, **arguments)


def _older_form(field: Resolver) -> Resolver:
    def resolve(request: Request, info: Info, jobId: int, runId: int | None = None, **arguments: Any) -> Any:
        return field(_find_run(request, jobId, runId), info, **arguments)

    return resolve


def _environment(request: Request, info: Info, id: int | str) -> dict[str, Any]:
    row = _find_environment(request, id)
    state = State(row)
    return {
        "adapter_type": row.get("adapter_type"),
        "dbt_project_name": row.get("dbt_project_name"),
        "applied": state,
        "definition": state,
    }


_ROOTS: dict[str, Resolver] = {
    "environment": _environment,
    "environments": lambda request, info: Cohort(request, request.fetch("known_environments")).rows,
    "job": lambda request, info, id, runId=None: _find_run(request, id, runId),
    "jobs": lambda request, info: Cohort(request, request.fetch("known_jobs")).rows,
    "modelByEnvironment": lambda request, info, environmentId, **asked: _model_runs(
        request, _find_environment(request, environmentId).get("id"), **asked
    ),
}
