"""What happened, as the public views know it: an event is a fact that is told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import duckdb

from artifact_warehouse.alerts.clocks import due_times, gaps
from artifact_warehouse.alerts.queries import Row, rows
from artifact_warehouse.alerts.settings import Alerts, Promise, Schedule
from artifact_warehouse.alerts.subjects import Subject, find_subjects
from artifact_warehouse.durations import duration_of_text
from artifact_warehouse.monitor import run_failures


@dataclass(frozen=True)
class Event:
    """Something that happened. A channel is told of each `key` once; `facts` is what the message says.

    An event that `is_standing` is still true: a new channel is told of it, however old it is. An event `absorbs` older
    events: these are not told after it. Events with the same `group` are one message.
    """

    kind: str
    key: str
    happened_at: datetime
    project_name: str | None
    environment: str
    job_name: str | None = None
    invocation_id: str | None = None
    unique_id: str | None = None
    is_standing: bool = False
    absorbs: tuple[str, ...] = ()
    group: tuple[str | None, ...] = ()
    subject: Subject | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def find_events(
    connection: duckdb.DuckDBPyConnection,
    settings: Alerts,
    promises: Iterable[Promise],
    began: datetime,
    now: datetime,
) -> tuple[Event, ...]:
    """Everything that is worth telling as of now, in order of time: what is still true, and what happened lately.

    `promises` are those of the settings and of exposures. `began` is when the first message was made, which never
    changes.
    """
    oldest = now - duration_of_text(settings.max_age)
    since = max(began, oldest)
    found = [
        *_incidents(connection, settings, since, now),
        *_failed_runs(connection, since),
        *_late_sources(connection, since),
        *_slower_nodes(connection, oldest),
        *(
            event
            for schedule in settings.schedules
            for event in _missing_runs(connection, settings, schedule, (began, since, now))
        ),
        *(event for promise in promises for event in _promises(connection, settings, promise, since, now)),
    ]
    subjects = find_subjects(connection, (event.unique_id for event in found if event.unique_id))
    with_subject = (
        replace(event, subject=subjects.get(_place(event)) or Subject.unknown(event.unique_id))
        if event.unique_id
        else event
        for event in found
    )
    return tuple(sorted(with_subject, key=lambda event: (event.happened_at, event.key)))


def explain(connection: duckdb.DuckDBPyConnection, events: Iterable[Event]) -> tuple[Event, ...]:
    """The events, with the reason that `diagnose` knows, and the definition change since which a failure lasts."""
    told = tuple(events)
    runs = {event.facts["run"] for event in told if "run" in event.facts}
    reasons = {
        (run, row["unique_id"]): row for run in runs for row in run_failures(connection, *run)
    }  # fmt: skip
    changes: dict[tuple[Any, ...], list[Row]] = {}
    ids = sorted({event.unique_id for event in told if event.facts.get("changed_fields") and event.unique_id})
    for row in rows(connection, "alerts/definition_changes", unique_ids=ids) if ids else ():
        changes.setdefault((row["project_name"], row["environment"], row["unique_id"]), []).append(row)
    return tuple(_explained(event, reasons, changes.get(_place(event), [])) for event in told)


def _explained(event: Event, reasons: Mapping[Any, Row], changes: Iterable[Row]) -> Event:
    known = dict(event.facts)
    if reason := reasons.get((event.facts.get("run"), event.unique_id)):
        known |= {"message": reason["message"], "failures": reason["failures"]}
        known |= {"skipped_unique_ids": reason["skipped_unique_ids"]}
    at = event.facts.get("opened_at", event.happened_at)
    if before := [row["valid_from"] for row in changes if row["valid_from"] <= at]:
        known["changed_at"] = max(before)
    return replace(event, facts=known)


def _place(event: Event) -> tuple[Any, ...]:
    return event.project_name, event.environment, event.unique_id


def _key(kind: str, *parts: Any) -> str:
    return "|".join([kind, *("" if part is None else str(part) for part in parts)])


def _labels(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("project_name", "environment", "unique_id") if name in row}


def _incidents(
    connection: duckdb.DuckDBPyConnection, settings: Alerts, since: datetime, now: datetime
) -> Iterator[Event]:
    steps = sorted(duration_of_text(text) for text in settings.remind_after)
    for row in rows(connection, "alerts/incidents", since=since):
        yield from _incident(row, [step for step in steps if now - row["opened_at"] >= step])


def _incident(row: Row, steps: list[timedelta]) -> Iterator[Event]:
    """The failure; while it is open, the last reminder that is due; once it is closed, the recovery."""
    labels, is_open = _labels(row), row["closed_at"] is None
    place = (*labels.values(), row["opened_at"].isoformat())
    facts = {
        "opened_at": row["opened_at"],
        "failure_count": row["failure_count"],
        "changed_fields": row["opening_changed_fields"],
        "failing_parents": row["failing_parent_unique_ids"],
        "git_sha": row["opening_git_sha"],
        "run": (row["first_invocation_id"], row["first_command"]),
    }
    failed = Event(
        kind="failed",
        key=_key("failed", *place),
        happened_at=row["opened_at"],
        **labels,
        job_name=row["opening_job_name"],
        invocation_id=row["first_invocation_id"],
        is_standing=is_open and not row["is_gone"],
        absorbs=tuple(_key("still_failing", *place, step) for step in steps),
        group=(row["first_invocation_id"], row["first_command"]),
        facts=facts,
    )
    yield failed
    if steps and is_open and not row["is_gone"]:
        *earlier, step = steps
        yield replace(
            failed,
            kind="still_failing",
            key=_key("still_failing", *place, step),
            absorbs=tuple(_key("still_failing", *place, one) for one in earlier),
            happened_at=row["opened_at"] + step,
            group=(str(step),),
            facts={**facts, "run": (row["last_invocation_id"], row["last_command"])},
        )
    if not is_open:
        yield replace(
            failed,
            kind="flaky" if row["is_flip"] else "recovered",
            key=_key("recovered", *place),
            happened_at=row["closed_at"],
            job_name=row["closing_job_name"],
            invocation_id=row["closing_invocation_id"],
            absorbs=(failed.key, *failed.absorbs),
            group=(row["closing_invocation_id"], row["closing_command"]),
            facts={
                "opened_at": row["opened_at"],
                "failure_count": row["failure_count"],
                "changed_fields": row["closing_changed_fields"],
                "git_sha": row["closing_git_sha"],
            },
        )


def _failed_runs(connection: duckdb.DuckDBPyConnection, since: datetime) -> Iterator[Event]:
    for row in rows(connection, "alerts/failed_runs", since=since):
        yield Event(
            kind="run_failed",
            key=_key("run_failed", row["invocation_id"], row["command"]),
            happened_at=row["completed_at"],
            project_name=row["project_name"],
            environment=row["environment"],
            job_name=row["job_name"],
            invocation_id=row["invocation_id"],
            group=(row["invocation_id"], row["command"]),
            facts={
                "command": row["invocation_command"] or f"dbt {row['command']}",
                "node_count": row["result_count"],
                "message": row["message"],
                "git_sha": row["git_sha"],
            },
        )


def _late_sources(connection: duckdb.DuckDBPyConnection, since: datetime) -> Iterator[Event]:
    for row in rows(connection, "alerts/late_sources", since=since):
        labels = _labels(row)
        place = (*labels.values(), row["late_at"].isoformat())
        is_standing = row["fresh_at"] is None
        keys = {name: _key("source_late", *place, name) for name in ("late", "error")}
        stages = (("late", "warn_after_seconds", ()), ("error", "error_after_seconds", (keys["late"],)))
        for name, limit, absorbs in stages:
            if row[f"{name}_at"] is not None:
                yield Event(
                    kind="source_late",
                    key=keys[name],
                    happened_at=row[f"{name}_at"],
                    **labels,
                    job_name=row[f"{name}_job_name"],
                    invocation_id=row[f"{name}_invocation_id"],
                    is_standing=is_standing,
                    absorbs=absorbs,
                    group=(row[f"{name}_invocation_id"],),
                    facts={
                        "status": row[f"{name}_status"],
                        "max_loaded_at": row[f"{name}_max_loaded_at"],
                        "age_seconds": row[f"{name}_age_seconds"],
                        "limit_seconds": row[limit],
                        "message": row["error"] if name == "error" else None,
                    },
                )
        if row["fresh_at"] is not None:
            yield Event(
                kind="source_fresh",
                key=_key("source_fresh", *place),
                happened_at=row["fresh_at"],
                **labels,
                job_name=row["fresh_job_name"],
                invocation_id=row["fresh_invocation_id"],
                absorbs=tuple(keys.values()),
                group=(row["fresh_invocation_id"],),
                facts={"opened_at": row["late_at"], "max_loaded_at": row["fresh_max_loaded_at"]},
            )


def _slower_nodes(connection: duckdb.DuckDBPyConnection, since: datetime) -> Iterator[Event]:
    for row in rows(connection, "alerts/slower_nodes", since=since):
        labels = _labels(row)
        series = (row["materialized"], row["is_full_refresh"], row["began_at"].isoformat())
        names = ("baseline_seconds", "regressed_seconds", "changes", "changed_fields", "git_sha")
        versions = ("dbt_version", "previous_dbt_version", "threads", "previous_threads")
        yield Event(
            kind="slower",
            key=_key("slower", *labels.values(), *series),
            happened_at=row["began_at"],
            **labels,
            job_name=row["job_name"],
            invocation_id=row["invocation_id"],
            is_standing=True,
            facts={name: row[name] for name in (*names, *versions)},
        )


def _missing_runs(
    connection: duckdb.DuckDBPyConnection, settings: Alerts, schedule: Schedule, times: tuple[datetime, ...]
) -> Iterator[Event]:
    """For each project and environment of the job, the runs that were due and did not start."""
    began, since, now = times
    zone, grace = schedule.timezone or settings.timezone, duration_of_text(schedule.grace)
    labels = {"project": schedule.project, "environment": schedule.environment, "job": schedule.job}
    starts: dict[tuple[str | None, str], list[datetime]] = {}
    for row in rows(connection, "alerts/job_starts", since=since, **labels):
        starts.setdefault((row["project_name"], row["environment"]), []).append(row["started_at"])
    known = starts or {(schedule.project, schedule.environment or "default"): []}
    for (project, environment), started in known.items():
        for gap in gaps(schedule.cron, zone, grace, started, began, now):
            place = (project, environment, schedule.job, gap.due_at.isoformat())
            missing = Event(
                kind="run_missing",
                key=_key("run_missing", *place),
                happened_at=gap.due_at + grace,
                project_name=project,
                environment=environment,
                job_name=schedule.job,
                is_standing=gap.ended_at is None,
                group=(schedule.job,),
                facts={"due_at": gap.due_at, "last_at": gap.last_at, "cron": schedule.cron},
            )
            yield missing
            if gap.ended_at is not None:
                yield replace(
                    missing,
                    kind="run_came",
                    key=_key("run_came", *place),
                    happened_at=gap.ended_at,
                    absorbs=(missing.key,),
                )


def _promises(
    connection: duckdb.DuckDBPyConnection, settings: Alerts, promise: Promise, since: datetime, now: datetime
) -> Iterator[Event]:
    zone, within = promise.timezone or settings.timezone, duration_of_text(promise.within)
    asked = {"project": promise.project, "environment": promise.environment, "exposure": promise.exposure}
    dues = [*due_times(promise.by, zone, promise.days, promise.holidays, since, now)]
    for row in rows(connection, "alerts/promised_exposures", **asked) if dues else ():
        labels = _labels(row)
        states = _states(connection, labels, {due: (due - within, due) for due in dues})
        broken = {due: (due - within, now) for due, state in states.items() if state.troubles}
        yield from _promise(promise, labels, states, _states(connection, labels, broken))


class _State(NamedTuple):
    """What keeps an exposure from being fresh and tested, as (unique_id, trouble); and the last result that counts."""

    troubles: tuple[tuple[str, str], ...]
    known_at: datetime | None


def _promise(
    promise: Promise, labels: Mapping[str, Any], then: Mapping[datetime, _State], by_now: Mapping[datetime, _State]
) -> Iterator[Event]:
    """For each time at which a promise was due, whether it was kept; and if not, whether it is made good by now."""
    earlier: tuple[str, ...] = ()
    for due, state in then.items():
        place = (*labels.values(), due.isoformat())
        broken = Event(
            kind="promise_broken",
            key=_key("promise_broken", *place),
            happened_at=due,
            **labels,
            absorbs=earlier,
            group=(labels["unique_id"],),
            facts={"due_at": due, "troubles": state.troubles},
        )
        kept = replace(broken, kind="promise_kept", key=_key("promise_kept", *place), facts={"due_at": due})
        if not state.troubles:
            if promise.tell_kept:
                yield kept
            continue
        current = by_now[due]
        yield replace(broken, is_standing=bool(current.troubles))
        earlier = (*earlier, broken.key)
        if not current.troubles and (met_at := current.known_at) is not None:
            facts = {"due_at": due, "met_at": met_at}
            yield replace(kept, happened_at=max(met_at, due), absorbs=earlier, facts=facts)
            earlier = (*earlier, kept.key)


def _states(
    connection: duckdb.DuckDBPyConnection,
    labels: Mapping[str, Any],
    windows: Mapping[datetime, tuple[datetime, datetime]],
) -> dict[datetime, _State]:
    """The state of an exposure at the end of each window, by what was built and tested in it."""
    if not windows:
        return {}
    starts, ends = zip(*windows.values(), strict=True)
    values = {"project": labels["project_name"], "environment": labels["environment"]}
    values |= {"unique_id": labels["unique_id"], "starts": [*starts], "ends": [*ends]}
    by_start: dict[datetime, list[Row]] = {start: [] for start in starts}
    for row in rows(connection, "alerts/promise_conditions", **values):
        by_start[row["start_at"]].append(row)
    return {due: _state(by_start[start]) for due, (start, _) in windows.items()}


def _state(conditions: Iterable[Row]) -> _State:
    found = [*conditions]
    troubles = tuple((row["unique_id"], row["trouble"]) for row in found if row["trouble"])
    return _State(troubles, max((row["completed_at"] for row in found if row["completed_at"]), default=None))
