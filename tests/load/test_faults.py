"""A fault of this package that one artifact meets costs that artifact: the load goes on, and says where it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commandline import run
from disturbed import contents
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.artifacts import flatten
from artifact_warehouse.load import batches

pytestmark = pytest.mark.slow

JOB = SAMPLES / "environment=prod" / "job=nightly"
RUN = JOB / "2026-11-05_01_build" / "run_results.json"


def raises(artifact: Any, rows: Any, cache: Any) -> None:
    flatten(artifact, rows, cache)
    raise KeyError("thread_id")


def leaves_half_a_row(artifact: Any, rows: Any, cache: Any) -> None:
    flatten(artifact, rows, cache)
    rows._columns["node_executions"][0].append(1)


def adds_what_no_table_can_hold(artifact: Any, rows: Any, cache: Any) -> None:
    flatten(artifact, rows, cache)
    rows.add("invocations", artifact_key=artifact.artifact_key, elapsed_seconds=object())


def needs_too_much_memory(artifact: Any, rows: Any, cache: Any) -> None:
    flatten(artifact, rows, cache)
    raise MemoryError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A few runs; the faulty one is among them twice."""
    for name in ("2026-11-03_01_build", "2026-11-04_01_build", "2026-11-05_01_build", "2026-11-06_01_build"):
        shutil.copytree(JOB / name, tmp_path / "in" / name)
    shutil.copytree(RUN.parent, tmp_path / "in" / "copy")
    return tmp_path / "in"


@pytest.mark.parametrize(
    "fault", [raises, *release_only(adds_what_no_table_can_hold, leaves_half_a_row, needs_too_much_memory)]
)
def test_a_fault_quarantines_the_artifact_that_meets_it(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., None]
) -> None:
    path, whole = tmp_path / "wh.duckdb", tmp_path / "whole.duckdb"
    invocation_id = json.loads(RUN.read_bytes())["metadata"]["invocation_id"]

    def faulty(artifact: Any, rows: Any, cache: Any) -> None:
        met = artifact.kind == "run_results" and artifact.metadata["invocation_id"] == invocation_id
        (fault if met else flatten)(artifact, rows, cache)

    with monkeypatch.context() as patch:
        patch.setattr(batches, "flatten", faulty)
        result = run("load", path, folder, "--log-format", "json")
    assert result.exit_code == 1
    told = [line for line in map(json.loads, result.stderr.splitlines()) if line["event"] == "quarantined"]
    assert [Path(line["uri"]).parent.name for line in told] == ["2026-11-05_01_build", "copy"]
    assert f"in {fault.__name__}" in told[0]["trace"] or "to_arrow" in told[0]["trace"]
    with Warehouse(path, read_only=True) as wh:
        assert wh.verify() == []
        assert wh.sql("SELECT count(*) FROM v1.artifacts WHERE status = 'quarantined'").fetchall() == [(1,)]

    assert [outcome.status for outcome in Warehouse(path).load(folder).loaded] == ["loaded"]
    Warehouse(whole).load(folder)
    assert contents(path) == contents(whole)


def test_people_are_told_of_a_fault_with_its_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "flatten", raises)
    result = run("load", tmp_path / "wh.duckdb", RUN)
    assert (result.exit_code, result.stdout) == (1, "loaded 0, unchanged 0, quarantined 1\n")
    assert f"{RUN}: a fault of artifact-warehouse: KeyError: 'thread_id'; please report it" in result.stderr
    assert "in raises\n" in result.stderr
