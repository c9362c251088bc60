"""On a cluster of one master and two workers, Spark answers every view as DuckDB does, row by row and type by type."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from spark_cluster import cluster, require_spark
from testdata import ROOT

from artifact_warehouse import Warehouse
from artifact_warehouse.schema import TABLES
from artifact_warehouse.spark import SETTINGS, Catalog, adopt, load, settle
from artifact_warehouse.storage import deployed_files

pytestmark = pytest.mark.spark

FOR_LOADS = {"internal.settled_artifacts", "internal.artifact_folders"}
VIEWS = [file.full_name for file in deployed_files() if file.kind == "view" and file.full_name not in FOR_LOADS]
PLAIN = {"JSON": "VARCHAR", "HUGEINT": "DECIMAL(38, 0)", "UBIGINT": "DECIMAL(20, 0)"}
NOT_ITS_OWN = {"loaded_at"}
"""The time of a load is that of the load."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    require_spark()
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    os.environ |= {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    settings = SETTINGS | {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.driver.extraJavaOptions": "-Xss16m",  # views over views are planned whole
        "spark.executor.memory": "1400m",
        "spark.executorEnv.PYTHONPATH": str(ROOT),
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
    }
    with cluster(folder) as url:
        builder = SparkSession.builder.master(url).appName("tests")
        for key, value in settings.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()


@pytest.fixture(scope="module")
def adopted(spark: Any, sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The samples in a file and in Spark, which has them by the file's export."""
    folder = tmp_path_factory.mktemp("exported")
    sample_warehouse.export(folder)
    adopt(spark, str(folder))
    settle(spark)
    return sample_warehouse


def rows(table: pa.Table, columns: list[str]) -> Counter[str]:
    return Counter(map(repr, zip(*(table[name].to_pylist() for name in columns), strict=True)))


def type_name(kind: pa.DataType) -> str:
    return f"list of {kind.value_type}" if pa.types.is_list(kind) else str(kind)


def in_duckdb(wh: Warehouse, view: str) -> pa.Table:
    columns = wh.sql(f"SELECT column_name, column_type FROM (DESCRIBE {view})").fetchall()
    plain = ", ".join(f"CAST({name} AS {PLAIN.get(kind, kind)}) AS {name}" for name, kind in columns)
    return wh.sql(f"SELECT {plain} FROM {view}").to_arrow_table()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_answers_as_in_duckdb(spark: Any, adopted: Warehouse, view: str) -> None:
    expected, found = in_duckdb(adopted, view), spark.table(view).toArrow()
    assert found.column_names == expected.column_names
    assert [type_name(field.type) for field in found.schema] == [type_name(field.type) for field in expected.schema]
    assert rows(found, found.column_names) == rows(expected, found.column_names)


def test_a_load_in_the_executors_stores_what_the_loader_of_a_file_stores(spark: Any, tmp_path: Path) -> None:
    folder = ROOT / "sample_artifacts" / "runs"
    own = Warehouse(tmp_path / "wh.duckdb")
    expected_report = own.load(folder, environment="prod")
    catalog = Catalog(prefix="loaded_")
    report = load(spark, [str(folder)], catalog, environment="prod")
    assert str(report) == str(expected_report)
    different = []
    for _ in range(2):  # loading it again changes nothing
        for table in TABLES:
            columns = [column.name for column in table.columns if column.name not in NOT_ITS_OWN]
            expected = own.sql(f"FROM stored.{table.name}").to_arrow_table()
            found = spark.table(f"loaded_stored.{table.name}").toArrow()
            if rows(found, columns) != rows(expected, columns):
                different.append(table.name)
        again = load(spark, [str(folder)], catalog, environment="prod")
        assert len(again.loaded) == 0
    assert different == []
