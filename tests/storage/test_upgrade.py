"""A warehouse of every released format opens, is brought up to date at once, and equals a fresh load."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import zstandard
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.errors import WarehouseTooOld
from artifact_warehouse.storage import views

pytestmark = pytest.mark.slow

FORMATS = sorted((Path(__file__).parent / "formats").glob("*.duckdb.zst"))
RUNS = sorted(SAMPLES.glob("*/*/2026-11-0[12]*"))
DIFFERS = {"artifacts": ("uri", "loaded_at")}
"""What depends on where and when a file was loaded."""


@pytest.fixture(params=FORMATS, ids=lambda file: file.name.split(".")[0])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "old.duckdb"
    path.write_bytes(zstandard.ZstdDecompressor().decompress(request.param.read_bytes()))
    return path


def answers(path: Path) -> dict[str, list[str]]:
    """All rows of all views, as sorted texts."""
    found = {}
    with Warehouse(path, read_only=True) as wh:
        for view in views.public_views():
            if view.kind == "view":
                columns = [c for c in wh.view(view.name).columns if c not in DIFFERS.get(view.name, ())]
                found[view.name] = sorted(
                    map(str, wh.sql(f"SELECT {', '.join(columns)} FROM {view.full_name}").fetchall())
                )
    return found


def everything(path: Path) -> list[tuple]:
    """Names, texts and counts: enough to tell whether anything was changed."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.sql("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'stored'").fetchall()
        counts = [
            (name, *connection.sql(f"SELECT count(*) FROM stored.{name}").fetchall()) for (name,) in sorted(tables)
        ]
        objects = connection.sql("SELECT view_name, sql, comment FROM duckdb_views() WHERE NOT internal").fetchall()
        columns = connection.sql("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal").fetchall()
        meta = connection.sql("FROM stored.meta").fetchall()
    return [counts, sorted(map(str, objects)), sorted(columns), sorted(meta)]


def test_every_released_format_has_a_file() -> None:
    assert [file.name for file in FORMATS] == ["format_1.duckdb.zst"]


@pytest.mark.release
def test_an_old_warehouse_equals_a_fresh_load(old: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.duckdb"
    Warehouse(fresh).load(RUNS)
    with pytest.raises(WarehouseTooOld, match="migrate"):
        Warehouse(old, read_only=True).view("nodes")
    assert Warehouse(old).migrate()
    assert answers(old) == answers(fresh)
    assert Warehouse(old).migrate() == []
    with Warehouse(old, read_only=True) as wh:
        assert wh.verify() == []


@pytest.mark.release
def test_an_old_warehouse_is_loaded_into_as_if_it_were_new(
    old: Path, tmp_path: Path, sample_warehouse: Warehouse
) -> None:
    """The load itself brings it up to date; what it has is not loaded again."""
    with duckdb.connect(str(old), read_only=True) as connection:
        [(there,)] = connection.sql("SELECT count(*) FROM stored.artifacts").fetchall()
    [(all_,)] = sample_warehouse.sql("SELECT count(*) FROM v1.artifacts").fetchall()
    assert len(Warehouse(old).load(SAMPLES, columns=True).loaded) == all_ - there
    assert answers(old) == answers(sample_warehouse.path)


@pytest.mark.parametrize("place", [20, *release_only(0, 1, -1)])
def test_an_upgrade_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """At the first view, among them, and after the last one."""
    before = everything(old)
    files = [*views.sql_files.sql_files()]
    broken = files[place].__class__(**{**vars(files[place]), "sql": f"{files[place].sql}; SELECT no_such_column"})
    with monkeypatch.context() as patched:
        patched.setattr(views.sql_files, "sql_files", lambda: (*files[:place], broken, *files[place:][1:]))
        with pytest.raises(duckdb.BinderException):
            Warehouse(old).migrate()
    assert everything(old) == before
    assert Warehouse(old).migrate()
