"""The tools, as functions of the newest snapshot. Those of dbt-mcp have its names and shapes: https://github.com/dbt-labs/dbt-mcp.

Every answer is bounded. Texts of artifacts are values of fields, and nothing here reads them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from graphql import GraphQLError

from artifact_warehouse.errors import ArtifactWarehouseError
from artifact_warehouse.serve.confined import run_confined
from artifact_warehouse.serve.graphql import Request, answer
from artifact_warehouse.serve.limits import RequestLimits
from artifact_warehouse.serve.mcp import documents
from artifact_warehouse.serve.moments import parse_moment
from artifact_warehouse.serve.snapshots import Follower
from artifact_warehouse.warehouse import Warehouse

Result = dict[str, Any]

MOST_ROWS = 100
"""How many rows a tool gives at most, as dbt-mcp's do."""

_MODEL, _TEST = ("model",), ("test", "unit_test")
_QUERY_SECONDS = 30.0
_QUERY_BYTES = 256 << 20
_MOST_TEXT = 20_000
"""How many characters of one text a tool gives."""


class ToolFailed(Exception):
    """Why a tool has no answer, and what to do."""


class Tools:
    """All tools on one warehouse, about one environment unless a call names another."""

    def __init__(self, follower: Follower, environment: str | None, limits: RequestLimits) -> None:
        self._follower = follower
        self._environment = environment
        self._limits = limits

    # What dbt-mcp has.

    def get_all_models(self, limit: int = 50, cursor: str | None = None, environment: str | None = None) -> Result:
        """Every model: unique_id, name, description. Goes on at `pagination.next_cursor`."""
        return self._list("models", {}, limit, cursor, environment)

    def get_mart_models(self, limit: int = 50, cursor: str | None = None, environment: str | None = None) -> Result:
        """The models for consumers: those in folders `marts`, and those named fct_, dim_ or mart_."""
        return self._list("models", {"modelingLayer": "marts"}, limit, cursor, environment)

    def get_all_sources(self, limit: int = 50, cursor: str | None = None, environment: str | None = None) -> Result:
        """Every source, with its last freshness check."""
        return self._list("sources", {}, limit, cursor, environment)

    def get_exposures(self, limit: int = 50, cursor: str | None = None, environment: str | None = None) -> Result:
        """Every exposure: what uses the models."""
        return self._list("exposures", {}, limit, cursor, environment)

    def get_all_macros(
        self,
        package_name: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
        environment: str | None = None,
    ) -> Result:
        """Every macro, of one package or of all."""
        filters = {"packageName": package_name} if package_name else {}
        return self._list("macros", filters, limit, cursor, environment)

    def get_model_details(self, name: str, environment: str | None = None) -> Result:
        """A model by its name or unique_id: code, columns, configuration, last execution, tests, neighbours."""
        return self._details("model", name, environment)

    def get_source_details(self, name: str, environment: str | None = None) -> Result:
        """A source by its name or unique_id: columns, freshness and its criteria, tests, children."""
        return self._details("source", name, environment)

    def get_seed_details(self, name: str, environment: str | None = None) -> Result:
        """A seed by its name or unique_id."""
        return self._details("seed", name, environment)

    def get_snapshot_details(self, name: str, environment: str | None = None) -> Result:
        """A snapshot by its name or unique_id."""
        return self._details("snapshot", name, environment)

    def get_test_details(self, name: str, environment: str | None = None) -> Result:
        """A test by its name or unique_id: its code, its arguments, its last result."""
        return self._details("test", name, environment)

    def get_exposure_details(self, name: str, environment: str | None = None) -> Result:
        """An exposure by its name or unique_id: its owner, its address, what it uses."""
        return self._details("exposure", name, environment)

    def get_macro_details(self, name: str, environment: str | None = None) -> Result:
        """A macro by its name or unique_id, with its code."""
        return self._details("macro", name, environment)

    def get_semantic_model_details(self, name: str, environment: str | None = None) -> Result:
        """A semantic model by its name or unique_id: entities, dimensions, measures."""
        return self._details("semantic_model", name, environment)

    def get_model_parents(self, name: str, environment: str | None = None) -> Result:
        """The nodes that a model depends on directly."""
        return self._around("parents", name, environment)

    def get_model_children(self, name: str, environment: str | None = None) -> Result:
        """The nodes that depend on a model directly."""
        return self._around("children", name, environment)

    def get_model_health(self, name: str, environment: str | None = None) -> Result:
        """Whether a model is sound: its last run, its tests, and the last runs and freshness of all above it."""
        ids = self._ids(_MODEL, name, environment)
        found = self._ask(documents.HEALTH_DOCUMENT, environment, ids=ids)
        nodes = [edge["node"] for edge in found["environment"]["applied"]["models"]["edges"]]
        for node in nodes:
            node["ancestors"] = node["ancestors"][:MOST_ROWS]
        return {"result": nodes, "next_calls": [_call("get_model_performance", name=id_) for id_ in ids]}

    def get_model_performance(self, name: str, num_runs: int = 5, environment: str | None = None) -> Result:
        """The last runs of a model, the newest first, with its time in each; 20 at most."""
        [unique_id] = self._ids(_MODEL, name, environment, only_one=True)
        found = self._ask(documents.PERFORMANCE_DOCUMENT, environment, id=unique_id, count=num_runs)
        runs = found["environment"]["applied"]["modelHistoricalRuns"]
        return {"result": _short(runs), "next_calls": [_call("find_regressions")]}

    def get_lineage(self, name: str, depth: int = 5, at: str | None = None, environment: str | None = None) -> Result:
        """All nodes above and below a node, with the distance; at a time in ISO 8601, the lineage as it was then."""
        with self._warehouse() as warehouse:
            found = warehouse.lineage(name, depth=max(1, depth), at=_time(at))
        place = self._place(environment)
        rows = [row for row in found.rows.to_pylist() if row["environment"] == place["name"]]
        return {"unique_id": found.unique_id, "result": _short(rows[:MOST_ROWS]), "is_cut": len(rows) > MOST_ROWS}

    def list_jobs(self) -> Result:
        """Every job, with its number, its environment and its last run."""
        found = self._ask("{ jobs { id name environmentId lastRunId } environments { id name projectName } }", None)
        names = {row["id"]: row for row in found["environments"]}
        jobs = [
            {
                **job,
                "environment": names[job["environmentId"]]["name"],
                "project": names[job["environmentId"]]["projectName"],
            }
            for job in found["jobs"]
        ]
        return {"result": jobs[:MOST_ROWS], "next_calls": [_call("list_jobs_runs")]}

    def list_jobs_runs(
        self,
        job_id: int | None = None,
        is_failed: bool | None = None,
        limit: int = 50,
        cursor: str | None = None,
        environment: str | None = None,
    ) -> Result:
        """Runs, the newest first: of one job or of all, failed or successful ones."""
        rows = {"job_id": job_id, "is_failed": is_failed, "run_id": None}
        return self._rows("run_list", rows, limit, cursor, environment, by_number=True)

    def get_job_run_details(self, run_id: int, environment: str | None = None) -> Result:
        """A run by its number: its job, its times, its counts, its invocations."""
        parameters = {"job_id": None, "is_failed": None, "run_id": run_id}
        found = self._rows("run_list", parameters, 1, None, environment, by_number=True)["result"]
        if not found:
            raise ToolFailed(f"there is no run {run_id} in this environment; list_jobs_runs lists them")
        return {"result": found[0], "next_calls": [_call("get_job_run_error", run_id=run_id)]}

    def get_job_run_error(self, run_id: int, environment: str | None = None) -> Result:
        """Why a run failed: the same as `diagnose_run`, for each invocation of the run."""
        details = self.get_job_run_details(run_id, environment)["result"]
        found = [self.diagnose_run(id_) for id_ in details["invocation_ids"]]
        return {"result": [one["result"] for one in found], "next_calls": [_call("definition_changes")]}

    # What the history of a warehouse adds.

    def diagnose_run(self, run: str | None = None, environment: str | None = None) -> Result:
        """One run explained: failures, what each of them stopped, since when and with which change; slow nodes.

        `run` is an invocation_id or its beginning; without it, the last run.
        """
        labels = {} if run else {"environment": self._place(environment)["name"]}
        with self._warehouse() as warehouse:
            found = warehouse.diagnose(run, **labels).to_dict()
        bounded = {key: value[:20] if isinstance(value, list) else value for key, value in found.items()}
        first = [_call("get_model_health", name=row["unique_id"]) for row in bounded["failures"][:3]]
        return {"result": _short(bounded), "next_calls": first or [_call("list_jobs_runs", is_failed=True)]}

    def find_regressions(self, limit: int = 20, cursor: str | None = None, environment: str | None = None) -> Result:
        """Nodes that take longer than they did, since when, and what changed then."""
        return self._rows("regressions", {}, limit, cursor, environment)

    def find_flaky_tests(self, limit: int = 20, cursor: str | None = None, environment: str | None = None) -> Result:
        """Tests that fail and pass again without a change of what they test."""
        return self._rows("flaky_tests", {}, limit, cursor, environment)

    def definition_changes(
        self,
        since: str | None = None,
        until: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
        environment: str | None = None,
    ) -> Result:
        """What was added, changed or removed in the project, the newest first. Times are ISO 8601."""
        return self._rows(
            "definition_changes", {"since": _time(since), "until": _time(until)}, limit, cursor, environment
        )

    def get_column_lineage(self, name: str, column: str, environment: str | None = None) -> Result:
        """Where a column of a node comes from and what it flows into, by the code; `kind` says how."""
        with self._warehouse() as warehouse:
            found = warehouse.column_lineage(name, column)
        place = self._place(environment)
        rows = [row for row in found.rows.to_pylist() if row.get("environment") in (None, place["name"])]
        return {"column": found.unique_id, "result": _short(rows[:MOST_ROWS]), "is_cut": len(rows) > MOST_ROWS}

    def query(self, sql: str, limit: int = MOST_ROWS) -> Result:
        """One SELECT over the views of schema v1 (resource warehouse://views). It reads nothing else."""
        with self._follower.snapshot() as snapshot, _told():
            rows = run_confined(snapshot.path, sql, _QUERY_SECONDS, _QUERY_BYTES)
        shown = rows[: max(1, min(limit, MOST_ROWS))]
        return {"result": _short(shown), "row_count": len(rows), "is_cut": len(shown) < len(rows)}

    # Resources.

    def views(self) -> list[dict[str, Any]]:
        """The views of schema v1: names and sentences."""
        with self._warehouse() as warehouse:
            rows: list[dict[str, Any]] = warehouse.describe_views().to_pylist()
            return rows

    def view(self, name: str) -> dict[str, Any]:
        """The columns of a view: names, types and comments."""
        with self._warehouse() as warehouse:
            file, columns = warehouse.describe_view(name)
        return {"name": file.full_name, "summary": file.summary, "grain": file.grain, "columns": columns.to_pylist()}

    def _list(
        self, name: str, filters: dict[str, Any], limit: int, cursor: str | None, environment: str | None
    ) -> Result:
        state, filter_type = documents.FILTERS[name]
        text = documents.LIST_DOCUMENT
        parts = {"FILTER": filter_type, "STATE": state, "LIST": name, "SELECTION": documents.LISTS[name]}
        for mark, part in parts.items():
            text = text.replace(mark, part, 1)
        found = self._ask(text, environment, filter=filters, first=_bounded(limit), after=cursor)
        page = found["environment"][state][name]
        more = page["pageInfo"]["hasNextPage"]
        return {
            "result": _short([edge["node"] for edge in page["edges"]]),
            "pagination": {"has_more": more, "next_cursor": page["pageInfo"]["endCursor"] if more else None},
        }

    def _details(self, kind: str, name: str, environment: str | None) -> Result:
        type_, selection = documents.DETAILS[kind]
        ids = self._ids(_TEST if kind == "test" else (kind,), name, environment)
        text = documents.DETAILS_DOCUMENT.replace("SELECTION", selection)
        found = self._ask(text, environment, filter={"types": [type_], "uniqueIds": ids}, first=len(ids))
        nodes = [edge["node"] for edge in found["environment"]["applied"]["resources"]["edges"]]
        return {"result": _short(nodes)}

    def _around(self, field: str, name: str, environment: str | None) -> Result:
        ids = self._ids(_MODEL, name, environment)
        found = self._ask(documents.AROUND_DOCUMENT.replace("FIELD", field), environment, ids=ids)
        nodes = [edge["node"] for edge in found["environment"]["applied"]["models"]["edges"]]
        return {"result": _short([{**node, field: node[field][:MOST_ROWS]} for node in nodes])}

    def _rows(
        self,
        statement: str,
        parameters: dict[str, Any],
        limit: int,
        cursor: str | None,
        environment: str | None,
        by_number: bool = False,
    ) -> Result:
        """Rows of a statement, one page of them. The cursor is the number of rows that were given."""
        place = self._place(environment)
        labels = (
            {"environment_id": place["id"]}
            if by_number
            else {"project": place["projectName"], "environment": place["name"]}
        )
        first, offset = _bounded(limit), _offset(cursor)
        with self._request() as request:
            rows = request.rows(statement, {**labels, **parameters, "limit": first + 1, "offset": offset})
        more = len(rows) > first
        return {
            "result": _short(rows[:first]),
            "pagination": {"has_more": more, "next_cursor": _cursor(offset + first) if more else None},
        }

    def _ids(self, types: tuple[str, ...], name: str, environment: str | None, only_one: bool = False) -> list[str]:
        """The unique_ids that a name or a unique_id means."""
        parameters = {"environment_id": self._place(environment)["id"], "types": list(types), "name": name}
        with self._request() as request:
            ids = request.fetch("ids_by_name", parameters, "nodes").column("unique_id")
        if not ids or (only_one and len(ids) > 1):
            number = "no" if not ids else "more than one"
            raise ToolFailed(f"there is {number} {types[0]} {name!r}; name it by its unique_id, or list all")
        return list(ids[:MOST_ROWS])

    def _place(self, environment: str | None) -> dict[str, Any]:
        """The environment of a call: the one it names, else the one of the server, else the only or newest one."""
        known = self._ask("{ environments { id name projectName } jobs { environmentId } }", None)
        wanted = environment or self._environment
        found = [row for row in known["environments"] if wanted in (None, row["name"], str(row["id"]))]
        if wanted is None:
            # Production has more jobs than a developer's environment.
            counts = [job["environmentId"] for job in known["jobs"]]
            found = sorted(found, key=lambda row: -counts.count(row["id"]))[:1]
        if len(found) != 1:
            names = ", ".join(f"{row['name']} ({row['id']})" for row in known["environments"])
            raise ToolFailed(f"name one environment by its name or number: {names or 'none is loaded'}")
        return dict(found[0])

    def _ask(self, text: str, environment: str | None, **variables: Any) -> dict[str, Any]:
        """The data of a document. `environment` is one of its variables where it has it."""
        if "$environment" in text:
            variables["environment"] = self._place(environment)["id"]
        with self._follower.snapshot() as snapshot:
            found = answer(snapshot, text, variables, limits=self._limits)
        if "errors" in found:
            raise ToolFailed(found["errors"][0]["message"])
        data: dict[str, Any] = found["data"]
        return data

    @contextmanager
    def _request(self) -> Iterator[Request]:
        with (
            self._follower.snapshot() as snapshot,
            _told(),
            Request.running(snapshot, self._limits) as request,
        ):
            yield request

    @contextmanager
    def _warehouse(self) -> Iterator[Warehouse]:
        with self._follower.snapshot() as snapshot, Warehouse(snapshot.path, read_only=True) as warehouse, _told():
            yield warehouse


@contextmanager
def _told() -> Iterator[None]:
    """What the package says of a wrong argument, as the failure of the tool."""
    try:
        yield
    except (ArtifactWarehouseError, GraphQLError) as error:
        raise ToolFailed(str(error)) from error


def _bounded(limit: int) -> int:
    return max(1, min(limit, MOST_ROWS))


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _offset(cursor: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor.encode())) if cursor else 0
    except ValueError as error:
        raise ToolFailed(f"{cursor!r} is no cursor of this tool; take next_cursor of its last answer") from error


def _time(text: str | None) -> datetime | None:
    try:
        return parse_moment(text) if text else None
    except ValueError as error:
        raise ToolFailed(str(error)) from error


def _call(tool: str, **arguments: Any) -> dict[str, Any]:
    """A call that is useful next."""
    return {"tool": tool, "arguments": arguments}


def _short(value: Any) -> Any:
    """A value for JSON: times in ISO 8601 with the zone, and no text without end."""
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, str) and len(value) > _MOST_TEXT:
        return f"{value[:_MOST_TEXT]}… ({len(value) - _MOST_TEXT} more characters)"
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    return [_short(item) for item in value] if isinstance(value, list | tuple) else value
