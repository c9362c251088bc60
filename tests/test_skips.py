"""Why nodes were skipped: the nearest failures above them, by a search of its own over each run's manifest."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path

import pytest
from conftest import SAMPLES

from artifact_warehouse import Warehouse

FAILED = {"error", "fail", "runtime error", "partial success"}
EXECUTED = FAILED | {"success", "pass", "warn"}


def children_of(manifest: dict) -> dict[str, set[str]]:
    children: dict[str, set[str]] = {}
    for section in ("nodes", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests"):
        for child, entry in manifest.get(section, {}).items():
            for parent in entry["depends_on"].get("nodes", []):
                children.setdefault(parent, set()).add(child)
    return children


def parents_of(manifest: dict, node: str) -> list[str]:
    entry = manifest["nodes"].get(node) or manifest.get("unit_tests", {}).get(node) or {}
    return entry.get("depends_on", {}).get("nodes", [])


def nearest_failures(folder: Path) -> dict[str, set[tuple[str | None, int | None]]]:
    """{skipped node: its nearest failures with their distance}, breadth first from every failure."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    results = json.loads((folder / "run_results.json").read_bytes())["results"]
    status = {result["unique_id"]: result["status"] for result in results}
    children = children_of(manifest)
    found: dict[str, dict[str, int]] = {}
    for failure in (node for node, word in status.items() if word in FAILED):
        starts = [failure, *(parents_of(manifest, failure) if failure.startswith(("test.", "unit_test.")) else [])]
        queue = deque((child, 1) for start in starts for child in children.get(start, ()) if child != failure)
        seen: set[str] = set()
        while queue:
            node, distance = queue.popleft()
            if node not in seen:
                seen.add(node)
                found.setdefault(node, {})[failure] = distance
                if status.get(node) not in EXECUTED:
                    queue.extend((child, distance + 1) for child in children.get(node, ()))
    nearest: dict[str, set[tuple[str | None, int | None]]] = {}
    for node in (node for node, word in status.items() if word == "skipped"):
        failures = found.get(node, {})
        best = min(failures.values(), default=None)
        nearest[node] = {(f, d) for f, d in failures.items() if d == best} or {(None, None)}
    return nearest


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
