"""Whether a warehouse's runs are as good as somebody asks for: for CI and alerts, on a connection that is passed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import duckdb

from artifact_warehouse.durations import text_of_duration
from artifact_warehouse.errors import NothingToCheck
from artifact_warehouse.schema import to_utc
from artifact_warehouse.storage import query

SEVERITIES = ("info", "warn", "error")

SHOWN = 20
"""How many nodes a finding names."""


@dataclass(frozen=True)
class Scope:
    """Which runs are meant; None means all."""

    project: str | None = None
    environment: str | None = None
    job: str | None = None


@dataclass(frozen=True)
class Criteria:
    """What is asked for; None asks nothing. Rates are between 0 and 1, severities as dbt writes them."""

    max_failure_rate: float | None = None
    """Of the runs in the window."""
    max_test_failure_rate: float | None = None
    """Of the executed tests in the window."""
    max_age: timedelta | None = None
    """Since the last successful run."""
    max_failing: int | None = None
    """Nodes whose last execution failed."""
    freshness: str | None = None
    """warn or error: no source's last freshness check may be that or worse."""
    rules: str | None = None
    """info, warn or error: no rule of that severity or worse may be broken."""
    ignored_rules: tuple[str, ...] = ()
    window: timedelta = timedelta(days=7)
    now: datetime | None = None
    """What age and window count from, UTC where it has no zone; None is the clock's."""

    def __post_init__(self) -> None:
        """Refuse words that mean nothing. Raises ValueError."""
        if self.freshness not in (None, "warn", "error"):
            raise ValueError(f"freshness is warn or error, not {self.freshness!r}")
        if self.rules not in (None, *SEVERITIES):
            raise ValueError(f"rules is one of {', '.join(SEVERITIES)}, not {self.rules!r}")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        asked = (self.max_failure_rate, self.max_test_failure_rate, self.max_age, self.max_failing)
        return not any(value is not None for value in (*asked, self.freshness, self.rules))


@dataclass(frozen=True)
class Finding:
    """One criterion in one project and environment. `value` and `limit` have its own unit: a rate, seconds, a count."""

    check: str
    project_name: str | None
    environment: str
    is_passed: bool
    value: float | None
    limit: float
    sentence: str
    names: tuple[str, ...] = ()
    """The nodes that are meant (with the rule that they break), the first 20."""


@dataclass(frozen=True)
class CheckReport:
    """What was found, for every criterion."""

    findings: tuple[Finding, ...]
    checked_at: datetime

    @property
    def is_passed(self) -> bool:
        """Whether all is as asked for."""
        return all(finding.is_passed for finding in self.findings)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, a sentence each."""
        return tuple(finding.sentence for finding in self.findings if not finding.is_passed)

    @property
    def text(self) -> str:
        """One message, as chats take it."""
        if self.is_passed:
            return f"dbt: all {len(self.findings)} checks passed"
        failed = len(self.reasons)
        return "\n".join([f"dbt: {failed} of {len(self.findings)} checks failed", *(f"• {r}" for r in self.reasons)])

    def to_dict(self) -> dict[str, Any]:
        """The report for machines; `text` is where webhooks of chats look for their message."""
        return {
            "text": self.text,
            "is_passed": self.is_passed,
            "checked_at": self.checked_at,
            "reasons": list(self.reasons),
            "findings": [asdict(finding) for finding in self.findings],
        }


def check(connection: duckdb.DuckDBPyConnection, criteria: Criteria, scope: Scope) -> CheckReport:
    """Hold a warehouse against criteria. Raises NothingToCheck where nothing is asked, or nothing is there."""
    now = to_utc(criteria.now or datetime.now(timezone.utc))
    if criteria.is_empty:
        raise NothingToCheck("nothing was asked for")
    asking = _Asking(connection, criteria, scope, now)
    found = [*asking.runs(), *asking.tests(), *asking.age(), *asking.failing(), *asking.freshness(), *asking.rules()]
    if not found:
        raise NothingToCheck("no run and no manifest has these labels")
    return CheckReport(tuple(found), now)


@dataclass(frozen=True)
class _Asking:
    """The queries of one check."""

    connection: duckdb.DuckDBPyConnection
    criteria: Criteria
    scope: Scope
    now: datetime

    def _query(self, name: str, **values: Any) -> list[tuple[Any, ...]]:
        return ask(self.connection, name, {**asdict(self.scope), **values}).fetchall()

    @property
    def _since(self) -> datetime:
        try:
            return self.now - self.criteria.window
        except OverflowError:  # longer than there are years
            return datetime.min

    def environments(self) -> list[tuple[Any, ...]]:
        """(project, environment) of every run, and without a job of every manifest."""
        return self._query("check_places")

    def _rates(self, check: str, limit: float, what: str, query_name: str) -> Iterator[Finding]:
        window = text_of_duration(self.criteria.window)
        counts = {row[:2]: row[2:] for row in self._query(query_name, since=self._since, until=self.now)}
        for project, environment in self.environments():
            failed, total = counts.get((project, environment), (0, 0))
            rate = failed / total if total else None
            sentence = f"{_place(project, environment)}: {failed} of {total} {what} failed in the last {window}"
            if rate is not None:
                sentence += f" ({rate:.1%}, at most {limit:.1%})"
            yield Finding(check, project, environment, rate is None or rate <= limit, rate, limit, sentence)

    def runs(self) -> Iterator[Finding]:
        """The failure rate of runs."""
        limit = self.criteria.max_failure_rate
        if limit is not None:
            yield from self._rates(
                "max_failure_rate",
                limit,
                "runs",
                "check_runs",
            )

    def tests(self) -> Iterator[Finding]:
        """The failure rate of tests."""
        limit = self.criteria.max_test_failure_rate
        if limit is not None:
            yield from self._rates(
                "max_test_failure_rate",
                limit,
                "executions of tests",
                "check_tests",
            )

    def age(self) -> Iterator[Finding]:
        """How long ago a run last succeeded."""
        limit = self.criteria.max_age
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

    def failing(self) -> Iterator[Finding]:
        """What failed when it was last executed."""
        limit = self.criteria.max_failing
        if limit is not None:
            yield from self._counted("max_failing", limit, "failing nodes", "check_failing")

    def freshness(self) -> Iterator[Finding]:
        """Sources that were stale when they were last checked; a check that failed is an error."""
        if self.criteria.freshness is not None:
            yield from self._counted(
                "freshness",
                0,
                "stale sources",
                "check_stale_sources",
                places=self._query("check_freshness_places") if self.scope.job is None else (),
                freshness=self.criteria.freshness,
            )

    def rules(self) -> Iterator[Finding]:
        """Rules of v1.project_rules that are broken."""
        if self.criteria.rules is not None:
            severities = SEVERITIES[SEVERITIES.index(self.criteria.rules) :]
            what = f"broken rules of severity {' or '.join(severities)}"
            ignored = list(self.criteria.ignored_rules)
            yield from self._counted("rules", 0, what, "check_rules", severities=list(severities), ignored=ignored)

    def _counted(
        self,
        check: str,
        limit: int,
        what: str,
        query_name: str,
        places: Iterable[tuple[Any, ...]] = (),
        **values: Any,
    ) -> Iterator[Finding]:
        """A finding for every environment, those of `places` too, of rows of (project, environment, name)."""
        names: dict[tuple[Any, Any], list[str]] = {}
        for project, environment, name in self._query(query_name, **values):
            names.setdefault((project, environment), []).append(name)
        for project, environment in sorted(
            {*self.environments(), *places, *names}, key=lambda place: (place[0] is not None, place)
        ):
            found = names.get((project, environment), [])
            more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            listed = f": {', '.join(' '.join(name.split()) for name in found[:SHOWN])}{more}" if found else ""
            sentence = f"{_place(project, environment)}: {what}: {len(found)} (at most {limit}){listed}"
            shown = tuple(found[:SHOWN])
            yield Finding(check, project, environment, len(found) <= limit, len(found), limit, sentence, shown)


def _place(project: str | None, environment: str) -> str:
    return f"{project}, {environment}" if project else environment


def ask(connection: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """Run a statement of sql/queries/ with those of the values that are its parameters."""
    sql = query(name)
    return connection.execute(sql, {key: value for key, value in values.items() if f"${key}" in sql})
