"""Holds the views of operations against a plain reading of the same files."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from typing import Any

import pytest
from history_oracle import Histories, Incident, Run, regressions

from artifact_warehouse import Warehouse

KEY = "project_name, environment, unique_id"


def rows(wh: Warehouse, query: str) -> list[tuple]:
    return wh.sql(query).fetchall()


def check_incidents(wh: Warehouse, expected: Histories) -> int:
    query = f"""SELECT {KEY}, opened_at, last_failed_at, closed_at, failure_count, skipped_run_count, absent_run_count,
        missed_run_count, first_invocation_id, last_invocation_id, closing_invocation_id, recovery_seconds,
        is_opened_with_change, is_closed_with_change, failing_parent_unique_ids FROM v1.failure_incidents"""
    wanted = []
    for key, incidents in expected.incidents.items():
        for incident in incidents:
            skipped, absent = expected.missed(key, incident)
            first, last, closing = incident.failures[0], incident.failures[-1], incident.closing
            wanted.append(
                (
                    *(*key, first.at, last.at, closing and closing.at, len(incident.failures)),
                    *(skipped, absent, skipped + absent),
                    *(first.run.invocation_id, last.run.invocation_id, closing and closing.run.invocation_id),
                    closing and (closing.at - first.at).total_seconds(),
                    *changed(key[2], incident),
                    expected.failing_parents(key, incident),
                )
            )
    assert sorted(map(repr, rows(wh, query))) == sorted(map(repr, wanted))
    return len(wanted)


def changed(node: str, incident: Incident) -> tuple[bool | None, bool | None]:
    before, closing = incident.before, incident.closing
    first, last = incident.failures[0].run, incident.failures[-1].run
    return (
        first.definition(node) != before.run.definition(node) if before else None,
        last.definition(node) != closing.run.definition(node) if closing else None,
    )


def check_reliability(wh: Warehouse, expected: Histories) -> None:
    query = f"""SELECT {KEY}, executed_count, failure_count, incident_count, closed_incident_count, failed_seconds,
        mean_time_between_failures_seconds, mean_time_to_recovery_seconds FROM v1.reliability"""
    found = {row[:3]: row[3:] for row in rows(wh, query)}
    for key, outcomes in expected.by_node.items():
        executed = [outcome for outcome in outcomes if outcome.is_executed]
        if not executed:
            assert key not in found
            continue
        incidents = expected.incidents[key]
        over = [(i.closing.at - i.opened_at).total_seconds() for i in incidents if i.closing]
        failed = sum(over) + sum((i.failures[-1].at - i.opened_at).total_seconds() for i in incidents if not i.closing)
        working = (executed[-1].at - executed[0].at).total_seconds() - failed
        counts = (len(executed), sum(o.outcome == "failure" for o in executed), len(incidents), len(over))
        assert found.pop(key) == (
            *counts,
            pytest.approx(failed),
            pytest.approx(working / len(incidents)) if incidents else None,
            pytest.approx(statistics.fmean(over)) if over else None,
        )
    assert not found


def check_recoveries(wh: Warehouse, expected: Histories) -> Counter:
    wanted = {
        (*key, incident.closing.at): expected.explanation(key, incident)
        for key, incidents in expected.incidents.items()
        if key[2].startswith(("test.", "unit_test."))
        for incident in incidents
        if incident.closing
    }
    query = f"SELECT {KEY}, recovered_at, explanation, is_source_unchecked FROM v1.test_recoveries"
    assert {row[:4]: row[4:] for row in rows(wh, query)} == wanted
    flips = Counter(key[:3] for key, (reason, _) in wanted.items() if reason is None)
    all_of = Counter(key[:3] for key in wanted)
    flaky = {row[:3]: row[3:] for row in rows(wh, f"SELECT {KEY}, flip_count, explained_count FROM v1.flaky_tests")}
    assert flaky == {key: (count, all_of[key] - count) for key, count in flips.items()}
    return Counter(reason for reason, _ in wanted.values())


def check_logical_runs(wh: Warehouse, expected: Histories) -> list[list[list[Run]]]:
    wanted, nodes = {}, {}
    logical = expected.logical_runs()
    for steps in logical:
        runs = sorted((run for step in steps for run in step), key=lambda run: run.place)
        first, final = runs[0], {}
        for outcome in (outcome for run in runs for outcome in run.outcomes):
            best = final.get((outcome.run.is_check, outcome.node))
            if best is None or (outcome.is_executed, outcome.place) > (best.is_executed, best.place):
                final[outcome.run.is_check, outcome.node] = outcome
        classes = Counter(outcome.outcome for outcome in final.values())
        executed = classes["success"] + classes["warn"] + classes["failure"]
        is_success = classes["failure"] == 0 if executed else None
        is_success = False if any(step[-1].is_aborted for step in steps) else is_success
        key = (first.invocation_id, first.command)
        ids = [run.invocation_id for run in runs]
        wanted[key] = (len(steps), ids, is_success, executed, classes["failure"], classes["skipped"])
        nodes |= {
            (*key, node): (o.status, o.run.invocation_id) for (is_check, node), o in final.items() if not is_check
        }
    query = """SELECT invocation_id, command, step_count, invocation_ids, is_success, executed_count, failure_count,
        skipped_count FROM v1.logical_runs"""
    assert {row[:2]: row[2:] for row in rows(wh, query)} == wanted
    query = "SELECT invocation_id, command, unique_id, status, last_invocation_id FROM v1.logical_run_nodes"
    assert {row[:3]: row[3:] for row in rows(wh, query)} == nodes
    [(counted,)] = rows(wh, "SELECT sum(run_count) FROM v1.logical_run_success_rates")
    assert (counted or 0) == sum(row[2] is not None for row in wanted.values())
    return logical


def check_regressions(wh: Warehouse, expected: Histories) -> list[dict[str, Any]]:
    series = defaultdict(list)
    for key, outcomes in expected.by_node.items():
        for outcome in outcomes:
            if outcome.outcome in ("success", "warn"):
                materialized = outcome.run.nodes.get(key[2], {}).get("config", {}).get("materialized")
                series[(*key, materialized, outcome.run.is_full_refresh)].append(outcome)
    wanted = [(*key, *row.values()) for key, found in series.items() for row in regressions(found)]
    query = f"""SELECT {KEY}, materialized, is_full_refresh, began_at, ended_at, is_confirmed, regressed_seconds,
        limit_seconds, changes, execution_count FROM v1.execution_time_regressions"""
    assert sorted(map(repr, rows(wh, query))) == sorted(map(repr, wanted))
    return [row for found in series.values() for row in regressions(found)]
