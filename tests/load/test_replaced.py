"""The warehouse is replaced or deleted while a load runs: the load says so, and the file that is there stays whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from disturbed import assert_intact, make_input
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse, errors
from artifact_warehouse.load import LoadSettings

pytestmark = pytest.mark.slow

IN_SMALL_STEPS = LoadSettings(batch_bytes=1, step_bytes=1, part_bytes=1, max_workers=0)
"""Every file is written in a transaction of its own."""
FIRST = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-03_01_build"
FILES = 30


def rename_over(path: Path, copy: Path) -> None:
    copy.replace(path)


def overwrite(path: Path, copy: Path) -> None:
    shutil.copyfile(copy, path)


def delete(path: Path, copy: Path) -> None:
    path.unlink()


def empty(path: Path, copy: Path) -> None:
    path.write_bytes(b"")


def put_another_there(path: Path, copy: Path) -> None:
    Warehouse(copy.with_name("other.duckdb")).load(SAMPLES / "environment=dev")
    copy.with_name("other.duckdb").replace(path)


@pytest.mark.parametrize(
    "change, moment",
    [
        (rename_over, 15),
        *release_only((overwrite, 15), (rename_over, 1), (delete, 15), (empty, 15), (put_another_there, 15)),
    ],
)
def test_a_load_into_a_file_that_is_replaced_ends_and_leaves_the_new_file_alone(
    tmp_path: Path, change: Callable[[Path, Path], None], moment: int
) -> None:
    path, folder = tmp_path / "wh.duckdb", make_input(tmp_path / "in", FILES)
    Warehouse(path).load(FIRST)
    copy = Path(shutil.copy(path, tmp_path / "copy.duckdb"))
    left: list[bytes | None] = []

    def progress(done: int, total: int) -> None:
        if done == moment and not left:
            change(path, copy)
            left.append(path.read_bytes() if path.exists() else None)

    with pytest.raises(errors.ReplacedMeanwhile, match="deleted, or replaced by another file"):
        Warehouse(path).load(folder, progress=progress, settings=IN_SMALL_STEPS)
    assert left == [path.read_bytes() if path.exists() else None]
    assert sorted(file.name for file in tmp_path.glob("wh.duckdb*")) == ["wh.duckdb"] * path.exists()

    again = Warehouse(path).load(folder)
    assert len(again.loaded) + len(again.unchanged) == FILES and len(again.loaded) >= FILES - moment
    assert_intact(path)


def test_a_file_that_is_replaced_while_it_is_resolved_is_told(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(FIRST)
    copy = Path(shutil.copy(path, tmp_path / "copy.duckdb"))
    Warehouse(path).load(SAMPLES / "environment=prod")

    def progress(done: int, total: int) -> None:
        if copy.exists():
            copy.replace(path)

    with pytest.raises(errors.ReplacedMeanwhile):
        Warehouse(path).resolve_columns(progress=progress)
    assert len(Warehouse(path).resolve_columns().outcomes) > 0
    assert_intact(path)


@pytest.mark.release
def test_other_loads_and_unchanged_files_are_no_replacement(tmp_path: Path) -> None:
    path, folder = tmp_path / "wh.duckdb", make_input(tmp_path / "in", FILES)
    others = iter(sorted((SAMPLES / "environment=dev").rglob("run_results.json"))[:3])

    def progress(done: int, total: int) -> None:
        if other := next(others, None):
            Warehouse(path).load(other)

    report = Warehouse(path).load(folder, progress=progress, settings=IN_SMALL_STEPS)
    assert len(report.loaded) + len(report.unchanged) == FILES
    before = path.read_bytes()
    assert len(Warehouse(path).load(folder).unchanged) == FILES
    assert path.read_bytes() == before
    assert_intact(path)
