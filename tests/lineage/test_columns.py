"""`columns`: where every column comes from, over all history, whatever the order of loading and of running it."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import builders
import networkx as nx
import pytest
from commandline import run
from disturbed import assert_intact
from testdata import SAMPLES, Loaded, release_only

from artifact_warehouse import Warehouse, errors
from artifact_warehouse.lineage import resolve_columns
from artifact_warehouse.storage import WarehouseFile

pytestmark = pytest.mark.slow

VIEWS = ("column_edges", "column_uses", "column_lineage_coverage")
LINEAGES = ("column_lineages", "column_edges", "column_uses")
Sql = dict[str, Any]


def node(name: str, sql: str | None, *parents: str, **fields: Any) -> Sql:
    """A model as a manifest has it; `fields` replace what it has."""
    resource_type = fields.get("resource_type", "model")
    made = {
        "unique_id": f"{resource_type}.shop.{name}",
        "resource_type": resource_type,
        "package_name": "shop",
        "name": name,
        "alias": name,
        "database": "wh",
        "schema": "main",
        "relation_name": f'"wh"."main"."{name}"',
        "config": {"materialized": fields.pop("materialized", "table")},
        "compiled": sql is not None,
        "depends_on": {"nodes": list(parents)},
        "columns": {column: {"name": column} for column in fields.pop("declared", ())},
        **fields,
    }
    return made if sql is None else {**made, "compiled_code": sql}


def source(name: str, **fields: Any) -> Sql:
    return node(name, None, resource_type="source", source_name="raw", identifier=name, schema="raw", **fields)


def write_manifest(folder: Path, at: str, nodes: Iterable[Sql], adapter: str = "duckdb") -> Path:
    ids = {"generated_at": f"{at}Z", "invocation_id": f"manifest-{at}"}
    fields = {**ids, "project_name": "shop", "adapter_type": adapter}
    content = builders.manifest({entry["unique_id"]: entry for entry in nodes}, fields)
    return builders.write(folder, "manifest", content)


def write_catalog(folder: Path, at: str, relations: dict[str, dict[str, str]]) -> Path:
    """`relations` maps unique_ids to columns and their types."""
    entries = {
        unique_id: {
            "unique_id": unique_id,
            "metadata": {"type": "BASE TABLE", "schema": "main", "name": unique_id.rpartition(".")[2]},
            "columns": {
                name: {"name": name, "type": type_, "index": index}
                for index, (name, type_) in enumerate(relation.items(), start=1)
            },
            "stats": {},
        }
        for unique_id, relation in relations.items()
    }
    sources = {unique_id: entry for unique_id, entry in entries.items() if unique_id.startswith("source.")}
    nodes = {unique_id: entry for unique_id, entry in entries.items() if unique_id not in sources}
    fields = {"generated_at": f"{at}Z", "invocation_id": f"catalog-{at}"}
    return builders.write(folder, "catalog", builders.artifact("catalog", fields, nodes=nodes, sources=sources))


ORDERS = "source.shop.orders"
CHAIN = (
    source("orders", declared=("id", "amount", "status")),
    node("stg_orders", "select id as order_id, amount, status from wh.raw.orders", ORDERS),
    node("facts", "select sum(amount) as total from wh.main.stg_orders where status = 'paid'", "model.shop.stg_orders"),
)


@pytest.fixture
def resolved(tmp_path: Path) -> Callable[..., Warehouse]:
    """Loads files into one warehouse, resolves their columns, and opens it for reading."""

    def make(*files: Path) -> Warehouse:
        path = tmp_path / "wh.duckdb"
        Warehouse(path).load(files, project="shop", columns=True)
        return Warehouse(path, read_only=True)

    return make


def edges(wh: Warehouse) -> set[tuple[str, str]]:
    """(from, to), each as name.column."""
    rows = wh.sql("SELECT from_unique_id, from_column, to_unique_id, to_column FROM v1.column_edges").fetchall()
    return {(f"{a.rpartition('.')[2]}.{b}", f"{c.rpartition('.')[2]}.{d}") for a, b, c, d in rows}


def coverage(wh: Warehouse, name: str) -> dict[str, Any]:
    rows = wh.sql("FROM v1.column_lineage_coverage WHERE unique_id LIKE ?", [f"%.{name}"]).to_arrow_table().to_pylist()
    assert len(rows) == 1
    return dict(rows[0])


def answers(path: Path, views: Iterable[str] = VIEWS) -> dict[str, list[str]]:
    with Warehouse(path, read_only=True) as wh:
        return {view: sorted(map(str, wh.view(view).fetchall())) for view in views}


def stored(path: Path, tables: Iterable[str]) -> dict[str, list[str]]:
    with Warehouse(path, read_only=True) as wh:
        return {table: sorted(map(str, wh.sql(f"FROM stored.{table}").fetchall())) for table in tables}


def history(path: Path) -> list[str]:
    """The edges of every manifest that was ever current, as of its own time."""
    with Warehouse(path, read_only=True) as wh:
        rows = []
        for key, time in wh.sql("SELECT artifact_key, valid_from FROM internal.manifest_periods").fetchall():
            edges_ = f"FROM internal.column_edges_at(TIMESTAMP '{time}') WHERE artifact_key = ?"
            rows += map(str, wh.sql(edges_, [key]).fetchall())
        return sorted(rows)


# What is resolved, and what is said of the rest


def test_columns_flow_and_shape_through_a_project_without_a_catalog(tmp_path: Path, resolved: Callable) -> None:
    with resolved(write_manifest(tmp_path, "2026-11-01T06:00:00", CHAIN)) as wh:
        assert edges(wh) == {
            ("orders.id", "stg_orders.order_id"),
            ("orders.amount", "stg_orders.amount"),
            ("orders.status", "stg_orders.status"),
            ("stg_orders.amount", "facts.total"),
        }
        uses = wh.sql("SELECT from_column, to_unique_id, kind FROM v1.column_uses").fetchall()
        assert uses == [("status", "model.shop.facts", "filter")]
        above = wh.column_ancestors("model.shop.facts", "TOTAL").fetchall()
        assert {(row[2], row[3], row[4]) for row in above} == {
            ("model.shop.stg_orders", "amount", 1),
            (ORDERS, "amount", 2),
        }
        assert wh.column_descendants(ORDERS, "status").fetchall()[0][3] == "status"
        assert wh.verify() == []


def test_every_node_has_its_status_and_reason(tmp_path: Path, resolved: Callable) -> None:
    nodes = (
        source("orders"),
        node("good", "select 1 as one", declared=("one",)),
        node("open", "select *, 1 as extra from wh.raw.orders", ORDERS),
        node("unread", "select ) from (", "model.shop.good", declared=("one", "other")),
        node("later", None, "model.shop.good", declared=("one",)),
        node("snake", "def model(dbt, session): ...", "model.shop.good", language="python", declared=("one",)),
        node("numbers", None, resource_type="seed", materialized="seed", declared=("n",)),
        node("missing", "select one from wh.main.good", "model.shop.good"),
    )
    catalog = {"model.shop.missing": {"one": "INTEGER", "two": "INTEGER"}}
    at = "2026-11-01T06:00:00"
    with resolved(write_manifest(tmp_path, at, nodes), write_catalog(tmp_path, at, catalog)) as wh:
        statuses = dict(wh.sql("SELECT unique_id, status FROM v1.column_lineage_coverage").fetchall())
        assert {unique_id.rpartition(".")[2]: status for unique_id, status in statuses.items()} == {
            "good": "resolved",
            "open": "partial",
            "unread": "failed",
            "later": "not_compiled",
            "snake": "not_sql",
            "numbers": "not_sql",
            "missing": "partial",
        }
        assert "unknown columns" in coverage(wh, "open")["error"]
        assert coverage(wh, "unread")["error"]
        missing = coverage(wh, "missing")
        assert (missing["resolved_count"], missing["column_count"], missing["unresolved_columns"]) == (1, 2, ["two"])
        by_name = wh.sql(
            "SELECT from_column, confidence, method FROM v1.column_edges WHERE to_unique_id LIKE '%unread'"
        )
        assert by_name.fetchall() == [("one", 0.3, "name")]


def test_a_snapshots_own_columns_come_from_nowhere(tmp_path: Path, resolved: Callable) -> None:
    nodes = (*CHAIN, node("history", "select id from wh.raw.orders", ORDERS, resource_type="snapshot"))
    dbts = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted")
    catalog = {"snapshot.shop.history": dict.fromkeys(("id", *dbts), "VARCHAR")}
    at = "2026-11-01T06:00:00"
    with resolved(write_manifest(tmp_path, at, nodes), write_catalog(tmp_path, at, catalog)) as wh:
        found = coverage(wh, "history")
        assert (found["status"], found["column_count"], found["resolved_count"]) == ("resolved", 6, 6)
        assert {edge for edge in edges(wh) if edge[1].startswith("history")} == {("orders.id", "history.id")}


def test_an_incremental_model_reads_itself_and_searches_end(tmp_path: Path, resolved: Callable) -> None:
    sql = (
        "select s.amount + coalesce((select max(t.amount) from wh.main.running as t), 0) as amount "
        "from wh.main.stg_orders as s"
    )
    running = node("running", sql, "model.shop.stg_orders", materialized="incremental", declared=("amount",))
    with resolved(write_manifest(tmp_path, "2026-11-01T06:00:00", (*CHAIN, running))) as wh:
        assert ("running.amount", "running.amount") in edges(wh)
        above = wh.column_ancestors("model.shop.running", "amount").fetchall()
        assert {row[2] for row in above} == {"model.shop.stg_orders", ORDERS}


def test_an_ephemeral_model_is_a_node_of_its_own(tmp_path: Path, resolved: Callable) -> None:
    body = "select amount as cents from wh.raw.orders"
    nodes = (
        source("orders", declared=("amount",)),
        node("cents", body, ORDERS, materialized="ephemeral", relation_name=None),
        node(
            "reader",
            f"with __dbt__cte__cents as ({body}) select cents / 100 as euros from __dbt__cte__cents",
            "model.shop.cents",
        ),
    )
    with resolved(write_manifest(tmp_path, "2026-11-01T06:00:00", nodes)) as wh:
        assert edges(wh) == {("orders.amount", "cents.cents"), ("cents.cents", "reader.euros")}


def test_a_name_in_code_stands_for_the_node_that_has_it(tmp_path: Path, resolved: Callable) -> None:
    nodes = (
        *CHAIN,
        node("outside", 'select a.total, b.x from "WH"."Main".FACTS as a cross join elsewhere.things as b'),
    )
    with resolved(write_manifest(tmp_path, "2026-11-01T06:00:00", nodes)) as wh:
        rows = wh.sql("SELECT from_unique_id FROM v1.column_edges WHERE to_unique_id LIKE '%outside' ORDER BY ALL")
        assert rows.fetchall() == [("elsewhere.things",), ("model.shop.facts",)]
        below = wh.column_descendants("model.shop.stg_orders", "amount").fetchall()
        assert {row[2] for row in below} == {"model.shop.facts", "model.shop.outside"}


def test_a_name_that_several_nodes_share_is_nobodys(tmp_path: Path, resolved: Callable) -> None:
    wh = resolved(
        write_manifest(
            tmp_path / "t",
            "2026-11-01T00:00:00",
            [
                node("one", "select 1 as id", alias="twin", database="a"),
                node("two", "select 2 as id", alias="twin", database="b"),
                node("reader", "select id from main.twin"),
            ],
        )
    )
    [(from_unique_id,)] = wh.sql("SELECT from_unique_id FROM v1.column_edges").fetchall()
    assert from_unique_id == "main.twin"


def test_a_column_from_a_name_that_belongs_to_nothing_is_not_resolved(tmp_path: Path, resolved: Callable) -> None:
    manifest = write_manifest(
        tmp_path / "t",
        "2026-11-01T00:00:00",
        [
            source("raw"),
            source("more"),
            node(
                "m",
                "select r.id, gone + 1 as next, 1 as one, raw.id as x from wh.raw.raw r, wh.raw.more",
                "source.shop.raw",
                "source.shop.more",
            ),
        ],
    )
    known = {"source.shop.raw": {"id": "int"}, "source.shop.more": {"id": "int"}}
    catalog = write_catalog(tmp_path / "t", "2026-11-01T00:00:00", known)
    found = coverage(resolved(manifest, catalog), "m")
    assert (found["status"], found["column_count"], found["resolved_count"]) == ("partial", 4, 3)
    assert found["unresolved_columns"] == ["next"]
    assert "gone" in found["error"]


def test_a_column_that_only_one_environment_has_is_found(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with Warehouse(path) as wh:
        for environment, column in (("dev", "y"), ("prod", "x")):
            nodes = [source("raw"), node("a", f"select id as {column} from wh.raw.raw", "source.shop.raw")]
            wh.load([write_manifest(tmp_path / environment, f"2026-11-0{len(environment)}T00:00:00", nodes)],
                    environment=environment)  # fmt: skip
        wh.resolve_columns()
    for column, environment in (("x", "prod"), ("y", "dev")):
        said = run("lineage", path, "a", "--column", column, "--up", "--format", "json")
        assert [(row["column_name"], row["environment"]) for row in json.loads(said.stdout)] == [("id", environment)]


def test_a_relation_that_is_read_by_a_bare_name_has_its_place_in_the_tree(tmp_path: Path, resolved: Callable) -> None:
    resolved(write_manifest(tmp_path / "t", "2026-11-01T00:00:00", [node("m", "select z from other")])).close()
    said = run("lineage", tmp_path / "wh.duckdb", "m", "--column", "z", "--up", "--format", "tree")
    assert said.exit_code == 0 and "other.z" in said.stdout


def test_parents_that_depend_on_each_other_end(tmp_path: Path, resolved: Callable) -> None:
    nodes = (
        node("a", "select x from wh.main.b", "model.shop.b"),
        node("b", "select x from wh.main.a", "model.shop.a"),
    )
    with resolved(write_manifest(tmp_path, "2026-11-01T06:00:00", nodes)) as wh:
        assert edges(wh) == {("b.x", "a.x"), ("a.x", "b.x")}
        assert [row[2] for row in wh.column_ancestors("model.shop.a", "x").fetchall()] == ["model.shop.b"]


def test_no_model_snapshot_or_seed_is_left_out(loaded: Loaded) -> None:
    enabled = loaded.warehouse.sql(
        "SELECT project_name, environment, unique_id FROM v1.nodes "
        "WHERE resource_type IN ('model', 'snapshot', 'seed') AND is_enabled ORDER BY ALL"
    ).fetchall()
    columns_ = "project_name, environment, unique_id"
    assert loaded.warehouse.sql(f"SELECT {columns_} FROM v1.column_lineage_coverage ORDER BY ALL").fetchall() == enabled
    unexplained = "status IN ('partial', 'failed') AND error IS NULL AND len(unresolved_columns) = 0"
    assert loaded.warehouse.sql(f"FROM v1.column_lineage_coverage WHERE {unexplained}").fetchall() == []


def test_the_macros_find_what_a_graph_library_finds(loaded: Loaded) -> None:
    rows = loaded.warehouse.sql(
        "SELECT project_name, environment, from_unique_id, lower(from_column), to_unique_id, lower(to_column) "
        "FROM v1.column_edges"
    ).fetchall()
    graph = nx.DiGraph(((p, e, a, b), (p, e, c, d)) for p, e, a, b, c, d in rows)
    starts = sorted({key[2:] for key in graph}, key=str)
    for unique_id, column in random.Random(6).sample(starts, min(12, len(starts))):
        for macro, view in (("column_descendants_of", graph), ("column_ancestors_of", graph.reverse(copy=False))):
            expected = {
                (*key, distance)
                for start in graph
                if start[2:] == (unique_id, column)
                for key, distance in nx.single_source_shortest_path_length(view, start).items()
                if key != start
            }
            found = loaded.warehouse.sql(f"FROM v1.{macro}(?, ?)", [unique_id, column.upper()]).fetchall()
            assert {(p, e, u, c.lower(), d) for p, e, u, c, d in found} == expected
            assert len(found) == len(expected)


# Once, in any order, over all history


def test_again_there_is_nothing_to_do(tmp_path: Path, sample_warehouse: Warehouse) -> None:
    path = Path(shutil.copy(sample_warehouse.path, tmp_path / "wh.duckdb"))
    before = path.read_bytes()
    report = Warehouse(path).resolve_columns()
    assert report.outcomes == () and report.unchanged_count > 0
    assert path.read_bytes() == before


@pytest.mark.parametrize("seed", [1, *release_only(2, 3, 4)])
@pytest.mark.release
def test_the_order_of_loads_and_of_columns_does_not_matter(
    tmp_path: Path, sample_warehouse: Warehouse, seed: int
) -> None:
    """Columns after some of the loads, in random order, equals columns once at the end."""
    path = tmp_path / "wh.duckdb"
    dice = random.Random(seed)
    runs = sorted(SAMPLES.glob("*/*/*/"))
    dice.shuffle(runs)
    for runs_of_a_load in (runs[i::5] for i in range(5)):
        Warehouse(path).load(runs_of_a_load, columns=dice.random() < 0.6)
    Warehouse(path).resolve_columns()
    assert answers(path) == answers(sample_warehouse.path)
    assert history(path) == history(sample_warehouse.path)


@pytest.mark.release
def test_what_is_known_equals_what_is_resolved_afresh(tmp_path: Path) -> None:
    """Night by night only what changed is resolved; the views then say just what those of a fresh file say."""
    nights = sorted(SAMPLES.glob("*/job=nightly/*/"))
    path, fresh = tmp_path / "wh.duckdb", tmp_path / "fresh.duckdb"
    counts = [len(Warehouse(path).load(night, columns=True).columns.outcomes) for night in nights]
    Warehouse(fresh).load(nights, columns=True)
    known, afresh = stored(path, LINEAGES), stored(fresh, LINEAGES)
    assert all(set(known[table]) >= set(afresh[table]) for table in LINEAGES)
    assert history(path) == history(fresh)
    assert answers(path) == answers(fresh)
    assert sum(counts[2:]) < counts[0]


def test_the_past_stays_as_it_was(tmp_path: Path) -> None:
    """Later code and later catalogs change the lineage of now, never that of a time before them."""
    path = tmp_path / "wh.duckdb"
    renamed = node("stg_orders", "select id as order_id, status as amount from wh.raw.orders", ORDERS)
    first = write_manifest(tmp_path / "1", "2026-11-01T06:00:00", CHAIN)
    second = write_manifest(tmp_path / "2", "2026-11-02T06:00:00", (CHAIN[0], renamed, CHAIN[2]))
    catalog = write_catalog(tmp_path / "3", "2026-11-03T06:00:00", {"model.shop.facts": {"TOTAL": "INT", "b": "INT"}})
    above = "SELECT unique_id, column_name FROM v1.column_ancestors_at('model.shop.facts', 'total', ?) ORDER BY ALL"
    seen = []
    for file in (first, second, catalog):
        Warehouse(path).load(file, project="shop", environment="prod", columns=True)
        with Warehouse(path, read_only=True) as wh:
            seen.append(wh.sql(above, [datetime(2026, 11, 1, 12)]).fetchall())
    assert seen == [[("model.shop.stg_orders", "amount"), (ORDERS, "amount")]] * 3
    with Warehouse(path, read_only=True) as wh:
        now = wh.sql("SELECT column_name FROM v1.column_ancestors_of('model.shop.facts', 'total') ORDER BY ALL")
        assert now.fetchall() == [("amount",), ("status",)]
        assert coverage(wh, "facts")["unresolved_columns"] == ["b"]
    shown = run("lineage", path, "facts", "--column", "total", "--up", "--at", "2026-11-01T12:00", "--format", "csv")
    assert "status,flow" not in shown.stdout and "amount,flow" in shown.stdout


def test_code_that_is_not_compiled_this_time_is_that_of_last_time(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    uncompiled = [{k: v for k, v in entry.items() if k != "compiled_code"} | {"compiled": False} for entry in CHAIN]
    Warehouse(path).load(write_manifest(tmp_path / "1", "2026-11-01T06:00:00", CHAIN), columns=True)
    before = answers(path, VIEWS[:2])
    report = Warehouse(path).load(write_manifest(tmp_path / "2", "2026-11-02T06:00:00", uncompiled), columns=True)
    assert report.columns.outcomes == ()
    assert answers(path, VIEWS[:2]) == before
    with Warehouse(path, read_only=True) as wh:
        assert not coverage(wh, "facts")["is_stale"]


def test_a_load_without_columns_leaves_the_lineage_of_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(write_manifest(tmp_path / "1", "2026-11-01T06:00:00", CHAIN), columns=True)
    Warehouse(path).load(write_manifest(tmp_path / "2", "2026-11-02T06:00:00", CHAIN[:2]))
    with Warehouse(path, read_only=True) as wh:
        assert {edge[1].split(".")[0] for edge in edges(wh)} == {"stg_orders"}
        assert coverage(wh, "stg_orders")["is_stale"]


# Interrupts, others at work, prunes


@pytest.mark.release
def test_an_interrupt_keeps_what_is_written_and_the_next_run_goes_on(
    tmp_path: Path, sample_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(SAMPLES)
    calls = 0

    def write(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 4:
            raise KeyboardInterrupt
        return insist(*arguments)

    insist = resolve_columns.check_state
    with monkeypatch.context() as patched:
        patched.setattr(resolve_columns, "BATCH_EDGES", 20)
        patched.setattr(resolve_columns, "check_state", write)
        with pytest.raises(KeyboardInterrupt):
            Warehouse(path).resolve_columns()
    with Warehouse(path, read_only=True) as wh:
        [(kept,)] = wh.sql("SELECT count(*) FROM stored.column_lineages").fetchall()
        assert kept > 0
        assert wh.view("column_edges").fetchall() == []
    assert_intact(path)
    report = Warehouse(path).resolve_columns()
    assert report.unchanged_count == kept
    assert answers(path) == answers(sample_warehouse.path)


@pytest.mark.release
def test_two_at_a_time_do_it_once(tmp_path: Path, sample_warehouse: Warehouse) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(SAMPLES)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: Warehouse(path, wait=60).resolve_columns(), range(2)))
    assert stored(path, LINEAGES) == stored(sample_warehouse.path, LINEAGES)
    assert_intact(path)


@pytest.mark.release
def test_a_prune_in_between_is_noticed_and_the_work_begun_again(
    tmp_path: Path, sample_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(SAMPLES)
    flush = resolve_columns._Step._flush
    prunes = iter([datetime(2026, 11, 5)])

    def flush_late(step: resolve_columns._Step, *more: Any) -> None:
        for before in prunes:
            Warehouse(path).prune(before, dry_run=False)
        flush(step, *more)

    monkeypatch.setattr(resolve_columns._Step, "_flush", flush_late)
    assert Warehouse(path).resolve_columns().outcomes
    assert answers(path) == answers(sample_warehouse.path)
    assert_intact(path)


def test_a_prune_keeps_the_lineage_of_what_it_keeps_and_no_other(tmp_path: Path, sample_warehouse: Warehouse) -> None:
    path = Path(shutil.copy(sample_warehouse.path, tmp_path / "wh.duckdb"))
    before, past = answers(path), history(path)
    Warehouse(path).prune(datetime(2026, 11, 7), dry_run=False)
    assert answers(path) == before
    kept = history(path)
    assert kept and set(kept) <= set(past)
    assert Warehouse(path).resolve_columns().outcomes == ()
    assert history(path) == kept
    with Warehouse(path, read_only=True) as wh:
        unused = "ANTI JOIN stored.set_members ON member_id = lineage_id"
        assert wh.sql(f"FROM stored.column_lineages {unused}").fetchall() == []
    assert_intact(path)


def test_a_prune_takes_lineage_that_nothing_needs(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    other = node("stg_orders", "select id as order_id, amount + 1 as amount, status from wh.raw.orders", ORDERS)
    for day, nodes in ((1, CHAIN), (2, (CHAIN[0], other, CHAIN[2]))):
        Warehouse(path).load(write_manifest(tmp_path / str(day), f"2026-11-0{day}T06:00:00", nodes), columns=True)
    with WarehouseFile(path).open() as connection:
        connection.execute("DELETE FROM stored.manifest_column_lineages")
    Warehouse(path).prune(datetime(2026, 1, 1), dry_run=False)
    assert not any(stored(path, (*LINEAGES, "column_lineage_sets")).values())


# The command line


def test_columns_says_what_it_did(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(write_manifest(tmp_path, "2026-11-01T06:00:00", CHAIN))
    refused = run("lineage", path, "facts", "--column", "total")
    assert refused.exit_code == 2 and "artifact-warehouse columns" in refused.stderr
    first, second = run("columns", path), run("columns", path, "--format", "json")
    assert first.stdout == "resolved 2, partial 0, failed 0, not compiled 0, not SQL 0; unchanged 0\n"
    assert (first.exit_code, second.exit_code, json.loads(second.stdout)) == (0, 0, [])
    tree = run("lineage", path, "stg_orders", "--column", "status", "--format", "tree", "--down")
    assert tree.stdout == "depends on model.shop.stg_orders.status\n└── model facts (filter)\n"
    unknown = run("lineage", path, "facts", "--column", "totals")
    assert unknown.exit_code == 2 and "did you mean total?" in unknown.stderr
    assert run("columns", tmp_path / "none.duckdb").exit_code == 3


def test_load_says_it_too(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "2026-11-01T06:00:00", CHAIN)
    loaded = run("load", tmp_path / "wh.duckdb", manifest, "--columns")
    assert loaded.stdout.splitlines() == [
        "loaded 1, unchanged 0, quarantined 0",
        "resolved 2, partial 0, failed 0, not compiled 0, not SQL 0; unchanged 0",
    ]


def test_a_warehouse_for_reading_resolves_nothing(sample_warehouse: Warehouse) -> None:
    with pytest.raises(errors.QueryFailed):
        sample_warehouse.resolve_columns()


@pytest.mark.release
@pytest.mark.corpus
def test_a_large_project_has_the_lineage_that_was_put_into_it(unpacked: Callable[[str], Path], tmp_path: Path) -> None:
    [folder] = unpacked("real_runs/scale.tar.xz").rglob("scale_3000")
    report = Warehouse(tmp_path / "wh.duckdb").load(folder / "1.10_docs", columns=True)
    assert report.columns.counts() == {**dict.fromkeys(report.columns.counts(), 0), "resolved": 3000}
    truth = json.loads((folder / "truth_lineage.json").read_text())
    put_in = {
        (*origin, unique_id, column)
        for unique_id, found in truth.items()
        for column, origins in found.items()
        for origin in map(tuple, origins)
    }
    with Warehouse(tmp_path / "wh.duckdb", read_only=True) as wh:
        found = wh.sql(
            "SELECT from_unique_id, from_column, to_unique_id, to_column, kind FROM v1.column_edges"
        ).fetchall()
    # The generator counts no column that only decides: those that a window is partitioned and ordered by. And of a
    # model that selects two columns called `origin` it kept the second; the relation's `origin` is the first.
    values = {row[:4] for row in found if row[4] != "condition"}
    twice = "model.scale.dim_product__event_2586"
    assert put_in <= values
    assert {(row[1], row[2], row[3]) for row in values - put_in} == {("origin", twice, "origin")}


@pytest.mark.release
def test_a_long_history_is_resolved_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in one step, whatever the number of manifests that a step takes."""
    paths = [tmp_path / name / "wh.duckdb" for name in ("whole", "steps")]
    for path, size in zip(paths, (500, 2), strict=True):
        path.parent.mkdir()
        monkeypatch.setattr(resolve_columns, "_STEP_MANIFESTS", size)
        with Warehouse(path) as wh:
            for day in range(1, 6):
                nodes = [source("raw"), node("m", f"select id as c{day} from wh.raw.raw", "source.shop.raw")]
                wh.load([write_manifest(tmp_path / f"d{day}", f"2026-11-0{day}T00:00:00", nodes)])
            report = wh.resolve_columns()
        assert (len(report.outcomes), report.unchanged_count) == (5, 0)
    assert history(paths[0]) == history(paths[1])


def test_a_column_that_the_catalog_has_not_seen_yet_is_there(tmp_path: Path, resolved: Callable) -> None:
    """And one that it still has, though the code selects it no more, is told."""
    nodes = [source("raw"), node("m", "select id, id + 1 as fresh from wh.raw.raw", "source.shop.raw")]
    manifest = write_manifest(tmp_path / "t", "2026-11-02T00:00:00", nodes)
    relations = {"source.shop.raw": {"id": "int"}, "model.shop.m": {"id": "int", "stale": "int"}}
    wh = resolved(manifest, write_catalog(tmp_path / "t", "2026-11-01T00:00:00", relations))
    assert edges(wh) == {("raw.id", "m.id"), ("raw.id", "m.fresh")}
    found = coverage(wh, "m")
    assert (found["status"], found["column_count"], found["unresolved_columns"]) == ("partial", 3, ["stale"])
    assert "does not select: stale" in found["error"]
