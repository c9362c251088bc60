"""dbt 2.0's own column lineage: Parquet files, which only a dbt with a login writes, made here as it writes them."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

INDEX = ("from_node_unique_id", "from_column_name", "to_node_unique_id", "to_column_name", "lineage_kind")
INFORMATION_SCHEMA = (
    *("parent_node_unique_id", "parent_column_name", "child_node_unique_id", "child_column_name"),
    "evolution",
)
BIG = "model.harbor_cafe.fct_orders"
EDGES = [
    ("model.harbor_cafe.stg_orders", "order_id", BIG, "order_id", "copy"),
    ("model.harbor_cafe.stg_orders", "order_id", BIG, "dbt_alone_knows", "mod"),
    ("model.harbor_cafe.stg_orders", "no_column_of_ours", BIG, None, "scan"),
]


def write_lineage(
    path: Path, edges: list[tuple[str | None, ...]], names: tuple[str, ...] = INDEX, day: int = 1
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: pa.array([edge[i] for edge in edges], pa.string()) for i, name in enumerate(names)}
    if names == INDEX:
        moment = datetime(2026, 12, day, tzinfo=timezone.utc)
        columns["ingested_at"] = pa.array([moment] * len(edges), pa.timestamp("us", tz="UTC"))
    parquet.write_table(pa.table(columns), path)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A folder as dbt leaves it, with the newest compiled manifest of the samples."""
    folder = tmp_path / "target"
    folder.mkdir()
    newest = max(SAMPLES.glob("environment=prod/*/*_build*/manifest.json"))
    shutil.copy(newest, folder)
    return folder


def edges_of(path: Path, condition: str = "TRUE") -> set[tuple[str, ...]]:
    with Warehouse(path, read_only=True) as wh:
        query = f"SELECT from_column, to_column, kind, method, dbt_lineage_kind FROM v1.column_edges WHERE {condition}"
        return set(wh.sql(query).fetchall())


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("index/dbt.column_lineage.parquet", INDEX),
        *release_only(
            ("metadata/compile/column_lineage/v1_0.parquet", INDEX),
            ("info_schema/v1/dbt.column_lineage.parquet", INFORMATION_SCHEMA),
        ),
    ],
)
def test_what_dbt_wrote_stands_beside_ours_and_is_marked(
    tmp_path: Path, target: Path, place: str, names: tuple[str, ...]
) -> None:
    write_lineage(target / place, EDGES, names)
    path = tmp_path / "dbt.duckdb"
    with Warehouse(path) as wh:
        assert len(wh.load([target], columns=True).loaded) == 2
    found = edges_of(path, f"to_unique_id = '{BIG}'")
    assert ("order_id", "order_id", "passthrough", "sql", "copy") in found
    assert ("order_id", "dbt_alone_knows", "transform", "dbt", "mod") in found
    assert {edge for edge in found if edge[3] == "sql" and edge[4] is None}
    with Warehouse(path, read_only=True) as wh:
        uses = wh.sql("SELECT from_column, to_unique_id FROM v1.column_uses WHERE kind = 'scan'").fetchall()
        descendants = wh.sql(
            "SELECT column_name FROM v1.column_descendants_of('model.harbor_cafe.stg_orders', 'order_id') "
            f"WHERE unique_id = '{BIG}'"
        ).fetchall()
        assert wh.verify() == []
    assert uses == [("no_column_of_ours", BIG)]
    assert ("dbt_alone_knows",) in descendants


def test_the_last_lineage_that_dbt_wrote_counts(tmp_path: Path, target: Path) -> None:
    lineage = target / "index" / "dbt.column_lineage.parquet"
    path = tmp_path / "dbt.duckdb"
    for day, column in ((2, "new"), (1, "old")):
        write_lineage(lineage, [("model.harbor_cafe.stg_orders", "order_id", BIG, column, "mod")], day=day)
        with Warehouse(path) as wh:
            wh.load([target], columns=True)
    assert {edge[1] for edge in edges_of(path, "method = 'dbt'")} == {"new"}


def test_of_a_node_that_dbt_wrote_several_times_the_last_counts(tmp_path: Path, target: Path) -> None:
    lineage = target / "index" / "dbt.column_lineage.parquet"
    parts = []
    for day, column in ((1, "old"), (2, "new")):
        write_lineage(lineage, [("model.harbor_cafe.stg_orders", "order_id", BIG, column, "mod")], day=day)
        parts.append(parquet.read_table(lineage))
    parquet.write_table(pa.concat_tables(parts), lineage)
    path = tmp_path / "dbt.duckdb"
    with Warehouse(path) as wh:
        wh.load([target], columns=True)
    assert {edge[1] for edge in edges_of(path, "method = 'dbt'")} == {"new"}


def test_broken_parquet_is_quarantined_and_other_parquet_is_none_of_ours(tmp_path: Path, target: Path) -> None:
    (target / "column_lineage").mkdir()
    (target / "column_lineage" / "v1_0.parquet").write_bytes(b"PAR1 and then nothing")
    parquet.write_table(pa.table({"a": [1]}), target / "column_lineage" / "v1_1.parquet")
    parquet.write_table(pa.table({"a": [1]}), target / "orders.parquet")
    clocks = {name: ["a"] for name in INDEX} | {"ingested_at": [{"no": "clock"}]}
    parquet.write_table(pa.table(clocks), target / "column_lineage" / "v1_2.parquet")
    with Warehouse(tmp_path / "dbt.duckdb") as wh:
        report = wh.load([target])
    assert [Path(outcome.uri).name for outcome in report.quarantined] == ["v1_0.parquet", "v1_2.parquet"]
    for broken in report.quarantined:
        assert broken.kind == "column_lineage"
        assert "not valid Parquet" in (broken.reason or "")
    assert [Path(outcome.uri).name for outcome in report.skipped] == ["v1_1.parquet"]
    assert [outcome.kind for outcome in report.loaded] == ["manifest"]


@pytest.mark.release
def test_a_lineage_without_a_clock_is_of_the_manifest_that_it_lies_beside(tmp_path: Path, target: Path) -> None:
    """The files of three days, in either order of loading: the last day's counts, whatever it is called."""
    newest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    days = []
    for day, column in enumerate(("b_first", "c_second", "a_third"), start=1):
        folder = tmp_path / f"day{day}" / "target"
        newest["metadata"] |= {"generated_at": f"2026-12-0{day}T00:00:00Z", "invocation_id": f"day-{day}"}
        write_lineage(folder / "info_schema/v1/dbt.column_lineage.parquet", [(*EDGES[1][:3], column, "mod")],
                      INFORMATION_SCHEMA)  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(newest), encoding="utf-8")
        days.append(folder)
    for name, order in (("forth", days), ("back", days[::-1])):
        path = tmp_path / f"{name}.duckdb"
        with Warehouse(path) as wh:
            for folder in order:
                wh.load([folder])
            wh.resolve_columns()
            past = wh.sql(
                "SELECT column_name FROM v1.column_descendants_at('model.harbor_cafe.stg_orders', 'order_id', "
                f"TIMESTAMP '2026-12-02 12:00:00') WHERE unique_id = '{BIG}' AND column_name LIKE '%\\_%' ESCAPE '\\'"
            ).fetchall()
        assert {edge[1] for edge in edges_of(path, "method = 'dbt'")} == {"a_third"}, name
        assert ("c_second",) in past and ("a_third",) not in past, name
