"""The file: its format, its version, its locks, and what a failed write leaves behind."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from disturbed import assert_intact
from testdata import SAMPLES

from artifact_warehouse import Warehouse, errors
from artifact_warehouse.load import batches, loader
from artifact_warehouse.schema import tables
from artifact_warehouse.storage import writer

pytestmark = pytest.mark.slow

RUN = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-05_01_build"

HOLDER = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


def hold(path: Path, seconds: float) -> subprocess.Popen[str]:
    """A process that holds the file for a while."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_file_is_written_in_a_storage_version_that_old_releases_read(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN)
    with duckdb.connect(str(path), read_only=True) as connection:
        [(tags,)] = connection.execute(
            "SELECT tags FROM duckdb_databases() WHERE database_name = current_database()"
        ).fetchall()
    assert tags["storage_version"].startswith("v1.3.0")


def test_every_table_has_the_columns_that_are_declared(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).migrate()
    with duckdb.connect(str(path), read_only=True) as connection:
        live = connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'stored' "
            "AND table_name <> 'meta' ORDER BY table_name, column_index"
        ).fetchall()
    declared = [(table.name, c.name, c.type) for table in tables.TABLES for c in table.columns]
    assert live == sorted(declared, key=lambda row: row[0])


@pytest.mark.release
def test_an_older_file_gets_the_columns_and_views_that_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN)
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP VIEW v1.invocations")
        connection.execute("ALTER TABLE stored.node_executions DROP COLUMN query_id")
        connection.execute("UPDATE stored.meta SET value = 'older' WHERE key = 'views'")
    pending = ["add column stored.node_executions.query_id VARCHAR", "deploy the views of this release"]
    assert Warehouse(path).pending_changes() == pending
    assert Warehouse(path).migrate() == pending
    assert Warehouse(path).pending_changes() == []
    with Warehouse(path, read_only=True) as wh:
        assert wh.verify() == []
        assert wh.sql("SELECT count(*) FROM v1.invocations").fetchall() == [(1,)]


def test_an_older_file_loses_its_key(tmp_path: Path) -> None:
    """Its index, which every load wrote anew."""
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN)
    with duckdb.connect(str(path)) as connection:
        before = connection.sql("FROM stored.artifacts ORDER BY artifact_key").fetchall()
        connection.execute("ALTER TABLE stored.artifacts ADD PRIMARY KEY (artifact_key)")
        connection.execute("UPDATE stored.meta SET value = 'older' WHERE key = 'views'")
    pending = ["drop the primary key of stored.artifacts", "deploy the views of this release"]
    assert Warehouse(path).migrate() == pending
    with duckdb.connect(str(path)) as connection:
        assert connection.sql("FROM stored.artifacts ORDER BY artifact_key").fetchall() == before
        keys = "FROM duckdb_constraints() WHERE table_name <> 'meta' AND constraint_type = 'PRIMARY KEY'"
        assert connection.sql(keys).fetchall() == []
        [(comments,)] = connection.sql(
            "SELECT count(comment) FROM duckdb_columns() WHERE schema_name = 'stored' AND table_name = 'artifacts'"
        ).fetchall()
        assert comments == len(tables.ARTIFACTS.columns)


def test_a_load_migrates_an_older_file(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN / "manifest.json")
    with duckdb.connect(str(path)) as connection:
        connection.execute("ALTER TABLE stored.invocations DROP COLUMN selection")
    Warehouse(path).load(RUN)
    with Warehouse(path, read_only=True) as wh:
        assert wh.verify() == []


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).migrate()
    with duckdb.connect(str(path)) as connection:
        newer = str(tables.FORMAT_VERSION + 1)
        connection.execute("UPDATE stored.meta SET value = ? WHERE key = 'format_version'", [newer])
    content = path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(errors.WarehouseTooNew, match="upgrade artifact-warehouse"):
            Warehouse(path, read_only=read_only).sql("SELECT 1")
    with pytest.raises(errors.WarehouseTooNew):
        Warehouse(path).load(RUN)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["v1.duckdb", "stored.db", "internal"])
def test_a_file_must_not_be_called_like_a_schema(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.WarehouseError, match="another name"):
        Warehouse(tmp_path / name).load(RUN)


def test_a_locked_warehouse_names_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).migrate()
    holder = hold(path, 30)
    try:
        for read_only in (True, False):
            with pytest.raises(errors.WarehouseLocked, match=str(holder.pid)):
                Warehouse(path, read_only=read_only).sql("SELECT 1")
    finally:
        holder.kill()
        holder.wait()


def test_a_load_waits_for_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).migrate()
    holder = hold(path, 1.0)
    assert len(Warehouse(path, wait=30).load(RUN).loaded) > 0
    assert holder.wait() == 0


def test_the_warehouse_is_free_while_a_load_parses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse before lock: another process may write between the moments in which a load does.

    A packed file, as a small one that is not packed is parsed while the load holds the warehouse.
    """
    path, packed = tmp_path / "wh.duckdb", tmp_path / "run_results.json.gz"
    packed.write_bytes(gzip.compress((RUN / "run_results.json").read_bytes()))
    Warehouse(path).migrate()
    one, seen = batches.Flattener._flatten, []

    def digest_while_another_process_writes(*arguments, **options):
        with hold(path, 0) as other:
            seen.append(other.wait())
        return one(*arguments, **options)

    monkeypatch.setattr(batches.Flattener, "_flatten", digest_while_another_process_writes)
    Warehouse(path, wait=30).load(packed)
    assert seen == [0]


def test_another_loader_that_was_faster_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).migrate()
    write = loader.write

    def write_after_another(connection, digests, uris, last_prune):
        monkeypatch.setattr(loader, "write", write)
        write(connection, [dict(digest) for digest in digests], uris, last_prune)
        return write(connection, digests, uris, last_prune)

    monkeypatch.setattr(loader, "write", write_after_another)
    Warehouse(path).load(RUN)
    assert_intact(path)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN / "manifest.json")
    settle = writer.settle_new

    def fail(connection):
        settle(connection)
        raise RuntimeError("the power went out")

    monkeypatch.setattr(writer, "settle_new", fail)
    with pytest.raises(RuntimeError):
        Warehouse(path).load(RUN)
    monkeypatch.setattr(writer, "settle_new", settle)
    with Warehouse(path, read_only=True) as wh:
        assert wh.sql("SELECT kind FROM v1.artifacts").fetchall() == [("manifest",)]
    assert_intact(path)
    assert {o.kind for o in Warehouse(path).load(RUN).loaded} == {"run_results", "semantic_manifest"}


@pytest.mark.release
def test_several_loaders_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    program = "import sys; from artifact_warehouse import Warehouse; Warehouse(sys.argv[1], wait=120).load(sys.argv[2])"
    loaders = [
        subprocess.Popen([sys.executable, "-c", program, str(path), str(folder)])
        for folder in (SAMPLES, SAMPLES / "environment=prod", SAMPLES / "environment=dev", SAMPLES)
    ]
    assert [loader.wait() for loader in loaders] == [0] * 4
    Warehouse(tmp_path / "alone.duckdb").load(SAMPLES)
    query = "SELECT * EXCLUDE (loaded_at) FROM v1.artifacts ORDER BY ALL"
    with Warehouse(path, read_only=True) as wh, Warehouse(tmp_path / "alone.duckdb", read_only=True) as alone:
        assert wh.sql(query).fetchall() == alone.sql(query).fetchall()
    assert_intact(path)


def test_loaders_in_threads_of_one_process(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).migrate()
    folders = sorted(SAMPLES.glob("*/*/2026-11-0[1-4]*"))
    threads = [threading.Thread(target=Warehouse(path, wait=60).load, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_intact(path)
    with Warehouse(path, read_only=True) as wh:
        assert wh.sql("SELECT count(DISTINCT invocation_id) FROM v1.artifacts").fetchall() == [(len(folders),)]


def described(path: Path) -> list[tuple]:
    """Every column of the public views, with its type and comment, and the comments of views and macros."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            "SELECT table_name, column_index, column_name, data_type, comment FROM duckdb_columns() "
            "WHERE schema_name = 'v1' UNION ALL "
            "SELECT view_name, NULL, sql, NULL, comment FROM duckdb_views() WHERE schema_name = 'v1' UNION ALL "
            "SELECT function_name, NULL, macro_definition, NULL, comment FROM duckdb_functions() "
            "WHERE schema_name = 'v1' ORDER BY ALL"
        ).fetchall()


FIRST_VIEWS = {
    *("artifacts", "invocations", "node_executions", "batch_executions", "run_success_rates", "node_success_rates"),
    *("node_execution_times", "test_failure_rates", "snapshot_changes", "nodes", "tests", "node_edges"),
    "node_ancestors",
}


def test_views_over_an_older_warehouse_equal_those_of_a_new_one(tmp_path: Path) -> None:
    """A file that has the first views only, in the words of then, gets all of today's, comment for comment."""
    old, new = tmp_path / "old.duckdb", tmp_path / "new.duckdb"
    for path in (old, new):
        Warehouse(path).load(RUN)
    with duckdb.connect(str(old)) as connection:
        for (view,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = 'v1'").fetchall():
            if view not in FIRST_VIEWS:
                connection.execute(f"DROP VIEW v1.{view}")
        connection.execute("COMMENT ON VIEW v1.nodes IS 'An older comment.'")
        connection.execute("CREATE OR REPLACE VIEW v1.snapshot_changes AS SELECT 1 AS invocation_id")
        connection.execute("DROP MACRO TABLE v1.ancestors_at")
        connection.execute("UPDATE stored.meta SET value = 'older' WHERE key = 'views'")
    assert described(old) != described(new)
    Warehouse(old).migrate()
    assert described(old) == described(new)
