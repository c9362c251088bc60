"""Runs of one process that share an invocation_id: which are one run, and which run a manifest belongs to (rule 9)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import builders
import comparison
import pytest
from oracle import Oracle
from testdata import release_only

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

START = datetime(2022, 3, 1, 6)
SHOWN = ("artifacts", "invocations", "node_executions", "source_freshness", "run_success_rates", "logical_runs")
VOLATILE = {"loaded_at", "pruned_at"}


def clock(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat() + "Z"


def started(unique_id: str, at: float | None, status: str = "success") -> dict[str, Any]:
    steps = [{"name": "execute", "started_at": clock(at), "completed_at": clock(at + 0.5)}] if at is not None else []
    return {"unique_id": unique_id, "status": status, "execution_time": 1.0, "timing": steps}


class Process:
    """A process of dbt, which gives every run the same id."""

    def __init__(self, folder: Path, invocation_id: str = "same", version: str = "1.4.9") -> None:
        self.folder, self.invocation_id, self.version, self.count = folder, invocation_id, version, 0

    def write(self, kind: str, at: float, content: dict[str, Any], **metadata: Any) -> Path:
        self.count += 1
        fields = {"invocation_id": self.invocation_id, "dbt_version": self.version, "generated_at": clock(at)}
        version = 0 if kind == "freshness" else None
        said = builders.metadata(kind, **fields, **metadata) if version is None else freshness(fields)
        return builders.write(self.folder / f"{self.count:02}", kind, {"metadata": said, **content})

    def run(self, at: float, results: list[dict[str, Any]], command: str = "build") -> Path:
        content = {"args": {"which": command}, "results": results, "elapsed_time": 1.0, "note": self.count}
        return self.write("run_results", at, content)

    def manifest(self, at: float, project: str, nodes: Iterable[str] = ()) -> Path:
        entries = {node: {"unique_id": node, "resource_type": "model", "package_name": project} for node in nodes}
        content = {"nodes": {key: {**entry, "name": key.split(".")[2]} for key, entry in entries.items()}}
        return self.write("manifest", at, content, project_name=project)

    def catalog(self, at: float, node: str) -> Path:
        relation = {"metadata": {"name": "x", "type": "table"}, "columns": {}, "stats": {}, "unique_id": node}
        return self.write("catalog", at, {"nodes": {node: relation}, "sources": {}, "note": self.count})

    def check(self, at: float, status: str = "pass", source: str = "source.pa.raw.x", kind: str = "sources") -> Path:
        row = {"unique_id": source, "status": status, "max_loaded_at": clock(0), "snapshotted_at": clock(at)}
        return self.write(kind, at, {"results": [row], "elapsed_time": 2.0})


def freshness(fields: dict[str, Any]) -> dict[str, Any]:
    return {"dbt_schema_version": "https://schemas.getdbt.com/dbt/freshness/v0.json", **fields}


def rows(wh: Warehouse, views: Iterable[str] = SHOWN) -> dict[str, list[str]]:
    found = {}
    for view in views:
        relation = wh.view(view)
        kept = [place for place, column in enumerate(relation.columns) if column not in VOLATILE]
        found[view] = sorted(repr([row[place] for place in kept]) for row in relation.fetchall())
    return found


def invocations(wh: Warehouse) -> list[tuple]:
    query = "SELECT invocation_id, command, project_name, is_success FROM v1.invocations ORDER BY ALL"
    return wh.sql(query).fetchall()


def ids(wh: Warehouse, kind: str) -> list[tuple]:
    query = f"SELECT invocation_id, project_name, status FROM v1.artifacts WHERE kind = '{kind}' ORDER BY generated_at"
    return wh.sql(query).fetchall()


@pytest.fixture
def process(tmp_path: Path) -> Process:
    return Process(tmp_path / "target")


def test_two_projects_of_one_process_are_two_runs(process: Process, warehouse: Warehouse) -> None:
    """Each with the manifest and the catalog that were written for it."""
    for place, project in enumerate(("pa", "pb")):
        node = f"model.{project}.x"
        process.manifest(10 * place, project, [node])
        process.run(10 * place + 5, [started(node, 10 * place + 1, "error" if place else "success")])
        process.catalog(10 * place + 6, node)
    warehouse.load(process.folder)
    assert invocations(warehouse) == [("same", "build", "pa", True), ("same.2", "build", "pb", False)]
    for kind in ("manifest", "run_results", "catalog"):
        assert ids(warehouse, kind) == [("same", "pa", "loaded"), ("same.2", "pb", "loaded")], kind
    defined = "SELECT invocation_id, unique_id FROM v1.node_executions WHERE definition_id IS NOT NULL ORDER BY ALL"
    assert warehouse.sql(defined).fetchall() == [("same", "model.pa.x"), ("same.2", "model.pb.x")]
    assert warehouse.sql("SELECT last_invocation_id FROM v1.nodes ORDER BY unique_id").fetchall() == [
        ("same",),
        ("same.2",),
    ]
    assert warehouse.verify() == []


def test_a_second_run_of_one_project_is_a_run(process: Process, warehouse: Warehouse) -> None:
    """What was skipped in both has no start, and makes them no one run; a third command keeps the id."""
    for at in (10, 20, 30):
        process.run(at, [started("model.pa.x", at - 5), started("model.pa.y", None, "skipped")])
    process.run(40, [started("test.pa.t", 39, "pass")], "test")
    warehouse.load(process.folder)
    assert [row[:2] for row in invocations(warehouse)] == [
        *(("same", "build"), ("same", "test"), ("same.2", "build"), ("same.3", "build"))
    ]
    assert warehouse.sql("SELECT run_count FROM v1.run_success_rates ORDER BY command").fetchall() == [(3,), (1,)]


@pytest.mark.parametrize(
    "first", [[], [started("model.pa.x", 1)], [started("model.pa.x", 1), started("model.pa.z", 2)]]
)
def test_a_partial_file_and_the_whole_one_are_one_run(
    process: Process, warehouse: Warehouse, first: list[dict[str, Any]]
) -> None:
    process.run(5, first)
    process.run(9, [started("model.pa.x", 1), started("model.pa.y", 2)])
    warehouse.load(process.folder)
    assert [row[:2] for row in invocations(warehouse)] == [("same", "build")]
    assert [status for *_, status in ids(warehouse, "run_results")] == ["superseded", "loaded"]


def test_files_without_any_start_are_one_run_where_they_name_a_node_both(
    process: Process, warehouse: Warehouse
) -> None:
    process.run(5, [started("model.pa.x", None), started("model.pa.y", None)])
    process.run(9, [started("model.pa.x", None)])
    warehouse.load(process.folder)
    assert [row[:2] for row in invocations(warehouse)] == [("same", "build")]


def test_the_freshness_checks_of_one_process_are_runs(process: Process, warehouse: Warehouse) -> None:
    """Up to dbt 1.4 `source freshness` is another command of the process; a check that is loaded again is no run."""
    process.run(5, [started("model.pa.x", 1)])
    process.check(10)
    process.check(20, "error")
    process.write(
        "sources",
        21,
        json.loads((process.folder / "03" / "sources.json").read_text())
        | {
            "metadata": {
                **builders.metadata("sources"),
                "dbt_version": "1.4.9",
                "invocation_id": "same",
                "generated_at": clock(21),
            }
        },
    )
    warehouse.load(process.folder)
    assert invocations(warehouse) == [
        ("same", "build", "pa", True),
        ("same", "source freshness", "pa", True),
        ("same.2", "source freshness", "pa", False),
    ]
    assert [status for *_, status in ids(warehouse, "sources")] == ["loaded", "superseded", "loaded"]


def test_a_run_is_found_by_its_id_or_the_beginning_of_it(process: Process, warehouse: Warehouse) -> None:
    process.run(5, [started("model.pa.x", 1)])
    process.run(15, [started("model.pa.x", 11, "error")])
    warehouse.load(process.folder)
    assert warehouse.diagnose("same").run["completed_at"] == START + timedelta(minutes=5)
    assert [row["unique_id"] for row in warehouse.diagnose("same.2").failures] == ["model.pa.x"]
    for macro in ("run_timeline_of", "critical_path_of"):
        for run in ("same", "same.2"):
            found = warehouse.sql(f"SELECT DISTINCT invocation_id FROM v1.{macro}('{run}')").fetchall()
            assert found == [(run,)], macro
    assert warehouse.sql("SELECT DISTINCT invocation_id FROM v1.simulate_run('same.2', 1)").fetchall() == [("same.2",)]


def test_a_prune_renames_no_run_and_what_was_pruned_is_not_counted_again(
    process: Process, warehouse: Warehouse
) -> None:
    process.run(10, [started("model.pa.x", 1)])
    process.run(20, [started("model.pa.x", 11), started("model.pa.y", 12, "error")])
    process.check(15)
    warehouse.load(process.folder)
    rates = rows(warehouse, ["run_success_rates"])
    ledger = [row[0] for row in ids(warehouse, "run_results")]
    warehouse.prune(START + timedelta(minutes=11), keep_daily_rates=True, dry_run=False)
    assert rows(warehouse, ["run_success_rates"]) == rates
    assert [row[0] for row in ids(warehouse, "run_results")] == ledger == ["same", "same.2"]
    assert [row[:2] for row in invocations(warehouse)] == [("same", "source freshness"), ("same.2", "build")]
    process.run(9, [started("model.pa.x", 1)])
    process.run(30, [started("model.pa.z", 25)])
    warehouse.load(process.folder)
    assert [row[:2] for row in invocations(warehouse)] == [
        *(("same", "source freshness"), ("same.2", "build"), ("same.3", "build"))
    ]
    assert [row[0] for row in ids(warehouse, "run_results")] == ["same", "same", "same.2", "same.3"]
    assert warehouse.verify() == []


def test_a_run_that_comes_after_the_first_was_pruned_gets_its_number(process: Process, warehouse: Warehouse) -> None:
    many = [started(f"model.pa.m{number:02}", number / 60) for number in range(50)]
    warehouse.load(process.run(10, many))
    warehouse.prune(START + timedelta(minutes=11), dry_run=False)
    warehouse.load([process.run(8, many[31:32]), process.run(20, [started("model.pa.m31", 15)])])
    assert [row[:2] for row in invocations(warehouse)] == [("same.2", "build")]
    assert [row[0] for row in ids(warehouse, "run_results")] == ["same", "same", "same.2"]


def write_processes(folder: Path, rng: Random) -> None:
    """Two processes, each with runs of one or two projects, files written twice, and files that follow a run."""
    for number in range(2):
        process = Process(folder / str(number), f"id{number}", rng.choice(("1.4.9", "1.10.1")))
        at = 0.0
        for _ in range(rng.randint(2, 5)):
            at += rng.choice((5, 10))
            project = rng.choice(("pa", "pa", "pb"))
            nodes = [f"model.{project}.{name}" for name in "xyz"]
            results = [
                started(node, rng.choice((None, at + place)), rng.choice(("success", "success", "error")))
                for place, node in enumerate(nodes)
                if rng.random() < 0.8
            ]
            stale = rng.choice((0, 0, 0, 12))
            if rng.random() < 0.7:
                process.manifest(at - stale, project, nodes)
            command = rng.choice(("run", "run", "build"))
            if rng.random() < 0.4:
                process.run(at + 3, results[: rng.randint(0, 2)], command)
            process.run(at + rng.choice((3, 4)), results, command)
            if rng.random() < 0.3:
                process.catalog(at + 4.5, nodes[0])
            if rng.random() < 0.4:
                kinds = rng.choice((["sources"], ["sources", "freshness"]))
                for kind in kinds:
                    process.check(at + 4, rng.choice(("pass", "warn", "error")), f"source.{project}.raw.x", kind)


@pytest.mark.parametrize("seed", [1, *release_only(*range(2, 20))])
def test_random_processes_equal_a_count_of_the_json_in_any_order_of_loading(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    write_processes(tmp_path / "files", rng)
    files = sorted((tmp_path / "files").rglob("*.json"))
    with Warehouse(tmp_path / "at_once.duckdb") as wh:
        wh.load(files)
        expected = rows(wh)
        oracle = Oracle.read([tmp_path / "files"])
        for compare in (comparison.artifacts, comparison.invocations, comparison.run_success_rates):
            assert compare(wh, oracle) == []
        assert wh.verify() == []
    with Warehouse(tmp_path / "shuffled.duckdb") as wh:
        rng.shuffle(files)
        size = rng.randint(1, 4)
        for place in range(0, len(files), size):
            wh.load(files[place : place + size])
        wh.load(files)
        assert rows(wh) == expected


@pytest.mark.release
@pytest.mark.parametrize("seed", [1, *release_only(*range(2, 8))])
def test_a_prune_at_any_time_keeps_the_ids_and_the_rates_of_random_processes(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    write_processes(tmp_path / "files", rng)
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path / "files")
        names = "SELECT artifact_id, invocation_id FROM v1.artifacts ORDER BY ALL"
        before, rates = wh.sql(names).fetchall(), rows(wh, ["run_success_rates"])
        for minutes in (12, 25):
            wh.prune(START + timedelta(minutes=minutes), keep_daily_rates=True, dry_run=False)
            assert wh.sql(names).fetchall() == before
            assert rows(wh, ["run_success_rates"]) == rates
        assert wh.verify() == []
