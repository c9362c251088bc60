"""Why nodes were skipped: the nearest failures above them, by a search of its own over each run's manifest."""

from __future__ import annotations

import json
import random
from pathlib import Path

import builders
import pytest
from skip_oracle import nearest_failures
from testdata import SAMPLES

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow


def skips(wh: Warehouse, invocation_id: str) -> dict[str, set[tuple[str | None, int | None]]]:
    found: dict[str, set[tuple[str | None, int | None]]] = {}
    query = "SELECT unique_id, failed_unique_id, distance FROM v1.skips WHERE invocation_id = ?"
    for node, failure, distance in wh.sql(query, [invocation_id]).fetchall():
        found.setdefault(node, set()).add((failure, distance))
    return found


def test_every_skip_of_the_samples_has_its_nearest_failures(sample_warehouse: Warehouse) -> None:
    explained = 0
    for file in sorted(SAMPLES.rglob("run_results.json")):
        expected = nearest_failures(file.parent)
        invocation_id = json.loads(file.read_bytes())["metadata"]["invocation_id"]
        assert skips(sample_warehouse, invocation_id) == expected
        explained += len(expected)
    assert explained == 44


@pytest.mark.corpus
@pytest.mark.parametrize(
    "run", ["1.10/018_build_failing", "1.10/030_build_fail_fast", "1.7/016_build_failing", "2.0/019_build_failing"]
)
def test_every_skip_of_real_runs_has_its_nearest_failures(real_runs: Path, tmp_path: Path, run: str) -> None:
    folder = real_runs / run
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(folder)
        invocation_id = json.loads((folder / "run_results.json").read_bytes())["metadata"]["invocation_id"]
        assert skips(wh, invocation_id) == nearest_failures(folder)


def graph_of_a_run(seed: int, nodes: int, share_of_edges: float) -> tuple[dict, dict]:
    """A manifest and a run_results of any graph, with cycles, which dbt would refuse and an enemy would not."""
    rng = random.Random(seed)
    ids = [f"{rng.choice(('model', 'model', 'model', 'test'))}.graph_{seed}.n{number}" for number in range(nodes)]
    statuses = [rng.choice(("skipped", "skipped", "skipped", "error", "fail", "success", None)) for _ in ids]
    metadata = {"invocation_id": f"graph {seed}", "generated_at": "2026-11-01T00:00:00Z"}
    parents = {node: [other for other in ids if rng.random() < share_of_edges] for node in ids}
    results = [{"unique_id": node, "status": status} for node, status in zip(ids, statuses, strict=True) if status]
    return (
        builders.manifest({node: {"depends_on": {"nodes": parents[node]}} for node in ids}, metadata),
        builders.artifact("run_results", metadata, results=results),
    )


def test_a_test_stops_what_is_below_all_that_it_tests_and_a_unit_test_its_model(tmp_path: Path) -> None:
    parents = {
        "model.p.a": [],
        "model.p.b": [],
        "model.p.d": [],
        "model.p.u": [],
        "test.p.a_and_b": ["model.p.a", "model.p.b"],
        "test.p.other": ["model.p.a"],
        "model.p.x": ["model.p.a"],
        "model.p.y": ["model.p.b"],
        "model.p.both": ["model.p.x", "model.p.y"],
        "model.p.one": ["model.p.a", "model.p.d"],
        "model.p.last": ["model.p.both"],
        "unit_test.p.u.logic": ["model.p.u"],
        "model.p.below_u": ["model.p.u"],
    }
    failed = {"test.p.a_and_b": "fail", "model.p.d": "error", "unit_test.p.u.logic": "fail"}
    skipped = ("test.p.other", "model.p.both", "model.p.one", "model.p.last", "model.p.u", "model.p.below_u")
    manifest, run_results = graph_of_a_run(0, 1, 0)
    manifest["nodes"] = {
        node: {"depends_on": {"nodes": above}} for node, above in parents.items() if "unit" not in node
    }
    manifest["unit_tests"] = {"unit_test.p.u.logic": {"model": "u", "depends_on": {"nodes": ["model.p.u"]}}}
    run_results["results"] = [
        {"unique_id": node, "status": failed.get(node) or ("skipped" if node in skipped else "success")}
        for node in parents
    ]
    builders.write(tmp_path, "manifest", manifest)
    builders.write(tmp_path, "run_results", run_results)
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path)
        assert skips(wh, "graph 0") == {
            "test.p.other": {(None, None)},
            "model.p.both": {("test.p.a_and_b", 1)},
            "model.p.last": {("test.p.a_and_b", 2)},
            "model.p.one": {("model.p.d", 1)},
            "model.p.u": {("unit_test.p.u.logic", 1)},
            "model.p.below_u": {("unit_test.p.u.logic", 2)},
        }


def test_skips_in_any_graph_with_cycles_too(tmp_path: Path) -> None:
    rng = random.Random(5)
    for seed in range(40):
        manifest, run_results = graph_of_a_run(seed, rng.randrange(2, 40), rng.choice((0.03, 0.06, 0.1, 0.3)))
        builders.write(tmp_path / str(seed), "manifest", manifest)
        builders.write(tmp_path / str(seed), "run_results", run_results)
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path)
        found = {seed: skips(wh, f"graph {seed}") for seed in range(40)}
        assert found == {seed: nearest_failures(tmp_path / str(seed)) for seed in range(40)}
        assert max(distance or 0 for rows in found.values() for row in rows.values() for _, distance in row) > 3


def test_skips_answer_where_everything_depends_on_everything(tmp_path: Path) -> None:
    """The search must not walk every path, nor every length of one."""
    manifest, run_results = graph_of_a_run(1, 200, 1.0)
    builders.write(tmp_path, "manifest", manifest)
    builders.write(tmp_path, "run_results", run_results)
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path)
        assert skips(wh, "graph 1") == nearest_failures(tmp_path)
