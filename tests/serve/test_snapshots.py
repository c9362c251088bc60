"""Copies that follow a warehouse: of one state each, and nobody waits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from testdata import SAMPLES

from artifact_warehouse import Warehouse
from artifact_warehouse.errors import WarehouseLocked, WarehouseNotFound
from artifact_warehouse.serve.snapshots import Follower

pytestmark = pytest.mark.slow

MEMORY = 1 << 29


def count(snapshot) -> int:
    with snapshot.cursor() as cursor:
        return cursor.execute("SELECT count(*) FROM v1.artifacts").fetchall()[0][0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "wh.duckdb"
    Warehouse(found).load([next(SAMPLES.rglob("manifest.json"))])
    return found


def test_a_snapshot_stays_as_it_was_while_a_newer_one_answers(path: Path) -> None:
    follower = Follower(path, MEMORY, every=3600)
    try:
        with follower.snapshot() as old:
            before = count(old)
            old.require("nodes")
            Warehouse(path).load([next(SAMPLES.rglob("run_results.json"))])
            assert follower.refresh()
            assert not follower.refresh()
            with follower.snapshot() as new:
                assert (count(old), count(new)) == (before, before + 1)
                assert "nodes" in new.made, "made before the first request asks for it"
            place = old.path
            assert place.exists()
        assert not place.exists(), "the last request that read it removes it"
    finally:
        follower.close()


def test_nothing_is_left_behind(path: Path) -> None:
    follower = Follower(path, MEMORY, every=3600)
    with follower.snapshot() as snapshot:
        folder = snapshot.path.parents[1]
    follower.close()
    assert not folder.exists()
    assert sorted(file.name for file in path.parent.iterdir()) == ["wh.duckdb"]


HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE TABLE stored.changed AS SELECT 1 AS x")
print("held", flush=True)
sys.stdin.read()
"""


def test_while_a_load_holds_the_file_the_last_copy_answers(path: Path) -> None:
    follower = Follower(path, MEMORY, every=3600)
    try:
        with subprocess.Popen(
            [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as holder:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(WarehouseLocked):
                follower.refresh()
            with follower.snapshot() as snapshot:
                assert count(snapshot) == 1
        assert follower.refresh(), "once the load has ended, its rows are seen"
    finally:
        follower.close()


def test_there_must_be_a_warehouse(tmp_path: Path) -> None:
    with pytest.raises(WarehouseNotFound):
        Follower(tmp_path / "none.duckdb", MEMORY)
