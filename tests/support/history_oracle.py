"""What the views of operations should say of a folder of artifacts: plain Python over the JSON, run by run.

Every run here has a manifest of its own, or none has. It shares no code with the project.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from oracle import (
    EXECUTED,
    EXECUTING_COMMANDS,
    hive_labels,
    is_retry,
    most_frequent,
    package_of,
    parse_time,
    status_class,
)

SECTIONS = ("nodes", "sources", "unit_tests", "exposures", "metrics", "semantic_models", "saved_queries")
AUTHORED = ("raw_code", "config", "description", "kwargs", "test_metadata", "columns", "checksum", "loaded_at_field")


def moment(text: Any) -> datetime | None:
    """A time as DuckDB gives it: UTC, without a zone."""
    found = parse_time(text)
    return found.replace(tzinfo=None) if found else None


@dataclass(eq=False)
class Run:
    """One run_results.json of a command that executes nodes, or the checks of `source freshness`, with its manifest."""

    data: dict[str, Any]
    labels: dict[str, str]
    manifest: dict[str, Any]
    is_check: bool = False
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        metadata, args = self.data["metadata"], self.data.get("args", {})
        self.invocation_id = metadata["invocation_id"]
        self.command = "source freshness" if self.is_check else args["which"]
        self.generated_at = moment(metadata["generated_at"])
        begins = [moment(step.get("started_at")) for row in self.data["results"] for step in row.get("timing", [])]
        first = min((begin for begin in begins if begin), default=self.generated_at)
        self.started_at = moment(metadata.get("invocation_started_at")) or first
        self.dbt_version, self.threads = metadata["dbt_version"], args.get("threads")
        self.job, self.target = self.labels.get("job"), args.get("target")
        self.environment = self.labels.get("environment") or self.target or "default"
        packages = [package_of(row["unique_id"]) for row in self.data["results"]]
        self.project = self.manifest.get("metadata", {}).get("project_name") or most_frequent(packages)
        self.is_retry = is_retry(args.get("invocation_command"))
        self.is_full_refresh = bool(args.get("full_refresh"))
        self.cloud = metadata.get("env", {}).get("DBT_CLOUD_RUN_ID")
        self.signature = (self.command, str(args.get("select")), str(args.get("exclude")), self.is_full_refresh)
        self.nodes = {key: node for part in SECTIONS for key, node in self.manifest.get(part, {}).items()}
        rows = self.data["results"]
        self.is_aborted = self.dbt_version.startswith("2.") and len(rows) > 1 and not self.is_check
        self.is_aborted &= all(row["status"] == "error" and row["execution_time"] == 0 for row in rows)
        self.is_aborted &= len({row.get("message") for row in rows}) == 1
        self.outcomes = [] if self.is_aborted else [Outcome(self, row) for row in rows]
        self.completed_at = max([self.generated_at, *(Outcome(self, row).at for row in rows)])

    @property
    def place(self) -> tuple:
        return (self.generated_at, self.invocation_id, self.command)

    def definition(self, node: str) -> Any:
        entry = self.nodes.get(node)
        return entry and [entry.get(name) for name in AUTHORED] + [self.parents(node)]

    def parents(self, node: str) -> list[str]:
        return self.nodes.get(node, {}).get("depends_on", {}).get("nodes", [])

    def ancestors(self, node: str) -> set[str]:
        found, todo = {node}, [node]
        while todo:
            new = set(self.parents(todo.pop())) - found
            found |= new
            todo += new
        return found

    def read_by(self, node: str) -> set[str]:
        """The parents, and through all that is not stored what these read."""
        found, todo = {node}, [node]
        while todo:
            reader = todo.pop()
            materialized = self.nodes.get(reader, {}).get("config", {}).get("materialized")
            is_table = reader.startswith("model.") and materialized in ("table", "incremental")
            if not is_table and not reader.startswith(("seed.", "snapshot.")):
                new = set(self.parents(reader)) - found
                found |= new
                todo += new
        return found


class Outcome:
    """One result."""

    def __init__(self, run: Run, row: dict[str, Any]) -> None:
        self.run, self.node, self.status = run, row["unique_id"], row["status"]
        self.outcome = status_class(self.status)
        self.seconds = row.get("execution_time")
        self.rows = row.get("adapter_response", {}).get("rows_affected")
        self.rows = self.rows if self.rows is None or self.rows >= 0 else None
        ends = [moment(step.get("completed_at")) for step in row.get("timing", [])]
        self.at = max((end for end in ends if end), default=run.generated_at)
        self.is_executed = self.outcome in EXECUTED
        self.place = (self.at, run.place)


@dataclass(eq=False)
class Incident:
    """A streak of failures, with the executed results before and after it."""

    before: Outcome | None
    failures: list[Outcome]
    closing: Outcome | None = None

    @property
    def opened_at(self) -> datetime:
        return self.failures[0].at

    def lasts_at(self, when: datetime) -> bool:
        return self.opened_at <= when and (self.closing is None or self.closing.at > when)


class Histories:
    """Everything below a folder."""

    def __init__(self, folder: Path) -> None:
        manifests: dict[str, dict] = {}
        found: dict[tuple, tuple[dict, dict]] = {}
        self.checks: list[tuple] = []
        for path in sorted(folder.rglob("*.json")):
            if path.name in ("manifest.json", "run_results.json", "sources.json"):
                data = json.loads(path.read_bytes())
                invocation_id = data["metadata"]["invocation_id"]
                if path.name == "manifest.json":
                    manifests[invocation_id] = data
                elif path.name == "run_results.json":
                    found[invocation_id, data["args"]["which"]] = (data, hive_labels(path))
                else:
                    self.checks.append((data, hive_labels(path)))
        runs = (Run(data, labels, manifests.get(key[0], {})) for key, (data, labels) in found.items())
        checks = {data["metadata"]["invocation_id"]: (data, labels) for data, labels in self.checks}
        self.freshness_runs = [Run(*found, manifests.get(key, {}), is_check=True) for key, found in checks.items()]
        self.runs = sorted((run for run in runs if run.command in EXECUTING_COMMANDS), key=lambda run: run.place)
        self.by_node: dict[tuple, list[Outcome]] = defaultdict(list)
        for run in self.runs:
            for outcome in run.outcomes:
                self.by_node[run.project, run.environment, outcome.node].append(outcome)
        for rows in self.by_node.values():
            rows.sort(key=lambda outcome: outcome.place)
        self.incidents = {key: list(streaks(rows)) for key, rows in self.by_node.items()}

    def scope(self, project: str, environment: str) -> list[Run]:
        return [r for r in self.runs if (r.project, r.environment) == (project, environment) and not r.is_aborted]

    def missed(self, key: tuple, incident: Incident) -> tuple[int, int]:
        """(runs that skipped the node, runs that had no result of it)."""
        runs = self.scope(*key[:2])
        end = incident.closing.at if incident.closing else datetime.max
        last = runs.index(incident.closing.run) if incident.closing else len(runs)
        skipped = [o for o in self.by_node[key] if o.outcome == "skipped" and incident.opened_at < o.at <= end]
        between = last - runs.index(incident.failures[0].run) - len(incident.failures)
        return len(skipped), max(0, between - len(skipped))

    def failing_parents(self, key: tuple, incident: Incident) -> list[str]:
        parents = set(incident.failures[0].run.parents(key[2])) - {key[2]}
        open_at = [
            p for p in parents for other in self.incidents.get((*key[:2], p), []) if other.lasts_at(incident.opened_at)
        ]
        return sorted(set(open_at))

    def freshness(self, key: tuple, source: str) -> list[tuple[datetime, datetime]]:
        """(checked, newest row) of a source, of every check."""
        return [
            (moment(row["snapshotted_at"]), moment(row["max_loaded_at"]))
            for data, labels in self.checks
            for row in data["results"]
            if row["unique_id"] == source
            and labels.get("environment", "default") == key[1]
            and row.get("max_loaded_at")
        ]

    def explanation(self, key: tuple, incident: Incident) -> tuple[str | None, bool | None]:
        """(why a test passed again, whether a source may have had new data), for a closed incident."""
        failed, passed = incident.failures[-1], incident.closing
        assert passed is not None
        read = passed.run.read_by(key[2])
        builds = [
            o
            for a in read
            if a.startswith(("model.", "seed.", "snapshot."))
            for o in self.by_node.get((*key[:2], a), [])
        ]
        if any(o.outcome == "success" and failed.at < o.at <= passed.at for o in builds):
            return "rebuild", None
        if key[2] not in passed.run.nodes:
            return "unknown", None
        if any(failed.run.definition(a) != passed.run.definition(a) for a in passed.run.ancestors(key[2])):
            return "definition", None
        checks = [self.freshness(key, a) for a in read if a.startswith("source.")]
        if any(failed.at < loaded <= passed.at for found in checks for _, loaded in found):
            return "source", None
        return None, any(not any(c >= passed.at and loaded <= failed.at for c, loaded in found) for found in checks)

    def logical_runs(self) -> list[list[list[Run]]]:
        """Every logical run: its steps, and the attempts at each."""
        steps: dict[tuple, list[list[Run]]] = defaultdict(list)
        for run in sorted([*self.runs, *self.freshness_runs], key=lambda run: run.place):
            chain = steps[run.project, run.environment, run.target, run.job, run.cloud, run.command]
            if run.is_retry and chain and run.started_at - chain[-1][-1].completed_at <= timedelta(hours=24):
                chain[-1].append(run)
            else:
                chain.append([run])
        grouped: dict[tuple, list[list[Run]]] = {}
        jobs: dict[tuple, tuple] = {}
        for step in sorted((step for chain in steps.values() for step in chain), key=lambda step: step[0].place):
            run = step[0]
            key: tuple = (run.project, run.environment, run.cloud)
            if run.cloud is None and run.job is None:
                key = run.place
            elif run.cloud is None:
                job = (run.project, run.environment, run.target, run.job)
                ended, signature, key = jobs.get(job, (datetime.min, None, ()))
                started = min(attempt.started_at for attempt in step)
                is_near = key != () and started - ended <= timedelta(hours=1)
                signature = signature if is_near else run.signature
                key = run.place if not is_near or signature == run.signature else key
                jobs[job] = (max(attempt.completed_at for attempt in step), signature, key)
            grouped.setdefault(key, []).append(step)
        return list(grouped.values())


def streaks(rows: list[Outcome]) -> Iterator[Incident]:
    """The incidents of a node's results, in order."""
    before: Outcome | None = None
    current: Incident | None = None
    for row in rows:
        if row.is_executed:
            if row.outcome == "failure":
                current = current or Incident(before, [])
                current.failures.append(row)
            elif current:
                current.closing = row
                if row.at > current.opened_at:
                    yield current
                current = None
            before = row
    if current:
        yield current


def regressions(rows: list[Outcome]) -> Iterator[dict[str, Any]]:
    """Those of one series of comparable executions."""
    times = [round(row.seconds * 1e6) for row in rows]
    limits, slow = [], []
    for i, _ in enumerate(times):
        past = times[max(0, i - 20) : i] or [0]
        middle = statistics.median(past)
        deviation = statistics.median(abs(time - middle) for time in past)
        limits.append(middle + max(6 * deviation, 0.5 * middle, 1e6))
        slow.append(i >= 5 and min(times[i : i + 3]) > limits[i])
    begins = [i for i, is_slow in enumerate(slow) if is_slow and not any(slow[max(0, i - 5) : i])]
    for begin, until in zip(begins, [*begins, len(times)][1:], strict=True):
        calm = (j for j in range(begin + 1, until) if j + 3 <= len(times) and max(times[j : j + 3]) <= limits[begin])
        end = next(calm, None)
        row, previous = rows[begin], rows[begin - 1]
        given = [r.rows for r in rows[max(0, begin - 20) : begin] if r.rows is not None]
        taken = [r.rows for r in rows[begin : begin + 3] if r.rows is not None]
        more = bool(given and taken) and statistics.fmean(taken) >= 1.5 * statistics.fmean(given)
        now, then = row.run, previous.run
        changes = {
            "definition": now.definition(row.node) != then.definition(row.node),
            "dbt_version": now.dbt_version != then.dbt_version,
            "threads": now.threads != then.threads,
            "rows_affected": more and statistics.fmean(taken) > statistics.fmean(given),
        }
        yield {
            "began_at": row.at,
            "ended_at": rows[end].at if end is not None else None,
            "is_confirmed": begin + 3 <= len(times),
            "regressed": statistics.median(times[begin : begin + 3]) / 1e6,
            "limit": limits[begin] / 1e6,
            "changes": [name for name, is_changed in changes.items() if is_changed],
            "execution_count": until - begin,
        }
