"""Loads artifacts in the executors of a Spark, which flatten them by the function of the file's loader.

The bytes of artifacts are never sent between executors. Each task writes chunks of rows, one or more for each artifact
and table, into a folder of the load. Then each table gets the rows that it lacks, and the ledger comes last: no view
shows an artifact that is not in `stored.artifacts`. So a load that was killed is repeated as a whole, and changes
nothing that is stored already.
"""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from artifact_warehouse.artifacts import artifact_key
from artifact_warehouse.extract import File, Labels, expand
from artifact_warehouse.load import Flattener, LoadReport, LoadSettings, Outcome, Policy, artifact_uris
from artifact_warehouse.schema import TABLES, Table
from artifact_warehouse.spark.catalog import Catalog
from artifact_warehouse.spark.chunks import opened, packed
from artifact_warehouse.spark.deployment import deploy, spark_schema
from artifact_warehouse.storage import LEDGER, ledger_after

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_CHUNKS = "part int, artifact_key bigint, `table` string, rows binary"
_OUTCOMES = "outcomes"
_ONE_BY_ONE = LoadSettings(step_bytes=1)
"""Each artifact is a batch of its own: of equal artifacts in several tasks, one is kept."""

_SHARED = """
SELECT rows.* FROM {table} AS rows LEFT SEMI JOIN (
    SELECT artifact_key, count(*) OVER (PARTITION BY invocation_id, kind) AS file_count
    FROM {artifacts}
    WHERE invocation_id IS NOT NULL
) AS files ON files.artifact_key = rows.artifact_key AND files.file_count > 1
"""
"""The results that tell apart the runs of a process that gave them one invocation_id (rule 9, docs/rules.md)."""


def load(
    spark: SparkSession,
    paths: Sequence[str],
    catalog: Catalog = Catalog(),  # noqa: B008 (immutable)
    *,
    environment: str | None = None,
    job: str | None = None,
    project: str | None = None,
    policy: Policy = Policy(),  # noqa: B008 (immutable)
    partitions: int | None = None,
) -> LoadReport:
    """Load files, folders, globs, archives and objects of a store. The executors must be able to read them.

    Labels and outcomes are those of `Warehouse.load`. Follow it by `settle`.
    """
    deploy(spark, catalog)
    stage = f"{spark.conf.get('spark.sql.warehouse.dir')}/artifact_warehouse_loads/{uuid.uuid4().hex}"
    known = _known(spark, catalog)
    files = _dealt(expand(paths), partitions or spark.sparkContext.defaultParallelism)
    flattened = files_frame(spark, files).mapInArrow(_flatten(policy, known), _CHUNKS)
    flattened.write.partitionBy("table").parquet(stage)
    try:
        return _store(spark, catalog, stage, Labels(project, environment, job))
    finally:
        _remove(spark, stage)


def files_frame(spark: SparkSession, parts: list[list[File]]) -> DataFrame:
    """The files, in as many partitions as there are parts."""
    rows = [(bytearray(pickle.dumps(numbered)),) for numbered in enumerate(parts)]
    return spark.createDataFrame(spark.sparkContext.parallelize(rows, max(1, len(rows))), "files binary")


def _known(spark: SparkSession, catalog: Catalog) -> frozenset[int]:
    query = f"SELECT artifact_key FROM {catalog.schema('stored')}.artifacts WHERE error IS NULL"
    return frozenset(spark.sql(query).toArrow()["artifact_key"].to_pylist())


def _dealt(files: list[File], count: int) -> list[list[File]]:
    """The files in so many parts, the largest dealt out first: no part has all the large ones."""
    ordered = sorted(files, key=lambda file: file.size_bytes, reverse=True)
    return [part for part in (ordered[first::count] for first in range(count)) if part]


def _flatten(policy: Policy, known: frozenset[int]) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def flatten(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        flattener = Flattener(policy, known, settings=_ONE_BY_ONE)
        numbered = [pickle.loads(value) for batch in batches for value in batch["files"].to_pylist()]
        of_parts = flattener.batches([files for _, files in numbered])
        for (part, _), of_part in zip(numbered, of_parts, strict=True):
            for batch in of_part:
                for outcome in batch.outcomes:  # one, or none at the end
                    key = artifact_key(outcome.artifact_id) if outcome.artifact_id else None
                    yield from _chunks(part, key, _OUTCOMES, [pickle.dumps(outcome)])
                    for name, table in batch.tables.items():
                        yield from _chunks(part, key, name, packed(table))

    return flatten


def _chunks(part: int, key: int | None, table: str, chunks: Any) -> Iterator[pa.RecordBatch]:
    for chunk in chunks:
        columns = [pa.array([part], pa.int32()), pa.array([key], pa.int64()), pa.array([table]), pa.array([chunk])]
        yield pa.RecordBatch.from_arrays(columns, names=["part", "artifact_key", "table", "rows"])


def _store(spark: SparkSession, catalog: Catalog, stage: str, labels: Labels) -> LoadReport:
    staged = spark.read.schema(_CHUNKS).parquet(stage)
    found = staged.where(staged["table"] == _OUTCOMES).select("part", "rows").toArrow().to_pylist()
    outcomes = [(row["part"], pickle.loads(row["rows"])) for row in found]
    winners, report = _without_repeated(outcomes)
    kept = spark.createDataFrame([*winners.items()], "artifact_key bigint, part int")
    filled = {row["table"] for row in staged.select("table").distinct().collect()}
    new: dict[str, pa.Table] = {}
    for table in (table for table in TABLES if table.name in filled):
        rows = _rows(staged, table, kept)
        if table.name in LEDGER:
            new[table.name] = rows.toArrow()
        else:
            _append(rows, spark, f"{catalog.schema('stored')}.{table.name}", table)
    _commit(spark, catalog, new, artifact_uris(report.outcomes, labels))
    return report


def _without_repeated(outcomes: list[tuple[int, Outcome]]) -> tuple[dict[int, int], LoadReport]:
    """Which task's copy of each artifact is kept, and the report, in which the other copies are unchanged."""
    winners: dict[int, int] = {}
    reported = []
    for part, outcome in sorted(outcomes, key=lambda item: item[0]):
        key = artifact_key(outcome.artifact_id) if outcome.artifact_id else None
        is_repeated = key is not None and winners.get(key, part) != part
        if key is not None and outcome.status not in ("unchanged", "skipped"):
            winners.setdefault(key, part)
        reported.append(outcome._replace(status="unchanged") if is_repeated and outcome.status == "loaded" else outcome)
    return winners, LoadReport(tuple(reported))


def _rows(staged: DataFrame, table: Table, kept: DataFrame) -> DataFrame:
    """The new rows of a table: of contents one of each, of facts those of one copy of each artifact."""
    chunks = staged.where(staged["table"] == table.name)
    if not table.content_key:
        chunks = chunks.join(kept, ["artifact_key", "part"], "left_semi")
    rows = chunks.select("rows").mapInArrow(_open(table), spark_schema(table.arrow_schema))
    return rows.dropDuplicates() if table.content_key else rows


def _open(table: Table) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    schema = table.arrow_schema

    def open_chunks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for chunk in batch["rows"].to_pylist():
                yield from opened([chunk]).select(schema.names).cast(schema).to_batches()

    return open_chunks


def _append(rows: DataFrame, spark: SparkSession, target: str, table: Table) -> None:
    """Add the rows whose key the table does not have: a killed load may have added some."""
    key = table.content_key or "artifact_key"
    present = spark.table(target).select(key).distinct()
    rows.join(present, key, "left_anti").select(*table.arrow_schema.names).write.insertInto(target)


def _commit(spark: SparkSession, catalog: Catalog, new: dict[str, pa.Table], uris: pa.Table) -> None:
    """Write the ledger as it is after the load, its artifacts last."""
    stored = catalog.schema("stored")
    ledger = {name: spark.table(f"{stored}.{name}").toArrow() for name in LEDGER}
    both = f"{stored}.artifacts"
    if new:
        spark.createDataFrame(new["artifacts"]).createOrReplaceTempView("artifact_warehouse_new")
        both = f"(TABLE {both} UNION ALL TABLE artifact_warehouse_new)"
    shared = {
        name: spark.sql(_SHARED.format(table=f"{stored}.{name}", artifacts=both)).toArrow()
        for name in ("node_executions", "source_freshness")
    }
    after = ledger_after({**ledger, **shared}, new, uris)
    for name in LEDGER:
        spark.createDataFrame(after[name]).write.insertInto(f"{stored}.{name}", overwrite=True)


def _remove(spark: SparkSession, folder: str) -> None:
    path = spark._jvm.org.apache.hadoop.fs.Path(folder)
    path.getFileSystem(spark._jsc.hadoopConfiguration()).delete(path, True)
