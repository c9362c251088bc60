"""dbt Cloud: the runs of an account and the artifacts of every step, by its Administrative API.

https://docs.getdbt.com/dbt-cloud/api-v2 has the runs, https://docs.getdbt.com/dbt-cloud/api-v3 the names of projects.
Beside what dbt wrote, every invocation becomes an artifact of kind `run`: what dbt Cloud itself knows of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from artifact_warehouse.artifacts import command_of, content_id
from artifact_warehouse.errors import SourceRefused
from artifact_warehouse.extract import Input, Labels, Progress, Stored
from artifact_warehouse.limits import Limits
from artifact_warehouse.schema import normalise_time, to_utc
from artifact_warehouse.sources.http import Client, base_url
from artifact_warehouse.sources.run_record import run_record

TOKEN = "DBT_CLOUD_TOKEN"
"""The environment variable of the token, as dbt Labs' Terraform provider calls it."""

_NAME = "dbt Cloud"
_PAGE = 100
"""The most items of a page: https://docs.getdbt.com/dbt-cloud/api-v2#/ (Pagination)."""
_AT_ONCE = 4
"""Requests at once. An account may send 5,000 a minute: https://docs.getdbt.com/docs/dbt-apis/rate-limits."""
_OUTCOMES = {10: "success", 20: "error", 30: "cancelled"}
"""The statuses of runs and steps that have ended."""
_RELATED = '["trigger","job","environment","run_steps"]'

_FILES = (
    "run_results.json",
    "sources.json",
    "freshness.json",
    "manifest.json",
    "catalog.json",
    "semantic_manifest.json",
)
"""The artifacts of a step. The first one that the step itself has written names its invocation."""
_WRITING = {
    *("build", "clone", "compile", "generate", "list", "parse", "retry", "run", "run-operation", "seed", "show"),
    *("snapshot", "source freshness", "test"),
}
"""Commands that write artifacts."""
_EXECUTING = {"build", "clone", "retry", "run", "seed", "snapshot", "source freshness", "test"}
"""Commands that execute nodes (rule 3, docs/rules.md)."""

_DBT = re.compile(r"(?:^|`)(dbt\s[^`\n]*)")
"""The command line in the name of a step: Invoke dbt with `dbt build`."""
_FLEETING = re.compile(
    r".*_humanized|updated_at|last_checked_at|last_heartbeat_at|next_run.*|can_retry|retry_not_supported_reason"
    r"|notifications_sent|(truncated_)?debug_logs|logs|run_steps"
)
"""Fields that differ from one request to the next, and logs."""
_LAST_CHARACTERS = 4000
"""Of the log of a step that failed: why it failed is at its end."""


@dataclass(frozen=True)
class DbtCloud:
    """dbt Cloud: the artifacts of every step of every run. The token is in the variable DBT_CLOUD_TOKEN.

    Runs that have not ended are left for the next call.
    """

    account: int = field(metadata={"help": "The account's id.", "variable": "DBT_CLOUD_ACCOUNT_ID"})
    project: int | None = field(default=None, metadata={"help": "Only runs of the project with this id."})
    job: int | None = field(default=None, metadata={"help": "Only runs of the job with this id."})
    since: datetime | None = field(default=None, metadata={"help": "Only runs created since then: a time, or 7d."})
    host: str = field(
        default="cloud.getdbt.com",
        metadata={"help": "The host of the account, its access URL.", "variable": "DBT_CLOUD_HOST"},
    )

    def __post_init__(self) -> None:
        try:
            base_url(self.host)
        except ValueError as error:
            raise SourceRefused(_NAME, str(error)) from error

    @property
    def root(self) -> str:
        """What the uris of all artifacts begin with."""
        return f"{base_url(self.host)}{self._path}"

    @property
    def secret(self) -> str:
        """The token. Raises SourceRefused where there is none."""
        token = os.environ.get(TOKEN, "").strip()
        if not token:
            raise SourceRefused(_NAME, f"there is no token; put it into the environment variable {TOKEN}")
        return token

    @property
    def _path(self) -> str:
        return f"/api/v2/accounts/{self.account}/runs/"

    def runs(self, stored: Mapping[str, Stored], limits: Limits, progress: Progress) -> Iterator[list[Input]]:
        """The artifacts of each run that has ended, the oldest run first. Raises SourceError."""
        with Client(_NAME, base_url(self.host), self.secret) as client, ThreadPoolExecutor(_AT_ONCE) as pool:
            projects = _Projects(client, self.account)
            new = [run_id for run_id in self._ended(client) if f"{self.root}{run_id}/" not in stored]
            progress(0, len(new))
            for done, run_id in enumerate(new, 1):
                answer = client.json(f"{self._path}{run_id}/?{urlencode({'include_related': _RELATED})}")
                if answer is not None:  # it was deleted meanwhile
                    run = {**answer["data"], "project": projects.get(answer["data"].get("project_id"))}
                    yield _Run(run, self._path, self.root).inputs(client, pool, stored, limits)
                progress(done, len(new))

    def _ended(self, client: Client) -> list[int]:
        """The ids of all runs that have ended, the oldest first.

        The newest come first, so that a run which begins meanwhile moves none onto a page that was read.
        """
        found: dict[int, bool] = {}
        for run in self._listed(client):
            if self._is_before(run):
                break
            found[int(run["id"])] = run.get("status") in _OUTCOMES
        return sorted(run_id for run_id, has_ended in found.items() if has_ended)

    def _is_before(self, run: dict[str, Any]) -> bool:
        """Whether a run was created before `since`."""
        created_at = normalise_time(run.get("created_at"))
        if not self.since or not created_at:
            return False
        return datetime.fromisoformat(created_at.removesuffix("Z")) < to_utc(self.since)

    def _listed(self, client: Client) -> Iterator[dict[str, Any]]:
        """The runs of all pages. The last page is empty, or has the last of `total_count` runs."""
        choice = {"project_id": self.project, "job_definition_id": self.job}
        query = {
            "order_by": "-id",
            "limit": _PAGE,
            **{name: value for name, value in choice.items() if value is not None},
        }
        offset = 0
        while True:
            answer = client.json(f"{self._path}?{urlencode({**query, 'offset': offset})}")
            if answer is None:
                raise SourceRefused(_NAME, f"there is no account {self.account} on {self.host}, or not for this token")
            page = answer["data"]
            yield from page
            offset += len(page)
            total = ((answer.get("extra") or {}).get("pagination") or {}).get("total_count")
            if not page or (isinstance(total, int) and offset >= total):
                return


class _Projects:
    """The projects of an account, each asked for once."""

    def __init__(self, client: Client, account: int) -> None:
        self._client, self._account = client, account
        self._found: dict[Any, dict[str, Any]] = {}

    def get(self, project_id: Any) -> dict[str, Any]:
        """The id and the name of a project; the id alone where the token may not read it."""
        if project_id not in self._found:
            try:
                answer = self._client.json(f"/api/v3/accounts/{self._account}/projects/{project_id}/")
            except SourceRefused:
                answer = None
            self._found[project_id] = {"id": project_id, "name": answer["data"].get("name") if answer else None}
        return self._found[project_id]


class _Step(NamedTuple):
    """A step of a run that invoked dbt, or was to do so."""

    place: int
    line: str
    """The command line."""
    outcome: str
    step: dict[str, Any]

    @property
    def command(self) -> str:
        return command_of(self.line)


class _Head(msgspec.Struct):
    """The beginning of an artifact."""

    metadata: dict[str, Any] = {}


class _Run:
    """One run, with its related objects."""

    def __init__(self, run: dict[str, Any], path: str, root: str) -> None:
        self._run = run
        self._path = f"{path}{run['id']}/"
        self._uri = f"{root}{run['id']}/"
        self._outcome = _OUTCOMES[run["status"]]
        self._labels = Labels(None, _name(run, "environment"), _name(run, "job"))

    def inputs(
        self, client: Client, pool: ThreadPoolExecutor, stored: Mapping[str, Stored], limits: Limits
    ) -> list[Input]:
        """The artifacts that dbt wrote, then one of kind `run` for every invocation.

        The one at the uri of the run itself is the last: where the warehouse has it, it has all of them.
        """
        steps = [step for step in self._steps() if step.command in _WRITING]
        wanted = [(step, name) for step in steps for name in _FILES if self._uri_of(step, name) not in stored]
        bodies = pool.map(lambda of: client.get(self._place(*of), limits.artifact_bytes), wanted)
        found = [
            self._input(self._uri_of(step, name), body, limits)
            for (step, name), body in zip(wanted, bodies, strict=True)
            if body is not None
        ]
        known = {**stored, **{item.uri: _stored(item) for item in found if not item.error}}
        told = [self._told(step, invocation_id) for step, invocation_id in self._invocations(steps, known)]
        if not told or self._failed_outside(steps):
            told.insert(0, self._told(self._planned(), None))
        first, *others = told
        uris = [f"{self._uri}?step={step.place}" for step, _ in others]
        documents = [*zip(uris, others, strict=True), (self._uri, first)]
        return found + [Input(uri, document, labels=self._labels) for uri, (_, document) in documents]

    def _steps(self) -> Iterator[_Step]:
        """The steps that invoked dbt and have ended."""
        for step in self._run.get("run_steps") or []:
            line = _line_of(step)
            if line and step.get("status") in _OUTCOMES:
                yield _Step(int(step["index"]), line, _OUTCOMES[step["status"]], step)

    def _place(self, step: _Step, name: str) -> str:
        return f"{self._path}artifacts/{name}?step={step.place}"

    def _uri_of(self, step: _Step, name: str) -> str:
        return f"{self._uri}artifacts/{name}?step={step.place}"

    def _input(self, uri: str, body: bytes, limits: Limits) -> Input:
        if len(body) > limits.artifact_bytes:
            return Input(uri, b"", f"is larger than {limits.artifact_bytes:,} bytes", True, labels=self._labels)
        return Input(uri, body, is_named=True, labels=self._labels)

    def _invocations(self, steps: list[_Step], known: Mapping[str, Stored]) -> Iterator[tuple[_Step, str | None]]:
        """The steps, each with the id of its invocation; None where dbt wrote nothing.

        The folder of artifacts is kept from step to step: what an earlier step has too is not of this one.
        """
        earlier: set[str] = set()
        for step in steps:
            artifacts = [artifact for name in _FILES if (artifact := known.get(self._uri_of(step, name)))]
            own = [artifact for artifact in artifacts if artifact.artifact_id not in earlier]
            yield step, next((artifact.invocation_id for artifact in own if artifact.invocation_id), None)
            earlier.update(artifact.artifact_id for artifact in artifacts)

    def _failed_outside(self, steps: list[_Step]) -> bool:
        """Whether the run failed, and no command of dbt that executes nodes did."""
        return self._outcome == "error" and not any(
            step.outcome == "error" and step.command in _EXECUTING for step in steps
        )

    def _planned(self) -> _Step:
        """The first command of the job that executes nodes and was not begun, with the step at which the run ended."""
        begun = [step.line for step in self._steps()]
        job = self._run.get("job") or {}
        trigger = self._run.get("trigger") or {}
        lines = trigger.get("steps_override") or job.get("execute_steps") or []
        left = (line for line in lines if line not in begun and command_of(line) in _EXECUTING)
        ended = [step for step in self._run.get("run_steps") or [] if step.get("status") in _OUTCOMES]
        return _Step(0, next(left, ""), self._outcome, ended[-1] if ended else {})

    def _told(self, step: _Step, invocation_id: str | None) -> tuple[_Step, bytes]:
        """The artifact of kind `run` of one invocation."""
        run, ended_at = self._run, step.step.get("finished_at") or self._run.get("finished_at")
        own_id = "-".join(["dbt-cloud", *map(str, filter(None, (run["account_id"], run["id"], step.place)))])
        document = run_record(
            invocation_id or own_id,
            ended_at or run.get("created_at"),
            source="dbt-cloud",
            outcome=step.outcome,
            invocation_command=step.line or None,
            started_at=step.step.get("started_at") or run.get("started_at"),
            completed_at=ended_at,
            project_id=f"dbt-cloud-{run.get('project_id')}",
            project_name=_name(run, "project"),
            env=self._variables(),
            run=_lasting(run),
            step={**_lasting(step.step), **_log(step)},
        )
        return step, document

    def _variables(self) -> dict[str, str]:
        """The variables that dbt Cloud sets for dbt.

        https://docs.getdbt.com/docs/build/environment-variables#special-environment-variables
        """
        run, trigger = self._run, self._run.get("trigger") or {}
        values = {
            "ACCOUNT_ID": run.get("account_id"),
            "PROJECT_ID": run.get("project_id"),
            "ENVIRONMENT_ID": run.get("environment_id"),
            "JOB_ID": run.get("job_definition_id"),
            "RUN_ID": run.get("id"),
            "RUN_REASON": trigger.get("cause"),
            "RUN_REASON_CATEGORY": trigger.get("cause_category"),
            "GIT_SHA": run.get("git_sha") or trigger.get("git_sha"),
            "GIT_BRANCH": run.get("git_branch") or trigger.get("git_branch"),
        }
        return {f"DBT_CLOUD_{name}": str(value) for name, value in values.items() if value not in (None, "")}


def _name(run: dict[str, Any], related: str) -> str | None:
    name = (run.get(related) or {}).get("name")
    return name if isinstance(name, str) and name else None


def _line_of(step: dict[str, Any]) -> str | None:
    """The command line of a step that invokes dbt."""
    match = _DBT.search(step.get("name") or "")
    return match[1].strip() if match else None


def _lasting(value: Any) -> Any:
    """A value of the API without what differs from one request to the next, and without logs."""
    if isinstance(value, list):
        return [_lasting(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _lasting(item) for name, item in value.items() if not _FLEETING.fullmatch(name)}


def _log(step: _Step) -> dict[str, str]:
    """The end of the log of a step that failed."""
    log = step.step.get("logs")
    return {"logs": log[-_LAST_CHARACTERS:]} if step.outcome == "error" and isinstance(log, str) and log else {}


def _stored(item: Input) -> Stored:
    """The ids that the warehouse will have for an artifact. A semantic manifest names no invocation."""
    artifact_id = content_id(item.data)
    try:
        invocation_id = msgspec.json.decode(item.data, type=_Head).metadata.get("invocation_id")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        invocation_id = None
    return Stored(artifact_id, invocation_id if isinstance(invocation_id, str) and invocation_id else None)
