"""Answers the views that Spark cannot, by the product's own SQL: a DuckDB in memory for each project, in an executor.

The rows of `stored` that a project's artifacts have or refer to are sent to the task that has the project. Its answers
replace those that were stored for the project.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import reduce
from typing import TYPE_CHECKING

import pyarrow as pa

from artifact_warehouse.schema import BY_NAME
from artifact_warehouse.spark.catalog import Catalog
from artifact_warehouse.spark.chunks import by_value, opened, packed
from artifact_warehouse.spark.deployment import SETTLED_FOR, settled_schemas, spark_schema
from artifact_warehouse.storage import answers, tables_read

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_ACROSS = ("v1.project_edges",)
"""Views whose rows follow from several projects: they are settled for all together."""

_PROJECTS = """
SELECT artifacts.artifact_key, {key} AS {column}, artifacts.graph_id,
    artifacts.rendering_set_id, artifacts.catalog_set_id
FROM {stored}.artifacts AS artifacts
LEFT JOIN {stored}.settled_artifacts AS settled ON settled.artifact_key = artifacts.artifact_key
"""

_SETS = """
SELECT DISTINCT {column}, explode(array(graph_id, rendering_set_id, catalog_set_id)) AS set_id FROM {projects}
"""

_MEMBERS = """
SELECT DISTINCT sets.{column}, members.member_id
FROM {stored}.set_members AS members
INNER JOIN {sets} AS sets ON sets.set_id = members.set_id
"""

_CONFIGS = """
SELECT DISTINCT members.{column}, renderings.config_id AS text_id
FROM {stored}.renderings AS renderings
INNER JOIN {members} AS members ON members.member_id = renderings.rendering_id
"""

_OWNERS = {
    "set_members": ("sets", "set_id"),
    "definitions": ("members", "definition_id"),
    "renderings": ("members", "rendering_id"),
    "texts": ("configs", "text_id"),
    "pruned_outcomes": ("projects", "last_artifact_key"),
}
"""Tables without an artifact_key: which relation of projects and keys their rows are looked up in, by which column."""

_KEYS = {"members": "member_id", "projects": "artifact_key"}


def settle(spark: SparkSession, catalog: Catalog = Catalog(), projects: Collection[str] | None = None) -> None:  # noqa: B008
    """Bring the answers of DuckDB up to date: those of all projects, or of the given ones and across projects."""
    names = frozenset(settled_schemas())
    _settle_some(spark, catalog, names - {*_ACROSS}, "coalesce(settled.project_name, '')", projects)
    _settle_some(spark, catalog, frozenset(_ACROSS), "''", None)


def _settle_some(
    spark: SparkSession, catalog: Catalog, views: frozenset[str], key: str, projects: Collection[str] | None
) -> None:
    chunks = reduce(lambda one, other: one.unionAll(other), _inputs(spark, catalog, views, key, projects))
    answered = chunks.groupBy(SETTLED_FOR).applyInArrow(
        _answer(sorted(views)), f"{SETTLED_FOR} string, view string, rows binary"
    )
    answered = answered.localCheckpoint()
    for view in sorted(views):
        schema = settled_schemas()[view].append(pa.field(SETTLED_FOR, pa.string()))
        rows = answered.where(answered.view == view).mapInArrow(_open(schema), spark_schema(schema))
        target = catalog.settled(view)
        if projects is None:
            rows.write.insertInto(target, overwrite=True)
        else:
            _replace_partitions(spark, rows, target)


def _replace_partitions(spark: SparkSession, rows: DataFrame, target: str) -> None:
    """Overwrite the partitions that the rows have, and no others."""
    before = spark.conf.get("spark.sql.sources.partitionOverwriteMode")
    spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
    try:
        rows.write.insertInto(target, overwrite=True)
    finally:
        spark.conf.set("spark.sql.sources.partitionOverwriteMode", before)


def _inputs(
    spark: SparkSession, catalog: Catalog, views: frozenset[str], key: str, projects: Collection[str] | None
) -> Iterator[DataFrame]:
    """The rows of each table that the views read, as chunks of each project."""
    stored = catalog.schema("stored")
    names = {"stored": stored, "column": SETTLED_FOR}
    of_project = _view(spark, "projects", _PROJECTS, {**names, "key": key})
    if projects is not None:
        chosen = spark.table(of_project)
        chosen.where(chosen[SETTLED_FOR].isin([*projects])).createOrReplaceTempView(of_project)
    names |= {"projects": of_project}
    names |= {"sets": _view(spark, "sets", _SETS, names)}
    names |= {"members": _view(spark, "members", _MEMBERS, names)}
    names |= {"configs": _view(spark, "configs", _CONFIGS, names)}
    for table in sorted(tables_read(views)):
        owner, column = _OWNERS.get(table, ("projects", "artifact_key"))
        columns = ", ".join(f"t.`{item.name}`" for item in BY_NAME[table].columns)
        rows = spark.sql(
            f"SELECT owners.{SETTLED_FOR}, {columns} FROM {stored}.{table} AS t "
            f"INNER JOIN {names[owner]} AS owners ON owners.{_KEYS.get(owner, column)} = t.{column}"
        )
        yield rows.mapInArrow(_pack(table), f"{SETTLED_FOR} string, `table` string, rows binary")


def _view(spark: SparkSession, name: str, query: str, names: dict[str, str]) -> str:
    name = f"artifact_warehouse_{name}"
    spark.sql(query.format(**names)).createOrReplaceTempView(name)
    return name


def _pack(table: str) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def pack(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for project, rows in by_value(batch, SETTLED_FOR):
                for chunk in packed(rows):
                    yield pa.RecordBatch.from_pydict({SETTLED_FOR: [project], "table": [table], "rows": [chunk]})

    return pack


def _answer(views: list[str]) -> Callable[[pa.Table], pa.Table]:
    def answer(chunks: pa.Table) -> pa.Table:
        by_table: dict[str, list[bytes]] = {}
        for name, chunk in zip(chunks["table"].to_pylist(), chunks["rows"].to_pylist(), strict=True):
            by_table.setdefault(name, []).append(chunk)
        rows = {name: opened(of_table) for name, of_table in by_table.items()}
        found = [(view, chunk) for view, table in answers(rows, views).items() for chunk in packed(table)]
        return pa.table(
            {
                SETTLED_FOR: pa.array([chunks[SETTLED_FOR][0].as_py()] * len(found), pa.string()),
                "view": pa.array([view for view, _ in found], pa.string()),
                "rows": pa.array([chunk for _, chunk in found], pa.binary()),
            }
        )

    return answer


def _open(schema: pa.Schema) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def open_chunks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for project, chunk in zip(batch[SETTLED_FOR].to_pylist(), batch["rows"].to_pylist(), strict=True):
                rows = opened([chunk])
                projects = pa.array([project] * rows.num_rows, pa.string())
                yield from rows.append_column(SETTLED_FOR, projects).cast(schema).to_batches()

    return open_chunks
