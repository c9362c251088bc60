"""Takes over the tables of a warehouse file: the folder that `artifact-warehouse export` wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_warehouse.errors import WarehouseError
from artifact_warehouse.schema import TABLES
from artifact_warehouse.spark.catalog import Catalog
from artifact_warehouse.spark.deployment import deploy

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LAST = "artifacts"
"""No view shows an artifact that is not in this table, so it is written last."""


def adopt(spark: SparkSession, folder: str, catalog: Catalog = Catalog()) -> None:  # noqa: B008 (immutable)
    """Fill the tables, which are created when missing, with an export. `settle` then brings the answers up to date.

    Rows of an adoption that did not end are replaced.

    Raises WarehouseError where there are artifacts already.
    """
    deploy(spark, catalog)
    stored = catalog.schema("stored")
    if spark.sql(f"SELECT 1 FROM {stored}.artifacts LIMIT 1").collect():
        raise WarehouseError(stored, "has artifacts already; adopt an export into other schemas")
    for table in sorted(TABLES, key=lambda table: table.name == _LAST):
        exported = spark.read.parquet(f"{folder}/{table.name}.parquet")
        exported.select(*(column.name for column in table.columns)).write.insertInto(
            f"{stored}.{table.name}", overwrite=True
        )
