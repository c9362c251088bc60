"""What a scraper reads: figures of the warehouse by job and environment, never by node, and those of the server itself.

The text is OpenMetrics: https://prometheus.io/docs/specs/om/open_metrics_spec/.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from artifact_warehouse.serve.snapshots import Snapshot
from artifact_warehouse.storage import query

MOST_SERIES = 500
"""How many jobs, and how many environments, are told of: those with the newest runs."""

_OF_JOBS = {
    "last_run_at": ("dbt_job_last_run_timestamp_seconds", "When the last run of the job was completed."),
    "last_success_at": ("dbt_job_last_success_timestamp_seconds", "When the last run without a failure was completed."),
    "last_seconds": ("dbt_job_last_run_duration_seconds", "The time of the last run, from its first to its last node."),
}
_OF_ENVIRONMENTS = {
    "failing_nodes": ("dbt_failing_nodes", "Nodes whose last execution failed, without tests."),
    "failing_tests": ("dbt_failing_tests", "Tests whose last execution failed."),
    "stale_sources": ("dbt_stale_sources", "Sources whose last freshness check did not pass."),
    "last_artifact_at": ("dbt_last_artifact_timestamp_seconds", "The time of the newest artifact."),
}


class ServerMetrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "artifact_warehouse_requests", "Requests that were answered.", ("path", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "artifact_warehouse_request_duration_seconds", "Time to an answer.", ("path",), registry=self._registry
        )

    def count(self, path: str, status: int, seconds: float) -> None:
        """Count an answer to a request for a path of this server."""
        self._requests.labels(path, status).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self, snapshot: Snapshot, error: str | None) -> bytes:
        """All figures."""
        registry = CollectorRegistry()
        registry.register(_WarehouseFigures(snapshot, error))
        return _text(self._registry).removesuffix(b"# EOF\n") + _text(registry)


def _text(registry: CollectorRegistry) -> bytes:
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text


class _WarehouseFigures(Collector):
    def __init__(self, snapshot: Snapshot, error: str | None) -> None:
        self._snapshot = snapshot
        self._error = error

    def collect(self) -> Iterator[Metric]:
        jobs = self._rows("serve/metrics_of_jobs")
        runs = CounterMetricFamily(
            "dbt_job_runs", "Runs that executed nodes.", labels=("project", "environment", "job", "outcome")
        )
        for row in jobs:
            labels = [row["project"], row["environment"], row["job"]]
            runs.add_metric([*labels, "success"], row["success_count"])
            runs.add_metric([*labels, "failure"], row["failure_count"])
        yield runs
        yield from _gauges(_OF_JOBS, ("project", "environment", "job"), jobs)
        yield from _gauges(_OF_ENVIRONMENTS, ("project", "environment"), self._rows("serve/metrics_of_environments"))
        yield GaugeMetricFamily(
            "artifact_warehouse_snapshot_timestamp_seconds",
            "When the copy of the warehouse was taken that answers.",
            self._snapshot.taken_at.timestamp(),
        )
        yield GaugeMetricFamily(
            "artifact_warehouse_snapshot_is_current",
            "0 while the warehouse has changed and could not be copied yet.",
            0 if self._error else 1,
        )

    def _rows(self, statement: str) -> list[dict[str, Any]]:
        with self._snapshot.cursor() as cursor:
            relation = cursor.sql(query(statement), params={"count": MOST_SERIES})
            return list(relation.to_arrow_table().to_pylist())


def _gauges(
    names: dict[str, tuple[str, str]], labels: tuple[str, ...], rows: list[dict[str, Any]]
) -> Iterator[GaugeMetricFamily]:
    """A gauge for each column. A row without a value has no sample."""
    for column, (name, sentence) in names.items():
        gauge = GaugeMetricFamily(name, sentence, labels=labels)
        for row in rows:
            if row[column] is not None:
                gauge.add_metric([row[label] for label in labels], row[column])
        yield gauge
