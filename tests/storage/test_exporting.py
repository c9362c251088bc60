"""An export and its import lose nothing: every table and every view answers as before."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from commandline import run
from testdata import Loaded

from artifact_warehouse import Warehouse
from artifact_warehouse.errors import WarehouseError
from artifact_warehouse.schema import TABLES
from artifact_warehouse.storage import deployed_files

pytestmark = pytest.mark.slow

DIFFERENT = "SELECT count(*) FROM (FROM a.{0} EXCEPT ALL FROM b.{0} UNION ALL (FROM b.{0} EXCEPT ALL FROM a.{0}))"
VIEWS = [file.full_name for file in deployed_files() if file.kind == "view"]
SOME_VIEWS = ["v1.artifacts", "v1.node_executions", "v1.nodes", "v1.definitions", "v1.node_execution_times"]


def transferred(source: Path, folder: Path) -> Path:
    """The import of an export, by the command line."""
    copy = folder / "copy.duckdb"
    assert run("export", source, folder / "exported").exit_code == 0
    assert run("import", copy, folder / "exported").exit_code == 0
    return copy


def different(one: Path, other: Path, names: list[str]) -> list[str]:
    with duckdb.connect() as connection:
        connection.execute("SET disabled_optimizers = 'common_subplan'")
        connection.execute(f"ATTACH '{one}' AS a (READ_ONLY); ATTACH '{other}' AS b (READ_ONLY)")
        counts = {}
        for name in names:
            for side in ("a", "b"):
                connection.execute(f"USE {side}; CREATE OR REPLACE TEMP TABLE {side}_rows AS FROM {name}")
            query = DIFFERENT.format("rows").replace("a.rows", "a_rows").replace("b.rows", "b_rows")
            counts[name] = connection.execute(query).fetchall()
        return [name for name, found in counts.items() if found != [(0,)]]


def test_an_import_of_an_export_is_equal(sample_warehouse: Warehouse, tmp_path: Path) -> None:
    copy = transferred(sample_warehouse.path, tmp_path)
    assert different(sample_warehouse.path, copy, [*(f"stored.{table.name}" for table in TABLES), *SOME_VIEWS]) == []
    with Warehouse(copy, read_only=True) as wh:
        [(with_rows,)] = wh.sql("SELECT count(*) FROM stored.node_executions").fetchall()
    assert with_rows == duckdb.read_parquet(f"{tmp_path}/exported/node_executions.parquet").count("*").fetchall()[0][0]


@pytest.mark.release
def test_an_import_of_an_export_answers_every_view_as_before(loaded: Loaded, tmp_path: Path) -> None:
    copy = transferred(loaded.warehouse.path, tmp_path)
    assert different(loaded.warehouse.path, copy, VIEWS) == []
    with Warehouse(copy, read_only=True) as wh:
        assert wh.verify() == []


@pytest.mark.release
def test_a_pruned_warehouse_with_alerts_keeps_what_it_knows(sample_warehouse: Warehouse, tmp_path: Path) -> None:
    """What no artifact tells any more: rolled-up results, told events, and since when a channel is told."""
    source = sample_warehouse.copy(tmp_path / "wh.duckdb")
    with Warehouse(source) as wh:
        assert wh.prune(wh.sql("SELECT max(generated_at) FROM v1.artifacts").fetchall()[0][0], dry_run=False)
        wh.connection.execute("INSERT OR REPLACE INTO stored.meta VALUES ('alerts_since:team', '2026-01-01')")
        wh.connection.execute("INSERT INTO stored.alert_events (event_key, channel) VALUES ('e', 'team')")
    copy = transferred(source, tmp_path)
    assert different(source, copy, [*(f"stored.{table.name}" for table in TABLES), "v1.artifacts"]) == []
    with Warehouse(copy, read_only=True) as wh:
        assert wh.sql("SELECT value FROM stored.meta WHERE key = 'alerts_since:team'").fetchall() == [("2026-01-01",)]


def test_nothing_is_overwritten_or_half_imported(sample_warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="has files already"):
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "note.txt").touch()
        sample_warehouse.export(tmp_path / "full")
    sample_warehouse.export(tmp_path / "exported")
    with pytest.raises(WarehouseError, match="has artifacts already"):
        Warehouse(sample_warehouse.copy(tmp_path / "other.duckdb")).import_tables(tmp_path / "exported")
    for name, damage, words in (
        ("node_executions", Path.unlink, "No files found"),
        ("node_executions", lambda file: file.write_bytes(b"PAR1"), "cannot be read"),
        ("node_executions", lambda file: shutil.copy(file.with_name("empty"), file), r"has 0 of \d{3} rows"),
        ("meta", lambda file: file.write_bytes(b"PAR1"), "cannot be read"),
    ):
        folder = Path(shutil.copytree(tmp_path / "exported", tmp_path / "damaged"))
        duckdb.read_parquet(f"{folder}/node_executions.parquet").limit(0).write_parquet(f"{folder}/empty")
        damage(folder / f"{name}.parquet")
        with pytest.raises(WarehouseError, match=words):
            Warehouse(tmp_path / "partly.duckdb").import_tables(folder)
        shutil.rmtree(folder)
    Warehouse(tmp_path / "partly.duckdb").import_tables(tmp_path / "exported")
    (tmp_path / "exported" / "meta.parquet").unlink()
    with pytest.raises(WarehouseError, match="not a finished export"):
        Warehouse(tmp_path / "new.duckdb").import_tables(tmp_path / "exported")
    assert not (tmp_path / "new.duckdb").exists()
