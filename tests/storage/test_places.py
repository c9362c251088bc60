"""Where a warehouse may lie: names that DuckDB misreads, links, hard links, and files beside it that others plant."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from disturbed import assert_intact, contents
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse, errors

pytestmark = pytest.mark.slow

JOB = SAMPLES / "environment=prod" / "job=nightly"
RUNS = [JOB / "2026-11-03_01_build", JOB / "2026-11-05_01_build"]


@pytest.mark.parametrize("name", ["v1", "V1", "stored", "Stored", "INTERNAL"])
def test_a_name_of_a_schema_is_refused_however_it_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.WarehouseError, match="give it another name"):
        Warehouse(tmp_path / f"{name}.duckdb").load(RUNS[0])
    assert [*tmp_path.iterdir()] == []


ODD_NAMES = ['a"b', "a'b", "main", "日本", *release_only("a;b", "temp", "rewritten", "select", ".hidden", "%00", "a b")]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_warehouse_of_any_other_name_can_be_loaded_and_pruned(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.duckdb"
    Warehouse(path).load(RUNS[0])
    report = Warehouse(path).prune(datetime(2026, 11, 4), dry_run=False)
    assert sum(report.artifacts.values()) > 0
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["md:x", *release_only(":memory:", "sqlite:x", "file:x.duckdb", "s3:x")])
def test_a_relative_name_is_that_of_a_file_also_where_duckdb_knows_a_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Warehouse(name).load(RUNS[0])
    assert sum(Warehouse(name).prune(datetime(2026, 11, 4), dry_run=False).artifacts.values()) > 0
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_question_mark_is_refused_as_duckdb_would_put_the_log_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "why?").mkdir()
    for place in ("a?b.duckdb", "why?/wh.duckdb"):
        with pytest.raises(errors.WarehouseError, match="give it another name"):
            Warehouse(tmp_path / place).load(RUNS[0])
    assert [*tmp_path.rglob("*")] == [tmp_path / "why?"]


def test_a_link_is_followed_and_its_target_is_what_is_written(tmp_path: Path) -> None:
    link, target = tmp_path / "wh.duckdb", tmp_path / "disk" / "real.duckdb"
    link.symlink_to(target)
    with pytest.raises(errors.WarehouseError, match="disk does not exist"):
        Warehouse(link).load(RUNS[0])
    target.parent.mkdir()
    with pytest.raises(errors.WarehouseNotFound):
        Warehouse(link, read_only=True).sql("SELECT 1")
    assert len(Warehouse(link).load(RUNS[0]).loaded) == 3
    assert len(Warehouse(target).load(RUNS[0]).unchanged) == 3
    Warehouse(link).prune(datetime(2026, 11, 4), dry_run=False)
    assert link.is_symlink() and sorted(file.name for file in tmp_path.rglob("*")) == ["disk", "real.duckdb", link.name]


def test_a_link_to_a_name_of_a_schema_or_to_itself_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "wh.duckdb"
    link.symlink_to(tmp_path / "v1.duckdb")
    with pytest.raises(errors.WarehouseError, match="give it another name"):
        Warehouse(link).load(RUNS[0])
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(errors.WarehouseError):
        Warehouse(link).load(RUNS[0])
    with pytest.raises(errors.WarehouseError, match="leads to itself"):
        Warehouse(link, read_only=True).view("artifacts")


LEAVE_A_LOG = """
import os, sys
from artifact_warehouse import Warehouse
connection = Warehouse(sys.argv[1]).connection
connection.execute("SET wal_autocheckpoint = '1GB'")
connection.execute("INSERT INTO stored.meta VALUES ('left', 'over')")
os._exit(0)
"""


def test_a_log_that_a_killed_process_left_is_found_through_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "wh.duckdb", tmp_path / "link.duckdb"
    Warehouse(path).load(RUNS[0])
    link.symlink_to(path)
    leave_a_log(path)
    Warehouse(link).load(RUNS[1])
    with Warehouse(path, read_only=True) as wh:
        assert wh.sql("SELECT value FROM stored.meta WHERE key = 'left'").fetchall() == [("over",)]
    assert_intact(path)


def leave_a_log(path: Path) -> None:
    subprocess.run([sys.executable, "-c", LEAVE_A_LOG, str(path)], check=True)
    assert path.with_name(f"{path.name}.wal").exists()


@pytest.mark.skipif(not hasattr(os, "link"), reason="needs hard links")
def test_a_file_with_two_names_is_read_and_never_written(tmp_path: Path) -> None:
    path, other = tmp_path / "wh.duckdb", tmp_path / "other.duckdb"
    Warehouse(path).load(RUNS[0])
    before = contents(path)
    leave_a_log(path)
    os.link(path, other)
    for place in (path, other):
        with pytest.raises(errors.WarehouseError, match="hard links"):
            Warehouse(place).load(RUNS[1])
        with pytest.raises(errors.WarehouseError, match="hard links"):
            Warehouse(place).prune(datetime(2026, 11, 4), dry_run=False)
    other.unlink()
    assert contents(path) == before
    Warehouse(path).load(RUNS[1])
    with Warehouse(path, read_only=True) as wh:
        assert wh.sql("SELECT value FROM stored.meta WHERE key = 'left'").fetchall() == [("over",)]


def test_files_that_are_written_beside_the_warehouse_follow_no_link_that_is_there(tmp_path: Path) -> None:
    """What could be guessed: the names that files had before they got random ones."""
    path, copy, victim = tmp_path / "wh.duckdb", tmp_path / "readers.duckdb", tmp_path / "victim"
    victim.write_bytes(b"precious")
    for name in ("wh.duckdb.unfinished", "readers.duckdb.unfinished", "readers.duckdb.unfinished.wal"):
        (tmp_path / name).symlink_to(victim)
    Warehouse(path).load(RUNS[0], publish=copy)
    Warehouse(path).prune(datetime(2026, 11, 4), dry_run=False)
    assert victim.read_bytes() == b"precious"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["readers.duckdb", "victim", "wh.duckdb"]


def test_what_killed_processes_left_beside_the_warehouse_is_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    left = [f"wh.duckdb.{'0' * 32}.unfinished", f"wh.duckdb.{'a' * 32}.unfinished.wal", "wh.duckdb.unfinished"]
    kept = [
        f"wh.duckdb.{'0' * 32}",
        "wh.duckdb.backup",
        f"other.duckdb.{'0' * 32}.unfinished",
        "wh.duckdb.x.unfinished",
    ]
    for name in (*left, *kept):
        (tmp_path / name).write_bytes(b"x")
    Warehouse(path).load(RUNS[0])
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([path.name, *kept])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make links of other users")
@pytest.mark.parametrize("is_copy", [False, True], ids=["the warehouse", "the copy"])
def test_a_link_that_another_user_planted_in_a_shared_folder_is_refused(tmp_path: Path, is_copy: bool) -> None:
    path, shared, victim = tmp_path / "wh.duckdb", tmp_path / "shared", tmp_path / "victim.duckdb"
    Warehouse(path).load(RUNS[0])
    shutil.copy(path, victim)
    shared.mkdir()
    shared.chmod(0o1777)
    link = shared / "link.duckdb"
    link.symlink_to(victim)
    before = contents(victim)

    def load() -> None:
        Warehouse(path if is_copy else link).load(RUNS[1], publish=link if is_copy else None)

    os.lchown(link, 12345, -1)
    with pytest.raises(errors.WarehouseError, match="is a link of another user"):
        load()
    assert contents(victim) == before
    os.lchown(link, os.geteuid(), -1)
    load()
    assert contents(victim) != before and link.is_symlink()
