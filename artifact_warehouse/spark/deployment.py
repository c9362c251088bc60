"""Creates the tables and views in Spark's catalog. A view is translated, or reads the rows that `settle` stores."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from artifact_warehouse.schema import TABLES
from artifact_warehouse.spark.catalog import SETTINGS, Catalog
from artifact_warehouse.spark.inputs import OF_PROJECT
from artifact_warehouse.spark.translation import translate
from artifact_warehouse.storage import SqlFile, answers, deployed_files

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructType

_FOR_LOADS = ("internal.settled_artifacts", "internal.artifact_folders")
"""Views that loads read and no view: `stored.settled_artifacts` has their answer."""

_TYPES = {
    pa.string(): "STRING",
    pa.bool_(): "BOOLEAN",
    pa.int64(): "BIGINT",
    pa.int32(): "INT",
    pa.float64(): "DOUBLE",
    pa.timestamp("us"): "TIMESTAMP_NTZ",
    pa.date32(): "DATE",
}


def deploy(spark: SparkSession, catalog: Catalog = Catalog()) -> list[str]:  # noqa: B008 (immutable)
    """Create missing tables, and create or replace all views. Returns the names of the views."""
    for key, value in SETTINGS.items():
        spark.conf.set(key, value)
    for name in ("stored", "settled", "internal", "v1"):
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog.schema(name)}")
    for table in TABLES:
        _create_table(spark, catalog, f"{catalog.schema('stored')}.{table.name}", table.arrow_schema)
    for name, schema in settled_schemas().items():
        partitioned = schema.append(pa.field(OF_PROJECT, pa.string()))
        _create_table(spark, catalog, catalog.settled(name), partitioned, f"PARTITIONED BY ({OF_PROJECT})")
    views = [file for file in deployed_files() if file.kind == "view" and file.full_name not in _FOR_LOADS]
    for file in views:
        spark.sql(translate(file, catalog.schema) if file.is_portable else _view_of_settled(file, catalog))
    return [file.full_name for file in views]


def settled_views() -> tuple[str, ...]:
    """The views that Spark cannot answer, by name."""
    files = (file for file in deployed_files() if file.kind == "view" and not file.is_portable)
    return tuple(file.full_name for file in files if file.full_name not in _FOR_LOADS)


@cache
def settled_schemas() -> dict[str, pa.Schema]:
    """The columns of these views."""
    return {name: table.schema for name, table in answers({}, settled_views()).items()}


def spark_schema(schema: pa.Schema) -> StructType:
    """The same columns with Spark's types."""
    from pyspark.sql.types import StructType

    return StructType.fromDDL(", ".join(f"`{field.name}` {_spark_type(field.type)}" for field in schema))


def _create_table(spark: SparkSession, catalog: Catalog, name: str, schema: pa.Schema, more: str = "") -> None:
    columns = ", ".join(f"`{field.name}` {_spark_type(field.type)}" for field in schema)
    spark.sql(f"CREATE TABLE IF NOT EXISTS {name} ({columns}) USING {catalog.table_format} {more}")


def _spark_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    return f"ARRAY<{_spark_type(kind.value_type)}>" if pa.types.is_list(kind) else _TYPES[kind]


def _view_of_settled(file: SqlFile, catalog: Catalog) -> str:
    """Rows that belong to no project are settled for each project that has them: one of each is shown."""
    names = settled_schemas()[file.full_name].names
    distinct = "" if "project_name" in names else "DISTINCT "
    columns = ", ".join(f"`{name}`" for name in names)
    view = f"{catalog.schema(file.schema)}.{file.name}"
    return f"CREATE OR REPLACE VIEW {view} AS SELECT {distinct}{columns} FROM {catalog.settled(file.full_name)}"
