"""The public Python names, as a notebook or a pipeline uses them."""

from __future__ import annotations

import gzip
import inspect
import json
import os
import pickle
import shutil
import threading
from pathlib import Path

import duckdb
import pytest
from testdata import SAMPLES

import artifact_warehouse
from artifact_warehouse import LoadReport, Warehouse, errors
from artifact_warehouse.storage import user_queries
from artifact_warehouse.storage.connection import SCHEMA

pytestmark = pytest.mark.slow

NIGHTLY = SAMPLES / "environment=prod" / "job=nightly"
GOOD = NIGHTLY / "2026-11-03_01_build"
RESULTS = GOOD / "run_results.json"
OTHER = NIGHTLY / "2026-11-04_01_build" / "run_results.json"
ORDERS = "model.harbor_cafe.fct_orders"


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small_api") / "small.duckdb"
    Warehouse(path).load(RESULTS)
    return path


@pytest.fixture
def small(small_file: Path, tmp_path: Path) -> Path:
    """A warehouse of one artifact that a test may change."""
    return Path(shutil.copy(small_file, tmp_path / "small.duckdb"))


def test_the_example_of_the_documentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    shutil.copytree(GOOD, tmp_path / "target")
    monkeypatch.chdir(tmp_path)
    with Warehouse("dbt.duckdb") as wh:
        report = wh.load(["target/"], environment="prod", job="nightly")
        assert [len(part) for part in (report.loaded, report.unchanged, report.quarantined)] == [3, 0, 0]
        rates = wh.sql("from v1.test_failure_rates").df()
        assert set(rates["environment"]) == {"prod"} and rates["failure_rate"].max() <= 1
        times = wh.view("node_execution_times").df()
        assert len(times) == len(wh.sql("from v1.node_execution_times").fetchall()) > 0
        ancestors = {row[2] for row in wh.ancestors(ORDERS).fetchall()}
        assert "source.harbor_cafe.pos.orders" in ancestors
        descendants = {row[2] for row in wh.descendants("source.harbor_cafe.pos.orders").fetchall()}
        assert ORDERS in descendants
        assert wh.sql("select distinct job_name from v1.artifacts").fetchall() == [("nightly",)]


def test_the_names_of_the_package() -> None:
    assert artifact_warehouse.__all__ == ["LoadReport", "Warehouse", "__version__", "errors"]
    assert all(hasattr(artifact_warehouse, name) for name in artifact_warehouse.__all__)
    assert dir(artifact_warehouse) == sorted(artifact_warehouse.__all__)
    assert artifact_warehouse.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="nothing"):
        _ = artifact_warehouse.nothing


def test_the_report_has_a_tuple_of_outcomes_each(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    (tmp_path / "package.json").write_text('{"name": "web"}')
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(RESULTS)
        report = wh.load([RESULTS, OTHER, tmp_path / "manifest.json", tmp_path / "package.json"])
    assert isinstance(report, LoadReport)
    parts = (report.loaded, report.unchanged, report.quarantined, report.skipped, report.outcomes)
    assert [type(part) for part in parts] == [tuple] * 5
    assert [len(part) for part in parts] == [1, 1, 1, 1, 4]
    assert str(report) == "loaded 1, unchanged 1, quarantined 1"
    [loaded] = report.loaded
    assert (loaded.uri, loaded.kind, loaded.status, loaded.reason) == (str(OTHER), "run_results", "loaded", None)
    [quarantined] = report.quarantined
    assert quarantined.uri == str(tmp_path / "manifest.json") and quarantined.reason
    assert [outcome.status for outcome in report.outcomes] == ["unchanged", "loaded", "quarantined", "skipped"]
    assert pickle.loads(pickle.dumps(report)) == report


@pytest.mark.parametrize("paths", [str(RESULTS), RESULTS, [RESULTS], (str(RESULTS),), iter([RESULTS])])
def test_paths_are_one_or_many_of_any_kind(tmp_path: Path, paths: object) -> None:
    assert len(Warehouse(os.fspath(tmp_path / "wh.duckdb")).load(paths).loaded) == 1


def test_the_progress_is_told_from_the_first_file_to_the_last(tmp_path: Path) -> None:
    told = []
    Warehouse(tmp_path / "wh.duckdb").load([RESULTS, OTHER], progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 2) and told[-1] == (2, 2)
    assert told == sorted(told)


def test_loading_and_querying_take_turns_in_one_with(tmp_path: Path) -> None:
    count = "SELECT count(*) FROM v1.artifacts"
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        assert wh.sql(count).fetchall() == [(0,)]
        assert len(wh.load(RESULTS).loaded) == 1
        assert wh.sql(count).fetchall() == [(1,)]
        kept = wh.sql(count)
        assert len(wh.load([RESULTS, OTHER]).loaded) == 1
        assert wh.sql(count).fetchall() == [(2,)]
        assert len(wh.load(GOOD).loaded) == 2
        assert wh.verify() == []
        del kept


def test_a_relation_gives_frames_and_arrow(sample_warehouse: Warehouse) -> None:
    pandas = pytest.importorskip("pandas")
    relation = sample_warehouse.view("node_success_rates")
    frame, table = relation.df(), relation.to_arrow_table()
    assert isinstance(frame, pandas.DataFrame)
    assert len(frame) == table.num_rows == len(relation.fetchall()) > 0
    assert list(frame.columns) == table.column_names == relation.columns
    assert str(table.schema.field("last_executed_at").type) == "timestamp[us]"


def test_a_relation_is_worked_on_further(sample_warehouse: Warehouse) -> None:
    relation = sample_warehouse.view("nodes").filter("resource_type = 'seed'").aggregate("count(*) AS seeds")
    assert relation.columns == ["seeds"] and relation.fetchall()[0][0] > 0


def test_a_query_has_parameters(sample_warehouse: Warehouse) -> None:
    query = "SELECT DISTINCT name FROM v1.nodes WHERE unique_id = ?"
    assert sample_warehouse.sql(query, [ORDERS]).fetchall() == [("fct_orders",)]


def test_a_query_sees_no_variable_of_the_callers(sample_warehouse: Warehouse) -> None:
    pandas = pytest.importorskip("pandas")
    mine = pandas.DataFrame({"a": [1]})
    with pytest.raises(errors.QueryFailed, match="mine"):
        sample_warehouse.sql("FROM mine")
    assert len(mine) == 1


@pytest.mark.parametrize("name", ["nodes", "v1.nodes"])
def test_a_view_is_named_with_or_without_its_schema(sample_warehouse: Warehouse, name: str) -> None:
    assert sample_warehouse.view(name).columns[:3] == ["project_name", "environment", "unique_id"]


@pytest.mark.parametrize("name", ["nothing", "ancestors_of", "nodes; drop view v1.nodes", "", "internal.current_nodes"])
def test_a_view_that_is_none_is_an_error_that_names_them(sample_warehouse: Warehouse, name: str) -> None:
    with pytest.raises(errors.UnknownView, match="node_success_rates") as caught:
        sample_warehouse.view(name)
    assert caught.value.name == name and "nodes" in caught.value.known


def test_the_neighbours_of_a_node(sample_warehouse: Warehouse) -> None:
    columns = ["project_name", "environment", "unique_id", "resource_type", "name", "distance"]
    up, down = sample_warehouse.ancestors(ORDERS), sample_warehouse.descendants(ORDERS)
    assert up.columns == down.columns == columns
    in_prod = up.filter("environment = 'prod'").order("distance, name").project("name, distance").fetchall()
    assert in_prod == [
        ("int_order_totals", 1),
        ("stg_orders", 1),
        ("orders", 2),
        ("stg_order_lines", 2),
        ("order_lines", 3),
    ]
    for _, environment, unique_id, _, _, distance in down.fetchall():
        back = sample_warehouse.ancestors(unique_id).filter(f"environment = '{environment}'").fetchall()
        assert (ORDERS, distance) in {(row[2], row[5]) for row in back}
    assert sample_warehouse.ancestors("source.harbor_cafe.pos.orders").fetchall() == []


COLUMN = (ORDERS, "total_eur")


@pytest.mark.parametrize(
    "method, by_id, by_name",
    [
        ("ancestors", (ORDERS,), ("fct_orders",)),
        ("descendants", ("model.harbor_cafe.stg_orders",), ("stg_orders",)),
        ("column_ancestors", COLUMN, ("fct_orders", "TOTAL_EUR")),
        ("column_descendants", COLUMN, ("fct_orders", "total_eur")),
    ],
)
def test_neighbours_are_found_by_name(
    sample_warehouse: Warehouse, method: str, by_id: tuple[str, ...], by_name: tuple[str, ...]
) -> None:
    find = getattr(sample_warehouse, method)
    assert sorted(find(*by_name).fetchall()) == sorted(find(*by_id).fetchall())


@pytest.mark.parametrize("method", ["ancestors", "descendants", "lineage"])
@pytest.mark.parametrize(
    "name, near", [("fct_ordrs", ORDERS), ("model.harbor_cafe.fct_order", ORDERS), ("order_total", "int_order_totals")]
)
def test_a_name_that_no_node_has_is_an_error_with_the_nearest(
    sample_warehouse: Warehouse, method: str, name: str, near: str
) -> None:
    with pytest.raises(errors.UnknownNode, match=near) as caught:
        getattr(sample_warehouse, method)(name)
    assert all(candidate.count(".") >= 2 for candidate in caught.value.candidates)
    with pytest.raises(errors.UnknownNode, match="no node is called 'qqq'"):
        getattr(sample_warehouse, method)("qqq")


@pytest.mark.parametrize("method", ["column_ancestors", "column_descendants"])
def test_a_column_that_is_none_is_an_error_with_the_nearest(sample_warehouse: Warehouse, method: str) -> None:
    with pytest.raises(errors.UnknownColumn, match="total_eur"):
        getattr(sample_warehouse, method)("fct_orders", "totl_eur")
    with pytest.raises(errors.UnknownNode):
        getattr(sample_warehouse, method)("fct_ordrs", "total_eur")


def test_columns_that_were_not_resolved_are_said_so(small: Path) -> None:
    with Warehouse(small) as wh:
        wh.load(GOOD)
        with pytest.raises(errors.NoColumnLineage):
            wh.column_ancestors("fct_orders", "total_eur")


def test_a_node_of_another_project_has_descendants(tmp_path: Path) -> None:
    """Its manifest names the parent without defining it, as with dbt mesh."""
    manifest = json.loads((GOOD / "manifest.json").read_bytes())
    manifest["nodes"][ORDERS]["depends_on"]["nodes"].append("model.upstream.customers")
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path / "manifest.json")
        assert (ORDERS, 1) in {(row[2], row[5]) for row in wh.descendants("model.upstream.customers").fetchall()}
        assert wh.lineage("model.upstream.customers", ["down"]).rows["unique_id"].to_pylist()


def test_methods_have_the_keywords_and_the_documentation_of_what_they_call() -> None:
    for name in ("check", "diagnose", "lineage", "column_lineage", "ancestors", "status", "verify"):
        method = getattr(Warehouse, name)
        assert method.__doc__ and next(iter(inspect.signature(method).parameters)) == "self", name
    keywords = inspect.signature(Warehouse("any").check).parameters
    assert {"max_failure_rate", "max_age", "freshness", "window", "job"} < set(keywords)
    assert "connection" not in keywords
    with pytest.raises(TypeError, match="max_falure_rate"):
        Warehouse("any.duckdb").check(max_falure_rate=0.1)


def test_read_only_changes_no_byte(small: Path) -> None:
    before, folder = (small.read_bytes(), small.stat().st_mtime_ns), list(small.parent.iterdir())
    with Warehouse(small, read_only=True) as wh:
        wh.view("node_executions").fetchall()
        wh.status()
        wh.verify()
        wh.describe_view("nodes")
        wh.view("node_ancestors").fetchall()
        with pytest.raises(errors.UnknownNode):  # there is no manifest
            wh.ancestors("model.harbor_cafe.stg_orders")
        assert wh.pending_changes() == []
        for statement in ("CREATE TABLE mine AS SELECT 1", f"DELETE FROM {SCHEMA}.artifacts", "DROP VIEW v1.nodes"):
            with pytest.raises(errors.QueryFailed, match="read-only"):
                wh.sql(statement)
        with pytest.raises(errors.QueryFailed, match="read-only"):
            wh.load(OTHER)
    assert (small.read_bytes(), small.stat().st_mtime_ns) == before
    assert list(small.parent.iterdir()) == folder


def test_read_only_does_not_migrate(small: Path) -> None:
    with duckdb.connect(str(small)) as connection:
        connection.execute(f"UPDATE {SCHEMA}.meta SET value = 'older' WHERE key = 'views'")
    before = small.read_bytes()
    with Warehouse(small, read_only=True) as wh:
        assert wh.pending_changes() == ["deploy the views of this release"]
        assert wh.view("artifacts").fetchall()
    with Warehouse(small, read_only=True) as wh, pytest.raises(errors.ArtifactWarehouseError, match="read-only"):
        wh.migrate()
    assert small.read_bytes() == before
    with Warehouse(small) as wh:
        assert wh.migrate() == ["deploy the views of this release"]
        assert wh.view("artifacts").fetchall()
    assert small.read_bytes() != before


def test_an_open_warehouse_says_what_is_pending_and_migrates(small: Path) -> None:
    with Warehouse(small) as wh:
        assert wh.view("artifacts").fetchall()
        assert wh.migrate() == []
        assert wh.pending_changes() == []


def test_read_only_makes_no_file(tmp_path: Path) -> None:
    with Warehouse(tmp_path / "wh.duckdb", read_only=True) as wh, pytest.raises(errors.WarehouseNotFound):
        wh.view("nodes")
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_the_with_closes_the_file(small: Path) -> None:
    with Warehouse(small) as wh:
        connection = wh.connection
    with pytest.raises(duckdb.Error):
        connection.execute("SELECT 1")
    with duckdb.connect(str(small), read_only=True) as other:  # in another mode: only when nothing holds it
        assert other.execute("SELECT count(*) FROM v1.artifacts").fetchall() == [(1,)]
    with pytest.raises(ZeroDivisionError), Warehouse(small) as wh:
        wh.view("nodes")
        raise ZeroDivisionError
    duckdb.connect(str(small), read_only=True).close()


def test_closing_twice_and_opening_again(small: Path) -> None:
    wh = Warehouse(small)
    wh.close()
    assert wh.sql("SELECT 1").fetchall() == [(1,)]
    wh.close()
    wh.close()
    assert wh.sql("SELECT 2").fetchall() == [(2,)]
    wh.close()


def test_a_warehouse_that_was_only_made_touches_nothing(tmp_path: Path) -> None:
    with Warehouse(tmp_path / "wh.duckdb"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_two_warehouses_on_one_file(small: Path) -> None:
    with Warehouse(small) as one, Warehouse(small) as two:
        assert one.view("artifacts").fetchall() == two.view("artifacts").fetchall()
        assert len(two.load(OTHER).loaded) == 1
        assert len(one.view("artifacts").fetchall()) == len(two.view("artifacts").fetchall()) == 2
        assert len(one.load([OTHER, RESULTS]).unchanged) == 2
    with Warehouse(small, read_only=True) as one, Warehouse(small, read_only=True) as two:
        assert one.view("artifacts").fetchall() == two.view("artifacts").fetchall()


def test_two_warehouses_on_a_file_that_one_of_them_makes(tmp_path: Path) -> None:
    with Warehouse(tmp_path / "wh.duckdb") as one, Warehouse(tmp_path / "wh.duckdb") as two:
        assert one.view("artifacts").fetchall() == []
        assert len(two.load(RESULTS).loaded) == 1
        assert len(one.view("artifacts").fetchall()) == len(two.view("artifacts").fetchall()) == 1


def test_a_file_that_is_open_in_another_mode_is_said_so(small: Path) -> None:
    with Warehouse(small) as writer, Warehouse(small, read_only=True) as reader:
        writer.view("artifacts")
        with pytest.raises(errors.WarehouseLocked, match="in this process") as caught:
            reader.view("artifacts")
        assert caught.value.path == str(small)
    assert isinstance(caught.value, errors.WarehouseError)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("first", ["Warehouse", "duckdb"])
def test_a_plain_connection_of_the_same_process(small: Path, first: str, read_only: bool) -> None:
    """As notebooks and query builders open the file, in either order."""
    query = "SELECT count(*) FROM v1.node_executions"
    with Warehouse(small, read_only=read_only) as wh:
        if first == "Warehouse":
            wh.sql(query).fetchall()
        with duckdb.connect(str(small), read_only=read_only) as plain:
            settings = "FROM duckdb_settings() WHERE name <> 'disabled_optimizers'"  # loses_matches says why
            before = plain.execute(settings).fetchall()
            assert wh.sql(query).fetchall() == plain.execute(query).fetchall() != [(0,)]
            assert plain.execute(settings).fetchall() == before or first == "Warehouse"
            zone = "SELECT current_setting('TimeZone')"
            assert wh.sql(zone).fetchall() == [("UTC",)]
        assert wh.sql(query).fetchall() != [(0,)]


def test_a_connection_with_its_own_configuration_is_said_so(small: Path) -> None:
    with (
        duckdb.connect(str(small), read_only=True, config={"custom_user_agent": "mine"}),
        Warehouse(small, read_only=True) as wh,
        pytest.raises(errors.WarehouseLocked, match="another configuration"),
    ):
        wh.view("nodes")


MISTAKEN = {
    "run_results.json": (b'{"metadata": {}}', "JSON"),
    "list": (b" \xef\xbb\xbf\n[1]", "JSON"),
    "x.jsonl": (b'{"a": 1}\n{"a": 2}\n', "JSON"),
    "bom.json": (b'\xef\xbb\xbf{"metadata": {}}', "JSON"),
    "x.parquet": (b"PAR1" + bytes(100), "Parquet"),
    "x.json.gz": (gzip.compress(b"{}"), "compressed"),
    "x.zip": (b"PK\x03\x04" + bytes(100), "archive"),
    "x.csv": (b"a,b\n1,2\n", "not a DuckDB file"),
    "x.txt": (b"hello", "not a DuckDB file"),
    "x.db": (b"SQLite format 3\x00" + bytes(4080), "not a DuckDB file"),
}


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("name", MISTAKEN)
def test_another_file_in_the_place_of_the_warehouse_is_named(tmp_path: Path, name: str, read_only: bool) -> None:
    content, words = MISTAKEN[name]
    (tmp_path / name).write_bytes(content)
    with (
        Warehouse(tmp_path / name, read_only=read_only) as wh,
        pytest.raises(errors.NotAWarehouse, match=words) as caught,
    ):
        wh.status()
    assert "memory" not in str(caught.value)
    assert ("did you mean `load" in str(caught.value)) == (words != "not a DuckDB file")
    assert (tmp_path / name).read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_new_file_is_readable_by_older_releases_of_duckdb(small: Path) -> None:
    with duckdb.connect(str(small), read_only=True) as connection:
        [(tags,)] = connection.execute(
            "SELECT tags FROM duckdb_databases() WHERE database_name = current_database()"
        ).fetchall()
    assert str(tags["storage_version"]).startswith("v1.")


def test_a_query_that_fails_is_the_packages_error(sample_warehouse: Warehouse) -> None:
    for query in ("SELEC 1", "FROM v1.nothing", "SELECT nothing FROM v1.nodes"):
        with pytest.raises(errors.QueryFailed) as caught:
            sample_warehouse.sql(query)
        assert isinstance(caught.value.__cause__, duckdb.Error)


EXAMPLES = {
    errors.UnknownLabel: ("environment", "prd", ("dev", "prod")),
    errors.QuarantinedArtifacts: ((("a.json", "is empty"), ("b.json", "is cut off")),),
    errors.QueryFailed: ("Parser Error: x",),
    errors.InvalidSqlFile: ("a.sql: x",),
    errors.UnknownView: ("nodez", ("nodes", "tests")),
    errors.UnknownNode: ("orders", ("model.a.orders", "model.b.orders")),
    errors.UnknownColumn: ("model.a.orders", "amout", ("amount",)),
    errors.NoColumnLineage: ("model.a.orders",),
}


def every_error() -> list[type[errors.ArtifactWarehouseError]]:
    classes = [c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, Exception)]
    return sorted(classes, key=lambda c: c.__name__)


@pytest.mark.parametrize("kind", every_error())
def test_errors_survive_pickling(kind: type[errors.ArtifactWarehouseError]) -> None:
    assert issubclass(kind, errors.ArtifactWarehouseError)
    error = kind(*EXAMPLES.get(kind, ("some/path", "the reason")))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))
        assert type(again) is kind
        assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))
    assert str(error)


def test_a_warehouse_says_what_is_in_it_and_touches_nothing(sample_warehouse: Warehouse, tmp_path: Path) -> None:
    assert repr(Warehouse(sample_warehouse.path, read_only=True)).splitlines()[1:] == [
        "  harbor_cafe dev: 3 runs, the last at 2026-11-06 15:00 UTC",
        "  harbor_cafe prod: 20 runs, the last at 2026-11-08 10:00 UTC",
    ]
    missing = tmp_path / "missing.duckdb"
    assert "there is no such warehouse" in repr(Warehouse(missing))
    assert not missing.exists()
    (broken := tmp_path / "broken.duckdb").write_text("no database")
    assert str(broken) in repr(Warehouse(broken)) and broken.read_text() == "no database"


def test_a_query_that_duckdb_does_not_end_ends_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of Python's is not interrupted."""
    monkeypatch.setattr(user_queries, "_LONGEST_END_SECONDS", 0.2)
    may_end, others = threading.Event(), {*threading.enumerate()}

    def wait(x: int) -> int:
        may_end.wait(60)
        return x

    path = tmp_path / "wh.duckdb"
    Warehouse(path).migrate()
    with Warehouse(path) as wh:
        wh.connection.create_function("wait", wait, ["BIGINT"], "BIGINT")
        with pytest.raises(errors.QueryStuck, match="does not end the query"):
            wh.query("select wait(1)", timeout=0.1)
        may_end.set()
        for thread in {*threading.enumerate()} - others:
            thread.join()
