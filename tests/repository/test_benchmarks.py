"""The benchmarks' generator is deterministic and does what its options say; their checks find wrong answers."""

import json
import runpy
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from testdata import ROOT

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "benchmarks" / "data.py"
SAMPLES = ROOT / "sample_artifacts" / "runs" / "environment=prod" / "job=nightly" / "2026-11-08_01_build"


def generate(folder: Path, **options: Any) -> Path:
    subprocess.run([sys.executable, SCRIPT, folder, "runs", json.dumps(options)], check=True, stdout=subprocess.DEVNULL)
    return folder


def contents(folder: Path, kind: str) -> list[dict]:
    return [json.loads(path.read_bytes()) for path in sorted(folder.rglob(f"{kind}.json"))]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("project"), models=100, count=6, change_rate=0.05, failure_rate=0.1)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    first = generate(tmp_path / "first", models=20, count=2)
    again = generate(tmp_path / "again", models=20, count=2)
    other = generate(tmp_path / "other", models=20, count=2, seed=2)
    names = [path.relative_to(first) for path in sorted(first.rglob("*.json"))]
    assert len(names) == 4
    for name in names:
        assert (first / name).read_bytes() == (again / name).read_bytes()
        assert (first / name).read_bytes() != (other / name).read_bytes()


@pytest.mark.release
def test_everything_loads(project: Path, tmp_path: Path) -> None:
    with Warehouse(tmp_path / "wh.duckdb") as warehouse:
        report = warehouse.load(project)
        assert (len(report.loaded), report.quarantined) == (6 + 6, ())
        unknown = warehouse.sql("SELECT DISTINCT unknown_fields FROM v1.artifacts").fetchall()
        assert {text for (text,) in unknown} <= {None, "{}"}
        [(nodes,)] = warehouse.sql("SELECT count(*) FROM v1.nodes WHERE resource_type IN ('model', 'test')").fetchall()
        assert nodes == 100 + 240
        assert warehouse.verify() == []


def check(name: str, warehouse: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "benchmarks" / "checks.py", name, warehouse, *paths]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)


@pytest.mark.release
def test_the_checks_pass_for_a_load_and_fail_for_a_load_of_less(project: Path, tmp_path: Path) -> None:
    with Warehouse(tmp_path / "all.duckdb") as warehouse:
        warehouse.load(project)
    with Warehouse(tmp_path / "less.duckdb") as warehouse:
        warehouse.load(sorted(project.iterdir())[:-1])
    for name in ("run_results", "manifests"):
        assert check(name, tmp_path / "all.duckdb", project).returncode == 0
        assert check(name, tmp_path / "less.duckdb", project).returncode == 1


def test_samples_of_a_profile_count_for_the_innermost_frame_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    place_of = runpy.run_path(str(ROOT / "benchmarks" / "profiling.py"))["place_of"]
    outer = "main (/src/artifact_warehouse/cli/main.py:12)"
    assert place_of(f"{outer};insert (artifact_warehouse/storage/writer.py:3);dumps (json/__init__.py:231)") == (
        "storage/writer",
        "storage/writer: insert",
    )
    assert place_of(f"{outer};load (/src/artifact_warehouse/load/__init__.py:3)")[0] == "load"
    assert place_of(f"{outer};_load_unlocked (<frozen importlib._bootstrap>:690)")[0] == "imports"
    assert place_of("_run_code (<frozen runpy>:88)")[0] == "outside of the package"


def test_nodes_and_results_have_the_keys_of_real_ones(project: Path) -> None:
    real = json.loads((SAMPLES / "manifest.json").read_bytes())
    made = contents(project, "manifest")[0]
    assert list(made) == list(real)
    by_type = {node["resource_type"]: list(node) for node in real["nodes"].values() if node.get("test_metadata", True)}
    for node in made["nodes"].values():
        assert list(node) == by_type[node["resource_type"]]
    real_keys = {
        (result["status"] == "skipped", *result)
        for result in json.loads((SAMPLES / "run_results.json").read_bytes())["results"]
    }
    for content in contents(project, "run_results"):
        for result in content["results"]:
            assert (False, *result) in real_keys


def test_as_many_nodes_change_as_asked(project: Path) -> None:
    manifests = contents(project, "manifest")
    for before, after in pairwise(manifests):
        changed = [k for k, node in after["nodes"].items() if node["raw_code"] != before["nodes"][k]["raw_code"]]
        assert len(changed) == 0.05 * len(after["nodes"])
        assert all(node["created_at"] != before["nodes"][k]["created_at"] for k, node in after["nodes"].items())


def test_as_many_nodes_fail_as_asked(project: Path) -> None:
    statuses = Counter(
        result["status"] for content in contents(project, "run_results") for result in content["results"]
    )
    executed = sum(statuses.values()) - statuses["skipped"]
    assert 0.07 < (statuses["error"] + statuses["fail"] + statuses["warn"]) / executed < 0.13
    assert statuses["error"] and statuses["fail"] and statuses["warn"] and statuses["skipped"]


def test_a_file_has_as_many_results_as_asked_and_all_nodes_have_their_turn(tmp_path: Path) -> None:
    folder = generate(tmp_path, models=20, count=7, results_per_file=20, manifests=0)
    found = contents(folder, "run_results")
    assert [len(content["results"]) for content in found] == [20] * 7
    assert len({result["unique_id"] for content in found for result in content["results"]}) == 60
    assert len({content["metadata"]["invocation_id"] for content in found}) == 7


@pytest.mark.parametrize("compilation", ["same", "dated", "alternating"])
def test_the_compilation_differs_as_asked(tmp_path: Path, compilation: str) -> None:
    folder = generate(tmp_path, models=20, count=2, change_rate=0, compilation=compilation)
    before, after = (content["nodes"] for content in contents(folder, "manifest"))
    pairs = [(before[key].get("compiled_code"), node["compiled_code"]) for key, node in after.items()]
    if compilation == "alternating":
        assert all(first is None and then for first, then in pairs)
    else:
        assert all((first == then) is (compilation == "same") for first, then in pairs)


def test_a_manifest_grows_with_models_and_columns(tmp_path: Path) -> None:
    def size(name: str, **options: int) -> int:
        folder = generate(tmp_path / name, count=1, has_results=False, **options)
        [path] = folder.rglob("*.json")
        return path.stat().st_size

    small = size("small", models=50)
    assert size("wide", models=50, columns=40) > 1.3 * small
    assert size("many", models=300) > 2 * small
