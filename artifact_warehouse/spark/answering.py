"""Asks a DuckDB in memory for each project, in the executors: what Spark's SQL cannot answer.

The rows of `stored` that belong to a project are sent to the task that has the project.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import reduce
from typing import TYPE_CHECKING

import pyarrow as pa

from artifact_warehouse.spark.catalog import Catalog
from artifact_warehouse.spark.chunks import by_value, opened, packed
from artifact_warehouse.spark.inputs import OF_PROJECT, input_query
from artifact_warehouse.storage import tables_read

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Rows = dict[str, pa.Table]
"""Rows by table or view."""


def answer_by_project(
    spark: SparkSession,
    catalog: Catalog,
    objects: Collection[str],
    answer: Callable[[Rows], Rows],
    projects: Collection[str] | None = None,
    is_across: bool = False,
) -> DataFrame:
    """What `answer` makes of the rows that some views or macros read, as chunks: settled_for, name, rows."""
    inputs = [_input(spark, catalog, table, projects, is_across) for table in sorted(tables_read(objects))]
    chunks = reduce(lambda one, other: one.unionAll(other), inputs)
    return chunks.groupBy(OF_PROJECT).applyInArrow(_on_chunks(answer), f"{OF_PROJECT} string, name string, rows binary")


def _input(
    spark: SparkSession, catalog: Catalog, table: str, projects: Collection[str] | None, is_across: bool
) -> DataFrame:
    rows = spark.sql(input_query(table, catalog.schema("stored"), is_across))
    if projects is not None:
        rows = rows.where(rows[OF_PROJECT].isin([*projects]))
    return rows.mapInArrow(_pack(table), f"{OF_PROJECT} string, name string, rows binary")


def _pack(table: str) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def pack(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for project, rows in by_value(batch, OF_PROJECT):
                for chunk in packed(rows):
                    yield pa.RecordBatch.from_pydict({OF_PROJECT: [project], "name": [table], "rows": [chunk]})

    return pack


def _on_chunks(answer: Callable[[Rows], Rows]) -> Callable[[pa.Table], pa.Table]:
    def on_chunks(given: pa.Table) -> pa.Table:
        chunks: dict[str, list[bytes]] = {}
        for name, chunk in zip(given["name"].to_pylist(), given["rows"].to_pylist(), strict=True):
            chunks.setdefault(name, []).append(chunk)
        answered = answer({name: opened(of_name) for name, of_name in chunks.items()})
        found = [(name, chunk) for name, rows in answered.items() for chunk in packed(rows)]
        return pa.table(
            {
                OF_PROJECT: pa.array([given[OF_PROJECT][0].as_py()] * len(found), pa.string()),
                "name": pa.array([name for name, _ in found], pa.string()),
                "rows": pa.array([chunk for _, chunk in found], pa.binary()),
            }
        )

    return on_chunks


def open_chunks(schema: pa.Schema) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Opens the chunks of one name, in mapInArrow. A schema with settled_for gets it from them."""

    def open_all(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for project, chunk in zip(batch[OF_PROJECT].to_pylist(), batch["rows"].to_pylist(), strict=True):
                rows = opened([chunk])
                if OF_PROJECT in schema.names:
                    rows = rows.append_column(OF_PROJECT, pa.array([project] * rows.num_rows, pa.string()))
                yield from rows.cast(schema).to_batches()

    return open_all
