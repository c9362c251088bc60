"""A diagnosis and a check as HTML: what a notebook shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from artifact_warehouse.drawing import (
    Shape,
    document,
    folded,
    heading,
    indented,
    lines,
    listing,
    marked,
    sentence,
    shape,
    short_seconds,
    stamp,
)

if TYPE_CHECKING:
    from artifact_warehouse.monitor.checks import CheckReport, Finding
    from artifact_warehouse.monitor.diagnosis import Diagnosis, Rows

TITLES = {
    "failures": "What failed, and what was skipped for it",
    "skipped_without_cause": "Skipped without a known failure upstream",
    "warnings": "What warned",
    "slow": "What is slower than usual",
    "critical_path": "What decided how long it took",
    "flaky_tests": "Flaky tests",
}
"""The parts of a Diagnosis, in the order of their importance."""

OUTCOMES = {True: "succeeded", False: "failed", None: "executed nothing"}
"""The outcome of a run, by its is_success."""

_CLASSES = {True: "success", False: "failure", None: "skipped"}
_COUNTS = ("success", "warn", "failure", "skipped")


def check_html(report: CheckReport) -> str:
    """A line for each check, those that failed first, with the nodes of a failed one."""
    failed = len(report.reasons)
    total = len(report.findings)
    head = f"{failed} of {total} checks failed" if failed else f"All {total} checks passed"
    findings = sorted(report.findings, key=lambda finding: finding.is_passed)
    return document(heading(head), *(part for finding in findings for part in _finding(finding)))


def _finding(finding: Finding) -> Iterator[Shape]:
    state = "success" if finding.is_passed else "failure"
    yield sentence(marked(state, "passed:" if finding.is_passed else "failed:", finding.without_names))
    if finding.is_passed or not finding.names:
        return
    known = {node.unique_id: node for node in finding.nodes}
    rows = []
    for name in finding.names:
        unique_id, _, rule = name.partition(" ")
        node = known.get(unique_id)
        about = (node.original_file_path, node.owner, _short(node.exposure_unique_ids)) if node else (None, None, None)
        rows.append((unique_id, rule, *about))
    yield listing(("node", "rule", "file", "owner", "reaches"), rows)


def diagnosis_html(found: Diagnosis) -> str:
    """The run, and a table for each part of the diagnosis that has something."""
    parts = (
        ("failures", _failures(found.failures)),
        ("skipped_without_cause", _skipped(found.skipped_without_cause)),
        ("warnings", _warnings(found.warnings)),
        ("slow", _slow(found.slow)),
        ("critical_path", _path(found.critical_path)),
        ("flaky_tests", _flaky(found.flaky_tests)),
    )
    return document(
        *_run(found.run),
        *(shown for name, part in parts if getattr(found, name) for shown in (heading(TITLES[name]), *part)),
    )


def _run(run: dict[str, Any]) -> Iterator[Shape]:
    place = ", ".join(str(part) for part in (run["project_name"], run["environment"], run["job_name"]) if part)
    outcome = "was aborted" if run["is_aborted"] else OUTCOMES[run["is_success"]]
    yield sentence(marked(_CLASSES[run["is_success"]], f"{run['command']} of {place} {outcome}"))
    seconds = run["span_seconds"] if run["span_seconds"] is not None else run["elapsed_seconds"]
    at = run["started_at"] or run["completed_at"]
    facts = (
        f"{stamp(at)} UTC" if at else "",
        "" if seconds is None else short_seconds(seconds),
        f"dbt {run['dbt_version']}" if run["dbt_version"] else "",
        f"commit {run['git_sha']}" if run["git_sha"] else "",
        f"invocation {run['invocation_id']}",
        ", ".join(f"{run[f'{name}_count']} {name}" for name in _COUNTS if run[f"{name}_count"]),
    )
    yield sentence(" · ".join(fact for fact in facts if fact))


def _failures(rows: Rows) -> Iterator[Shape]:
    for row in rows:
        yield sentence(marked("failure", row["unique_id"]))
        fields = row["opening_changed_fields"]
        skipped = row["skipped_unique_ids"] or ()
        facts = (
            f"failing since {stamp(row['failing_since'])} UTC" if row["failing_since"] else "",
            f"changed then: {', '.join(fields)}" if fields else "",
            row["original_file_path"] or "",
            f"owner: {row['owner']}" if row["owner"] else "",
            f"reaches {_short(row['exposure_unique_ids'])}" if row["exposure_unique_ids"] else "",
        )
        yield indented(
            lines(row["message"] or row["status"]),
            shape("span", " · ".join(fact for fact in facts if fact)),
            _nodes(f"skipped for it: {len(skipped)}", skipped) if skipped else None,
        )


def _skipped(rows: Rows) -> Iterator[Shape]:
    yield listing(("node",), ((marked("skipped", row["unique_id"]),) for row in rows))


def _warnings(rows: Rows) -> Iterator[Shape]:
    heads = ("node", ">rows", "message")
    yield listing(heads, ((marked("warn", row["unique_id"]), row["failures"], lines(row["message"])) for row in rows))


def _slow(rows: Rows) -> Iterator[Shape]:
    yield listing(
        ("node", ">took", ">usually", ">times", "since", "what changed then"),
        (
            (
                row["unique_id"],
                short_seconds(row["execution_seconds"]),
                short_seconds(row["baseline_seconds"]),
                "" if row["slowdown_ratio"] is None else f"{row['slowdown_ratio']:.1f}x",
                stamp(row["began_at"]) if row["began_at"] else None,
                changes_of(row),
            )
            for row in rows
        ),
    )


def _path(rows: Rows) -> Iterator[Shape]:
    seconds = ("execution_seconds", "queued_seconds", "drag_seconds", "started_after_seconds")
    yield listing(
        (">step", "node", ">takes", ">waits", ">drag", ">starts after"),
        ((row["step"], row["unique_id"], *(short_seconds(row[name]) for name in seconds)) for row in rows),
    )


def _flaky(rows: Rows) -> Iterator[Shape]:
    counts = ("flip_count", "executed_count", "failure_count")
    yield listing(
        ("test", ">flips", ">executions", ">failures", "in this run", "last flip"),
        (
            (
                row["unique_id"],
                *(row[name] for name in counts),
                "fails" if row["is_failing_here"] else "",
                stamp(row["last_flip_at"]) if row["last_flip_at"] else None,
            )
            for row in rows
        ),
    )


def changes_of(row: dict[str, Any]) -> str:
    """What changed when a node became slower, in words."""
    definition = f"definition ({', '.join(row['changed_fields'])})" if row["changed_fields"] else "definition"
    words = {
        "definition": definition,
        "dbt_version": f"dbt {row['previous_dbt_version']} to {row['dbt_version']}",
        "threads": f"threads {row['previous_threads']} to {row['threads']}",
        "rows_affected": "rows affected",
    }
    return ", ".join(words.get(change, change) for change in row["changes"]) or "nothing that is known"


def _nodes(title: str, unique_ids: Iterable[str]) -> Shape:
    return folded(title, listing(("node",), ((unique_id,) for unique_id in unique_ids)))


def _short(unique_ids: Sequence[str]) -> str:
    """The names of exposures."""
    return ", ".join(unique_id.rpartition(".")[2] for unique_id in unique_ids)
