"""Stores the answers of the views that are not portable: those of a project replace those that were stored for it."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from artifact_warehouse.spark.answering import answer_by_project, open_chunks
from artifact_warehouse.spark.catalog import Catalog
from artifact_warehouse.spark.deployment import settled_schemas, spark_schema
from artifact_warehouse.spark.inputs import OF_PROJECT
from artifact_warehouse.storage import answers

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_ACROSS = frozenset({"v1.project_edges"})
"""Views whose rows follow from several projects: they are settled for all together."""

_OVERWRITE = "spark.sql.sources.partitionOverwriteMode"


def settle(
    spark: SparkSession,
    catalog: Catalog = Catalog(),  # noqa: B008 (immutable)
    projects: Collection[str] | None = None,
) -> None:
    """Bring the answers of DuckDB up to date: of all projects, or of the given ones; and across projects."""
    _settle_some(spark, catalog, settled_schemas().keys() - _ACROSS, projects)
    _settle_some(spark, catalog, _ACROSS, None, is_across=True)


def _settle_some(
    spark: SparkSession,
    catalog: Catalog,
    views: Collection[str],
    projects: Collection[str] | None,
    is_across: bool = False,
) -> None:
    names = sorted(views)
    answer = partial(answers, views=names)
    found = answer_by_project(spark, catalog, names, answer, projects, is_across).localCheckpoint()
    for name in names:
        schema = settled_schemas()[name].append(pa.field(OF_PROJECT, pa.string()))
        rows = found.where(found["name"] == name).mapInArrow(open_chunks(schema), spark_schema(schema))
        _replace(spark, rows, catalog.settled(name), are_all=projects is None)


def _replace(spark: SparkSession, rows: DataFrame, table: str, are_all: bool) -> None:
    """Overwrite a table, or the partitions that the rows have."""
    before = spark.conf.get(_OVERWRITE)
    spark.conf.set(_OVERWRITE, "static" if are_all else "dynamic")
    try:
        rows.write.insertInto(table, overwrite=True)
    finally:
        spark.conf.set(_OVERWRITE, before)
