"""Compares the runs of a warehouse with limits, for CI and for alerts. Reads through the caller's connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import duckdb

from artifact_warehouse.durations import text_of_duration
from artifact_warehouse.errors import NothingToCheck
from artifact_warehouse.monitor.contacts import Contact, contacts
from artifact_warehouse.monitor.html import check_html
from artifact_warehouse.schema import to_utc
from artifact_warehouse.storage import parameters, query, require_labels

SEVERITIES = ("info", "warn", "error")
MAX_NAMES = 20
"""How many nodes a finding lists."""


@dataclass(frozen=True)
class Finding:
    """One check in one project and environment. `value` and `limit` are rates, seconds or counts, by the check."""

    check: str
    project_name: str | None
    environment: str
    is_passed: bool
    value: float | None
    limit: float
    sentence: str
    names: tuple[str, ...] = ()
    """The first 20 nodes; for rules, each with the rule that it breaks."""
    nodes: tuple[Contact, ...] = ()
    """The files, owners and exposures of these nodes."""

    @property
    def without_names(self) -> str:
        """The sentence as far as the names of the nodes."""
        head, end, _ = self.sentence.partition("): ")
        return head + end.rstrip(": ")


@dataclass(frozen=True, repr=False)
class CheckReport:
    """The findings of all checks."""

    findings: tuple[Finding, ...]
    checked_at: datetime

    @property
    def is_passed(self) -> bool:
        """Whether every check passed."""
        return all(finding.is_passed for finding in self.findings)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences of the checks that failed."""
        return tuple(finding.sentence for finding in self.findings if not finding.is_passed)

    @property
    def text(self) -> str:
        """The reasons as one message of plain text."""
        if self.is_passed:
            return f"dbt: all {len(self.findings)} checks passed"
        failed = len(self.reasons)
        return "\n".join([f"dbt: {failed} of {len(self.findings)} checks failed", *(f"• {r}" for r in self.reasons)])

    def __repr__(self) -> str:
        """A line for each check, those that failed first."""
        failed = len(self.reasons)
        head = f"CheckReport: {failed} of {len(self.findings)} checks failed" if failed else f"CheckReport: {self.text}"
        lines = [f"{'ok    ' if f.is_passed else 'FAILED'} {f.sentence}" for f in self.findings]
        return "\n  ".join([head, *sorted(lines, key=lambda line: line.startswith("ok"))])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return check_html(self)

    def to_dict(self) -> dict[str, Any]:
        """The report for JSON. Slack's incoming webhooks post the value of `text`.

        https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
        """
        return {
            "text": self.text,
            "is_passed": self.is_passed,
            "checked_at": self.checked_at,
            "reasons": list(self.reasons),
            "findings": [
                {**asdict(finding), "nodes": [node._asdict() for node in finding.nodes]} for finding in self.findings
            ],
        }


def check(
    connection: duckdb.DuckDBPyConnection,
    *,
    max_failure_rate: float | None = None,
    max_test_failure_rate: float | None = None,
    max_age: timedelta | None = None,
    max_failing: int | None = None,
    freshness: str | None = None,
    rules: str | None = None,
    ignored_rules: Iterable[str] = (),
    window: timedelta = timedelta(days=7),
    now: datetime | None = None,
    project: str | None = None,
    environment: str | None = None,
    job: str | None = None,
) -> CheckReport:
    """Compare the runs of each project and environment with limits. A limit of None is not checked.

    `max_failure_rate` is a share of the runs in the `window` before `now`, `max_test_failure_rate` a share of the
    tests executed in it; both are between 0 and 1. `max_age` is the time since the last successful run, `max_failing`
    the number of nodes whose last execution failed. `freshness` (warn or error) and `rules` (info, warn or error) are
    the lowest severity that fails: of a source's last freshness check, and of a rule of v1.project_rules that is not
    in `ignored_rules`. `now` is in UTC where it has no zone, and the current time by default.

    Raises NothingToCheck where no limit is given or no run has all labels, UnknownLabel, and ValueError for another
    severity.
    """
    if freshness not in (None, "warn", "error"):
        raise ValueError(f"freshness is warn or error, not {freshness!r}")
    if rules not in (None, *SEVERITIES):
        raise ValueError(f"rules is one of {', '.join(SEVERITIES)}, not {rules!r}")
    limits = (max_failure_rate, max_test_failure_rate, max_age, max_failing, freshness, rules)
    if all(limit is None for limit in limits):
        raise NothingToCheck("there is nothing to check; give a limit, such as --max-failing 0")
    at = to_utc(now or datetime.now(timezone.utc))
    labels = {"project": project, "environment": environment, "job": job}
    require_labels(connection, **labels)
    checks = _Checks(connection, labels, at, window)
    findings = (
        *checks.runs(max_failure_rate),
        *checks.tests(max_test_failure_rate),
        *checks.age(max_age),
        *checks.failing(max_failing),
        *checks.freshness(freshness),
        *checks.rules(rules, ignored_rules),
    )
    if not findings:
        raise NothingToCheck("no run and no manifest has these labels")
    return CheckReport(findings, at)


@dataclass(frozen=True)
class _Checks:
    """A method for each limit: a finding for each project and environment; none where the limit is None."""

    connection: duckdb.DuckDBPyConnection
    labels: Mapping[str, str | None]
    now: datetime
    window: timedelta

    def _query(self, name: str, **values: Any) -> list[tuple[Any, ...]]:
        return ask(self.connection, name, {**self.labels, **values}).fetchall()

    @property
    def _since(self) -> datetime:
        try:
            return self.now - self.window
        except OverflowError:  # the window begins before the year 1
            return datetime.min

    def environments(self) -> list[tuple[Any, ...]]:
        """(project, environment) of every run, and without a job of every manifest."""
        return self._query("check_places")

    def _rates(self, check: str, limit: float, what: str, query_name: str) -> Iterator[Finding]:
        """A finding for each environment. The query returns (project, environment, failed, total)."""
        window = text_of_duration(self.window)
        counts = {row[:2]: row[2:] for row in self._query(query_name, since=self._since, until=self.now)}
        for project, environment in self.environments():
            failed, total = counts.get((project, environment), (0, 0))
            rate = failed / total if total else None
            sentence = f"{_place(project, environment)}: {failed} of {total} {what} failed in the last {window}"
            if rate is not None:
                sentence += f" ({rate:.1%}, at most {limit:.1%})"
            yield Finding(check, project, environment, rate is None or rate <= limit, rate, limit, sentence)

    def runs(self, limit: float | None) -> Iterator[Finding]:
        if limit is not None:
            yield from self._rates("max_failure_rate", limit, "runs", "check_runs")

    def tests(self, limit: float | None) -> Iterator[Finding]:
        if limit is not None:
            yield from self._rates("max_test_failure_rate", limit, "executions of tests", "check_tests")

    def age(self, limit: timedelta | None) -> Iterator[Finding]:
        if limit is None:
            return
        last = {row[:2]: row[2] for row in self._query("check_last_success", until=self.now)}
        for project, environment in self.environments():
            place, at = _place(project, environment), last.get((project, environment))
            age = self.now - at if at is not None else None
            what = f"the last successful run was {text_of_duration(age)} ago" if age is not None else "no run succeeded"
            sentence = f"{place}: {what} (at most {text_of_duration(limit)})"
            is_passed = age is not None and age <= limit
            value = age.total_seconds() if age is not None else None
            yield Finding("max_age", project, environment, is_passed, value, limit.total_seconds(), sentence)

    def failing(self, limit: int | None) -> Iterator[Finding]:
        if limit is not None:
            yield from self._counted("max_failing", limit, "failing nodes", "check_failing")

    def freshness(self, severity: str | None) -> Iterator[Finding]:
        if severity is not None:
            places = self._query("check_freshness_places") if self.labels["job"] is None else ()
            query_name = "check_stale_sources"
            yield from self._counted("freshness", 0, "stale sources", query_name, places, freshness=severity)

    def rules(self, severity: str | None, ignored: Iterable[str]) -> Iterator[Finding]:
        if severity is not None:
            severities = list(SEVERITIES[SEVERITIES.index(severity) :])
            what = f"broken rules of severity {' or '.join(severities)}"
            yield from self._counted("rules", 0, what, "check_rules", severities=severities, ignored=list(ignored))

    def _counted(
        self,
        check: str,
        limit: int,
        what: str,
        query_name: str,
        places: Iterable[tuple[Any, ...]] = (),
        **values: Any,
    ) -> Iterator[Finding]:
        """A finding for each environment, and for each of `places`. The query returns (project, environment, name)."""
        names: dict[tuple[Any, Any], list[str]] = {}
        for project, environment, name in self._query(query_name, **values):
            names.setdefault((project, environment), []).append(name)
        known = contacts(self.connection, (_node(name) for found in names.values() for name in found[:MAX_NAMES]))
        for project, environment in sorted(
            {*self.environments(), *places, *names}, key=lambda place: (place[0] is not None, place)
        ):
            found = names.get((project, environment), [])
            more = f", and {len(found) - MAX_NAMES} more" if len(found) > MAX_NAMES else ""
            listed = f": {', '.join(' '.join(name.split()) for name in found[:MAX_NAMES])}{more}" if found else ""
            sentence = f"{_place(project, environment)}: {what}: {len(found)} (at most {limit}){listed}"
            shown = tuple(found[:MAX_NAMES])
            about = (known.get(((project, environment), _node(name))) for name in shown)
            nodes = tuple(contact for contact in about if contact is not None)
            yield Finding(check, project, environment, len(found) <= limit, len(found), limit, sentence, shown, nodes)


def _node(name: str) -> str:
    """The unique_id of a name in a finding, which may have a rule behind it."""
    return name.split(" ", 1)[0]


def _place(project: str | None, environment: str) -> str:
    return f"{project}, {environment}" if project else environment


def ask(connection: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """Run a statement of sql/queries/. Values that are not its parameters are left out."""
    sql = query(name)
    return connection.execute(sql, parameters(sql, values))
