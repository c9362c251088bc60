"""`load --publish`: readers of the published copy are never kept waiting, and never see half a load."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from commandline import COMMAND, run_process
from disturbed import Moment, assert_intact, command, environment, stop_at
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.errors import NotAWarehouse, WarehouseError

pytestmark = pytest.mark.slow

RUNS = sorted(SAMPLES.glob("*/*/*/"))


def rows(path: Path) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            "SELECT invocation_id, command, result_count FROM v1.invocations ORDER BY ALL"
        ).fetchall()


def test_the_copy_is_the_warehouse(tmp_path: Path) -> None:
    path, copy = tmp_path / "wh.duckdb", tmp_path / "readers.duckdb"
    for run in RUNS[:3]:
        Warehouse(path).load(run, publish=copy)
        assert rows(copy) == rows(path)
        assert_intact(copy)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["readers.duckdb", "wh.duckdb"]


def test_whoever_reads_the_old_copy_goes_on_reading_it(tmp_path: Path) -> None:
    path, copy = tmp_path / "wh.duckdb", tmp_path / "readers.duckdb"
    Warehouse(path).load(RUNS[0], publish=copy)
    with Warehouse(copy, read_only=True) as wh:
        before = wh.view("invocations").fetchall()
        run_process("load", path, SAMPLES, "--publish", copy, check=True)
        assert wh.view("invocations").fetchall() == before
    assert len(rows(copy)) > len(before)


READER = """
import os, sys, duckdb
from collections import Counter
seen = Counter()
while not os.path.exists(sys.argv[2]):
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        [[runs, results]] = connection.execute(
            "SELECT count(*), sum(result_count) FROM v1.invocations").fetchall()
        [[rows]] = connection.execute("SELECT count(*) FROM v1.node_executions").fetchall()
    assert results == rows, (results, rows)
    assert not seen or runs >= max(seen), (runs, seen)
    seen[runs] += 1
print(sum(seen.values()), len(seen))
"""


@pytest.mark.release
def test_readers_are_never_refused_while_loaders_publish(tmp_path: Path) -> None:
    """Plain DuckDB readers, which do not wait, beside two loaders that load and publish one run after the other."""
    path, copy = tmp_path / "wh.duckdb", tmp_path / "readers.duckdb"
    Warehouse(path).load(RUNS[0], publish=copy)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, copy, tmp_path / "done"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]

    def load(runs: list[Path]) -> None:
        for run in runs:
            run_process("load", path, run, "--publish", copy, "--wait", "60", check=True, timeout=None)

    loaders = [threading.Thread(target=load, args=(RUNS[start:4:2],)) for start in (1, 2)]
    for loader in loaders:
        loader.start()
    for loader in loaders:
        loader.join()
    (tmp_path / "done").touch()
    for reader in readers:
        out, err = reader.communicate()
        assert reader.returncode == 0, err.decode()
        reads, states = map(int, out.split())
        assert reads > states > 1
    assert rows(copy) == rows(path)
    assert_intact(copy)


@pytest.mark.parametrize(
    "moment",
    [
        Moment("subprocess.run", "return"),  # the new copy is written, and does not have its name yet
        *release_only(
            (Moment("artifact_warehouse.storage.publishing.publish", "call"),),
            (Moment("artifact_warehouse.storage.publishing._is_database", "return", 2),),
        ),
    ],
)
def test_a_load_that_is_killed_leaves_the_last_copy(tmp_path: Path, moment: Moment) -> None:
    path, copy = tmp_path / "wh.duckdb", tmp_path / "readers.duckdb"
    Warehouse(path).load(RUNS[0], publish=copy)
    before = rows(copy)
    call = command("load", path, RUNS[1], "--publish", copy)
    killed = subprocess.run(call, env=environment(10**9) | stop_at(moment, 9), capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr
    assert rows(copy) == before
    assert_intact(copy)
    Warehouse(path).load(RUNS[1], publish=copy)
    assert rows(copy) == rows(path) != before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["readers.duckdb", "wh.duckdb"]


@pytest.mark.release
def test_a_load_that_is_killed_at_any_moment_leaves_a_whole_copy(tmp_path: Path) -> None:
    path, copy = tmp_path / "wh.duckdb", tmp_path / "readers.duckdb"
    Warehouse(path).load(RUNS[0], publish=copy)
    for number, run in enumerate(RUNS[1:7]):
        call = [*COMMAND, "load", str(path), str(run), "--publish", str(copy)]
        process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.4 + 0.15 * number)
        process.kill()
        process.wait()
        assert_intact(copy)
    Warehouse(path).load(SAMPLES, publish=copy)
    assert rows(copy) == rows(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["readers.duckdb", "wh.duckdb"]


def test_a_file_that_is_no_copy_is_not_overwritten_and_nothing_is_loaded(tmp_path: Path) -> None:
    path, other = tmp_path / "wh.duckdb", tmp_path / "manifest.json"
    other.write_text("{}")
    with pytest.raises(NotAWarehouse, match="publish to another file"):
        Warehouse(path).load(RUNS[0], publish=other)
    assert other.read_text() == "{}" and not path.exists()
    Warehouse(path).load(RUNS[0])
    before = rows(path)
    for copy in (path, tmp_path / "nowhere" / "readers.duckdb", tmp_path / "v1.duckdb"):
        with pytest.raises(WarehouseError):
            Warehouse(path).load(RUNS[1], publish=copy)
    assert rows(path) == before


def test_a_copy_that_cannot_be_written_leaves_the_last_one(tmp_path: Path) -> None:
    path, copy = tmp_path / "wh.duckdb", tmp_path / f"{'r' * 230}.duckdb"  # no room for the name of a file beside it
    Warehouse(path).load(RUNS[0])
    shutil.copy(path, copy)
    before = rows(copy)
    result = run_process("load", path, RUNS[1], "--publish", copy)
    assert result.returncode == 3 and "r.duckdb: cannot be written" in result.stderr
    assert "Traceback" not in result.stderr
    assert rows(copy) == before and len(rows(path)) > len(before)


@pytest.mark.skipif(os.name != "posix", reason="modes")
@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o027, 0o640)])
def test_the_files_are_readable_for_whom_the_umask_lets(tmp_path: Path, umask: int, mode: int) -> None:
    path, copy = tmp_path / "wh.duckdb", tmp_path / "readers.duckdb"
    run_process("load", path, RUNS[0], "--publish", copy, check=True, umask=umask)
    assert {oct(file.stat().st_mode & 0o777) for file in (path, copy)} == {oct(mode)}
