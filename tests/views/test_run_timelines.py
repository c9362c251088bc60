"""What every node of a run waited for, the critical paths, slack and drag, against a schedule made by networkx."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import builders
import duckdb
import networkx as nx
import pytest
import schedules
from testdata import Loaded, release_only

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

GRAPHS = 200
START = datetime(2026, 11, 1, 3)
COMMANDS = ("build", "build", "build", "run", "test", "clone")
VERSIONS = ("1.10.23", "1.10.23", "1.5.12", "2.0.0-preview.196")


def random_run(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A manifest and a run_results: ephemeral parents, partial selections, skips, ties, zero and missing times."""
    rng = random.Random(seed)
    share = rng.choice((0.05, 0.1, 0.2, 0.5))
    ids: list[str] = []
    parents: dict[str, list[str]] = {}
    for number in range(rng.randrange(1, 40)):
        kind = rng.choice(
            ("model", "model", "model", "model", "test", "test", "snapshot", "unit_test", "seed", "source")
        )
        names = [i for i in ids if schedules.type_of(i) in ("model", "snapshot", "seed", "source")]
        above = [name for name in names if rng.random() < share]
        if kind == "unit_test":
            above = [name for name in above if name.startswith("model.")][:1]
        if kind in ("test", "unit_test") and not above:
            continue
        unique_id = f"{kind}.g{seed}.{rng.randrange(1000):03}n{number}"
        ids.append(unique_id)
        parents[unique_id] = [] if kind in ("seed", "source") else above
    metadata = {"invocation_id": f"graph {seed}", "generated_at": f"{START.isoformat()}Z", "project_name": f"g{seed}"}
    metadata["dbt_version"] = rng.choice(VERSIONS)
    nodes = {unique_id: {"unique_id": unique_id, "depends_on": {"nodes": parents[unique_id]}} for unique_id in ids}
    manifest = builders.manifest(nodes, metadata)
    selected = rng.choice((1.0, 1.0, 0.8, 0.3))
    chosen = [i for i in ids if not i.startswith("source.") and rng.random() < selected]
    results = [random_result(rng, unique_id) for unique_id in chosen]
    return manifest, builders.artifact("run_results", metadata, results=results, args={"which": rng.choice(COMMANDS)})


def random_result(rng: random.Random, unique_id: str) -> dict[str, Any]:
    started = START + timedelta(seconds=rng.randrange(40))
    milliseconds = rng.choice((0, 0, 1000, 2000, 3000, rng.randrange(5000)))
    completed = started + timedelta(milliseconds=milliseconds)
    compiled = {"name": "compile", "started_at": stamp(started), "completed_at": stamp(started)}
    executed = {"name": "execute", "started_at": stamp(started), "completed_at": stamp(completed)}
    return {
        "unique_id": unique_id,
        "status": rng.choice(("success",) * 8 + ("error", "fail", "warn", "skipped", "no-op")),
        "timing": rng.choice(([compiled, executed], [compiled, executed], [executed], [])),
        "execution_time": rng.choice((milliseconds / 1000, milliseconds / 1000, milliseconds / 1000, None)),
        "thread_id": f"Thread-{rng.randrange(1, 5)}",
    }


def stamp(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='microseconds')}Z"


def write_run(folder: Path, manifest: dict[str, Any], run_results: dict[str, Any]) -> None:
    builders.write(folder, "manifest", manifest)
    builders.write(folder, "run_results", run_results)


@pytest.fixture(scope="module")
def random_runs() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [random_run(seed) for seed in range(GRAPHS)]


@pytest.fixture(scope="module")
def random_warehouse(
    random_runs: list[tuple[dict[str, Any], dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("random")
    for number, run in enumerate(random_runs):
        write_run(folder / "runs" / str(number), *run)
    Warehouse(folder / "wh.duckdb").load(folder / "runs")
    with Warehouse(folder / "wh.duckdb", read_only=True) as wh:
        yield wh


TIMELINE = (
    "unique_id, waited_for_unique_id, round(earliest_start_seconds * 1e6)::bigint, "
    "round(slack_seconds * 1e6)::bigint, round(drag_seconds * 1e6)::bigint, observed_step, critical_step"
)


def timelines(wh: Warehouse) -> dict[tuple[str, str], dict[str, schedules.Step]]:
    """{invocation: {unique_id: Step}} of every run, hooks left out."""
    found: dict[tuple[str, str], dict[str, schedules.Step]] = {}
    query = (
        f"SELECT invocation_id, command, {TIMELINE} FROM v1.run_timelines "
        "WHERE resource_type IS DISTINCT FROM 'operation'"
    )
    for invocation_id, command, unique_id, *step in wh.sql(query).fetchall():
        found.setdefault((invocation_id, command), {})[unique_id] = schedules.Step(*step)
    return found


def test_random_graphs_have_the_schedules_of_an_independent_computation(
    random_warehouse: Warehouse, random_runs: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    found = timelines(random_warehouse)
    expected = {
        (run["metadata"]["invocation_id"], run["args"]["which"]): schedules.schedule(manifest, run)
        for manifest, run in random_runs
    }
    assert found == {key: steps for key, steps in expected.items() if steps}
    every = [step for steps in found.values() for step in steps.values()]
    assert len(found) > 150
    assert sum(step.drag > 0 for step in every) > 200
    assert sum(step.slack > 0 for step in every) > 500
    assert max(step.critical_step or 0 for step in every) > 5


@pytest.mark.parametrize("count", [15, *release_only(60)])
def test_random_graphs_replay_as_an_independent_simulation_does(
    random_warehouse: Warehouse, random_runs: list[tuple[dict[str, Any], dict[str, Any]]], count: int
) -> None:
    query = (
        "SELECT unique_id, round(started_after_seconds * 1e6)::bigint, round(completed_after_seconds * 1e6)::bigint, "
        "thread_number FROM v1.simulate_run(?, ?)"
    )
    for number, (manifest, run_results) in enumerate(random_runs[:count]):
        threads = number % 4 + 1
        rows = random_warehouse.sql(query, [run_results["metadata"]["invocation_id"], threads]).fetchall()
        assert {row[0]: row[1:] for row in rows} == schedules.replay(manifest, run_results, threads)


def files_of_runs(wh: Warehouse) -> dict[tuple[str, str], tuple[str, str | None]]:
    """{invocation: the files of its run_results and of the manifest that describes it}"""
    rows = wh.sql(
        "SELECT runs.invocation_id, runs.command, min(results.uri), min(manifests.uri) "
        "FROM internal.current_runs AS runs "
        "JOIN stored.artifact_uris AS results ON results.artifact_key = runs.artifact_key "
        "LEFT JOIN stored.artifact_uris AS manifests ON manifests.artifact_key = runs.manifest_key GROUP BY ALL"
    ).fetchall()
    return {(invocation, command): (results, manifest) for invocation, command, results, manifest in rows}


def test_every_run_has_the_schedule_of_an_independent_computation(loaded: Loaded) -> None:
    found = timelines(loaded.warehouse)
    files = files_of_runs(loaded.warehouse)
    checked = 0
    for invocation, steps in found.items():
        if len(steps) > 2000:  # networkx would take minutes
            continue
        results_file, manifest_file = files[invocation]
        run_results = json.loads(Path(results_file).read_bytes())
        manifest = json.loads(Path(manifest_file).read_bytes()) if manifest_file else {}
        if "unique_id" in run_results["results"][0] and "metadata" in run_results:  # not of dbt up to 0.18
            assert steps == schedules.schedule(manifest, run_results), invocation
            checked += 1
    assert checked > 10


def test_critical_paths_are_the_steps_of_the_timelines(loaded: Loaded) -> None:
    steps = {
        (invocation, command, path, step): unique_id
        for path, column in (("observed", "observed_step"), ("theoretical", "critical_step"))
        for invocation, command, unique_id, step in loaded.warehouse.sql(
            f"SELECT invocation_id, command, unique_id, {column} FROM v1.run_timelines WHERE {column} IS NOT NULL"
        ).fetchall()
    }
    rows = loaded.warehouse.sql(
        "SELECT invocation_id, command, path, step, unique_id FROM v1.critical_paths"
    ).fetchall()
    assert {row[:4]: row[4] for row in rows} == steps


def test_no_path_is_longer_than_the_theoretical_one_and_each_step_follows_the_one_before(loaded: Loaded) -> None:
    broken = loaded.warehouse.sql(
        "SELECT * FROM v1.critical_paths WINDOW runs AS (PARTITION BY invocation_id, command, path ORDER BY step) "
        "QUALIFY path = 'theoretical' AND (slack_seconds > 0 OR abs(started_after_seconds "
        "- coalesce(lag(completed_after_seconds) OVER runs, 0)) > 1e-6) OR drag_seconds > execution_seconds + 1e-6"
    ).fetchall()
    assert broken == []


def test_one_invocation_has_the_rows_of_the_view(sample_warehouse: Warehouse) -> None:
    [(invocation,)] = sample_warehouse.sql(
        "SELECT invocation_id FROM v1.invocations WHERE command = 'build' ORDER BY generated_at LIMIT 1"
    ).fetchall()
    for macro, view in (("run_timeline_of", "run_timelines"), ("critical_path_of", "critical_paths")):
        one = sample_warehouse.sql(f"FROM v1.{macro}(?) ORDER BY ALL", [invocation]).fetchall()
        every = sample_warehouse.sql(f"FROM v1.{view} WHERE invocation_id = ? ORDER BY ALL", [invocation]).fetchall()
        assert one and one == every
        assert sample_warehouse.sql(f"FROM v1.{macro}(NULL)").fetchall() == []


def test_criticality_counts_the_last_thirty_runs(loaded: Loaded) -> None:
    wh = loaded.warehouse
    runs = wh.sql(
        "SELECT project_name, environment, invocation_id, command FROM v1.invocations "
        "WHERE is_executing AND NOT coalesce(is_aborted, false) AND command <> 'source freshness' "
        "ORDER BY generated_at NULLS FIRST, invocation_id NULLS FIRST, command NULLS FIRST"
    ).fetchall()
    last: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for project, environment, *run in runs:
        last.setdefault((project, environment), []).append((run[0], run[1]))
    expected: dict[tuple[str, str, str], list[int]] = {}
    found = timelines(wh)
    for (project, environment), of in last.items():
        for run in of[-30:]:
            for unique_id, step in found.get(run, {}).items():
                counts = expected.setdefault((project, environment, unique_id), [0, 0, 0, 0, 0])
                for place, value in enumerate((1, step.slack == 0, step.observed_step is not None)):
                    counts[place] += value
                counts[3] += step.slack or 0
                counts[4] += step.drag or 0
    rows = wh.sql(
        "SELECT project_name, environment, unique_id, executed_count, critical_count, observed_count, "
        "round(slack_seconds_avg * executed_count * 1e6)::bigint, round(drag_seconds_sum * 1e6)::bigint "
        "FROM v1.node_criticality"
    ).fetchall()
    assert {row[:3]: [*row[3:]] for row in rows} == expected


def test_threads_are_busy_or_idle(loaded: Loaded) -> None:
    """Counted from the timings alone, microsecond by microsecond where results overlap."""
    wh = loaded.warehouse
    intervals: dict[tuple[str, str], dict[str, list[tuple[int, int]]]] = {}
    rows = wh.sql(
        "SELECT invocation_id, command, thread_id, epoch_us(started_at), epoch_us(completed_at) FROM v1.run_timelines "
        "WHERE thread_id IS NOT NULL AND started_at <= completed_at"
    ).fetchall()
    for invocation, command, thread, start, end in rows:
        intervals.setdefault((invocation, command), {}).setdefault(thread, []).append((start, end))
    expected = {}
    for run, threads in intervals.items():
        first = min(start for of in threads.values() for start, _ in of)
        span = max(end for of in threads.values() for _, end in of) - first
        for thread, of in threads.items():
            busy, free_at = 0, first
            for start, end in sorted(of):
                busy += max(end - max(start, free_at), 0)
                free_at = max(free_at, end)
            expected[(*run, thread)] = (len(of), busy, span - busy, len(threads))
    rows = wh.sql(
        "SELECT invocation_id, command, thread_id, result_count, round(busy_seconds * 1e6)::bigint, "
        "round(idle_seconds * 1e6)::bigint, thread_count FROM v1.thread_utilization"
    ).fetchall()
    assert {row[:3]: row[3:] for row in rows} == expected


def cyclic_run(nodes: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run of a graph that dbt would refuse: everything depends on everything."""
    manifest, run_results = random_run(1)
    ids = [f"model.cyclic.n{number}" for number in range(nodes)]
    manifest["nodes"] = {i: {"unique_id": i, "depends_on": {"nodes": ids}} for i in ids}
    rng = random.Random(nodes)
    run_results["results"] = [{**random_result(rng, i), "status": "success"} for i in ids]
    return manifest, run_results


def test_a_cycle_has_no_schedule_and_comes_to_an_end(tmp_path: Path) -> None:
    write_run(tmp_path / "run", *cyclic_run(80))
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path / "run")
        rows = wh.sql(
            "SELECT slack_seconds, drag_seconds, observed_step, critical_step FROM v1.run_timelines"
        ).fetchall()
        assert rows == [(None, None, None, None)] * 80
        assert wh.sql("FROM v1.simulate_run('graph 1', 4)").fetchall() == []


def test_who_reads_a_function_waits_for_the_tests_of_what_the_function_reads(tmp_path: Path) -> None:
    parents = {"model.p.a": [], "test.p.t": ["model.p.a"], "function.p.f": ["model.p.a"], "model.p.m": ["function.p.f"]}
    entries = {
        i: {"unique_id": i, "resource_type": i.split(".")[0], "depends_on": {"nodes": p}} for i, p in parents.items()
    }
    times = {"model.p.a": (1, 3), "function.p.f": (3, 4), "test.p.t": (3, 8), "model.p.m": (8, 10)}
    manifest, run_results = cyclic_run(1)
    manifest["functions"] = {"function.p.f": entries.pop("function.p.f")}
    manifest["nodes"] = entries
    for content in (manifest, run_results):
        content["metadata"]["dbt_version"] = "1.11.2"
    run_results["args"]["which"] = "build"
    run_results["results"] = [
        {
            "unique_id": node,
            "status": "success",
            "execution_time": end - start,
            "thread_id": "Thread-1",
            "timing": [
                {
                    "name": "execute",
                    "started_at": f"2026-11-01T00:00:{start:02}Z",
                    "completed_at": f"2026-11-01T00:00:{end:02}Z",
                }
            ],
        }
        for node, (start, end) in times.items()
    ]
    write_run(tmp_path / "run", manifest, run_results)
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path / "run")
        rows = wh.sql(
            "SELECT unique_id, waited_for_unique_id, earliest_start_seconds, slack_seconds, drag_seconds "
            "FROM v1.run_timelines ORDER BY started_at, unique_id"
        ).fetchall()
        assert rows == [
            ("model.p.a", None, 0, 0, 2),
            ("function.p.f", "model.p.a", 2, 4, 0),
            ("test.p.t", "model.p.a", 2, 0, 4),
            ("model.p.m", "test.p.t", 7, 0, 2),
        ]


@pytest.mark.parametrize("count", [5, *release_only(1000)])
def test_more_threads_than_nodes_end_with_the_theoretical_path(sample_warehouse: Warehouse, count: int) -> None:
    """Less what dbt does between nodes, which runs here never had to do twice at once."""
    for invocation, command in sample_warehouse.sql(
        "FROM (SELECT DISTINCT invocation_id, command FROM v1.critical_paths) ORDER BY md5(invocation_id) LIMIT ?",
        [count],
    ).fetchall():
        [(one, many)] = sample_warehouse.sql(
            "SELECT (SELECT max(elapsed_seconds) FROM v1.simulate_run($1, 1) WHERE command = $2), "
            "(SELECT max(elapsed_seconds) FROM v1.simulate_run($1, 1000) WHERE command = $2)",
            {"1": invocation, "2": command},
        ).fetchall()
        [(longest, everything)] = sample_warehouse.sql(
            "SELECT max(earliest_start_seconds + scheduled_seconds), sum(scheduled_seconds) FROM v1.run_timelines "
            "WHERE invocation_id = ? AND command = ?",
            [invocation, command],
        ).fetchall()
        assert longest - 1e-6 <= many <= one + 1e-6
        assert one >= everything - 1e-6


def test_answers_are_the_same_with_every_optimizer(random_warehouse: Warehouse, tmp_path: Path) -> None:
    """The common_subplan of DuckDB 2.0 gives wrong rows for some queries; these must not be among them."""
    names = ("run_timelines", "critical_paths", "node_criticality", "thread_utilization")
    path = tmp_path / "wh.duckdb"
    shutil.copy(random_warehouse.path, path)
    with duckdb.connect(str(path), read_only=True) as plain:
        for name in names:
            every = plain.execute(f"FROM v1.{name} ORDER BY ALL").fetchall()
            assert every == random_warehouse.sql(f"FROM v1.{name} ORDER BY ALL").fetchall()


def test_the_oracle_knows_what_dbt_build_waits_for(
    random_runs: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    """A node waits for every test whose nodes are all above it: dbt's rule in its own words."""
    for manifest, _ in random_runs:
        parents = schedules.parents_of(manifest)
        plain, build = (schedules.graph_of(manifest, command, "1.10.0") for command in ("run", "build"))
        for node in plain:
            if schedules.type_of(node) in schedules.STOPPED_BY_TESTS:
                above = nx.ancestors(plain, node)
                tests = {test for test, of in parents.items() if test.startswith("test.") and of and {*of} <= above}
                waits = nx.ancestors(build, node)
                assert {test for test in waits if test.startswith("test.")} == tests


def test_many_runs_at_once_are_as_each_alone(sample_warehouse: Warehouse) -> None:
    asked = "SELECT DISTINCT invocation_id FROM v1.invocations WHERE is_executing ORDER BY md5(invocation_id) LIMIT 4"
    runs = [run for (run,) in sample_warehouse.sql(asked).fetchall()]
    counts = [1, 3, None]
    at_once = sample_warehouse.sql("FROM v1.simulate_runs($runs, $counts)", {"runs": runs, "counts": counts})
    alone = [
        row
        for run in runs
        for count in counts
        for row in sample_warehouse.sql("FROM v1.simulate_run($run, $count)", {"run": run, "count": count}).fetchall()
    ]
    assert len(alone) > 100
    assert sorted(at_once.fetchall(), key=repr) == sorted({*alone}, key=repr)
    some = sample_warehouse.sql("FROM v1.run_timelines_of($runs)", {"runs": runs}).fetchall()
    every = sample_warehouse.sql("FROM v1.run_timelines").fetchall()
    assert sorted(some, key=repr) == sorted((row for row in every if row[0] in runs), key=repr)
    assert sample_warehouse.sql("FROM v1.run_timelines_of(NULL)").fetchall() == []
