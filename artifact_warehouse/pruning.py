"""Retention: takes what is older than a time out of a warehouse, keeps the rates, and gives the space back."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from artifact_warehouse import store, timeline, writing
from artifact_warehouse.column_lineage.version import resolver
from artifact_warehouse.errors import WarehouseError, WarehouseLocked, WarehouseNotFound, WarehouseTooOld
from artifact_warehouse.schema import TABLES

_ROLL_UP = (
    "INSERT INTO stored.pruned_runs SELECT artifacts.artifact_key, invocations.is_success, invocations.elapsed_seconds "
    "FROM v1.invocations AS invocations "
    "INNER JOIN internal.current_runs AS runs ON runs.invocation_id = invocations.invocation_id "
    "AND runs.command = invocations.command "
    "INNER JOIN prunable AS artifacts ON artifacts.artifact_key = runs.artifact_key "
    "WHERE invocations.is_success IS NOT NULL",
    "INSERT INTO stored.pruned_outcomes SELECT unique_id, resource_type, name, status, "
    "word_class, run_date, count(*), max(completed_at), unnest(max_by(last, recency)) FROM (SELECT *, "
    "CAST(CAST(generated_at AS DATE) AS TIMESTAMP) AS run_date, struct_pack(artifact_key := artifact_key, "
    "seconds := execution_seconds, failures := failures, message := message) AS last "
    "FROM internal.classified_executions SEMI JOIN prunable USING (artifact_key) "
    "WHERE is_counted AND word_class <> 'not_executed') "
    "GROUP BY project_name, environment, unique_id, resource_type, name, status, word_class, run_date",
)

_FORGET = (
    *(
        f"DELETE FROM stored.{table} WHERE artifact_key IN (SELECT artifact_key FROM prunable)"
        for table in (
            *("node_executions", "batch_executions", "invocations", "relation_stats", "source_freshness"),
            *("manifest_column_lineages", "dbt_column_edges"),
        )
    ),
    "UPDATE stored.artifacts SET pruned_at = $now, graph_id = NULL, rendering_set_id = NULL, catalog_set_id = NULL, "
    "unknown_fields = NULL, metadata = NULL, extra = NULL WHERE artifact_key IN (SELECT artifact_key FROM prunable)",
    "DELETE FROM stored.artifacts WHERE error IS NOT NULL AND loaded_at < $before",
    "DELETE FROM stored.artifact_uris WHERE artifact_key NOT IN (SELECT artifact_key FROM stored.artifacts)",
)

_REFERENCES = {
    "column_lineage_sets.inputs_id": ("stored.manifest_column_lineages.inputs_id",),
    "set_members.set_id": (
        *("stored.artifacts.graph_id", "stored.artifacts.rendering_set_id", "stored.artifacts.catalog_set_id"),
        "stored.column_lineage_sets.set_id",
    ),
    "column_lineages.lineage_id": ("stored.set_members.member_id",),
    "column_edges.lineage_id": ("stored.column_lineages.lineage_id",),
    "column_uses.lineage_id": ("stored.column_lineages.lineage_id",),
    "definitions.definition_id": ("stored.set_members.member_id",),
    "definition_columns.definition_id": ("stored.definitions.definition_id",),
    "renderings.definition_id": ("stored.definitions.definition_id",),
    "renderings.rendering_id": ("stored.set_members.member_id", "internal.definition_checksums.rendering_id"),
    "catalog_relations.catalog_relation_id": ("stored.set_members.member_id",),
    "catalog_columns.catalog_relation_id": ("stored.catalog_relations.catalog_relation_id",),
    "texts.text_id": (
        *("stored.definitions.raw_code_id", "stored.renderings.config_id", "stored.renderings.compiled_code_id"),
        "stored.node_executions.compiled_code_id",
    ),
}
"""Columns of contents, and the columns that refer to them: what none of these does goes, in this order."""


class PrunedTable(NamedTuple):
    """How many rows a table had, and how many of them go (fewer than none, where the roll-up adds some)."""

    table: str
    rows: int
    pruned_rows: int


class PruneReport(NamedTuple):
    """What a prune did, or would do: artifacts by kind, rows by table, and the size of the file in bytes."""

    is_dry_run: bool
    artifacts: dict[str, int]
    tables: tuple[PrunedTable, ...]
    size_bytes_before: int
    size_bytes_after: int | None
    """None for a dry run: what the file would be is known when it is written."""

    def to_arrow(self) -> pa.Table:
        """What goes: artifacts by kind, and rows by table."""
        rows: list[tuple[str, int | None, int]]
        rows = [(f"artifacts of kind {kind}", None, count) for kind, count in self.artifacts.items()]
        rows += [(f"stored.{t.table}", t.rows, t.pruned_rows) for t in self.tables if t.pruned_rows]
        names, before, gone = zip(*rows, strict=True) if rows else ((), (), ())
        columns = {"what": pa.array(names, pa.string()), "rows": pa.array(before, pa.int64())}
        return pa.table(columns | {"pruned_rows": pa.array(gone, pa.int64())})


def prune(path: Path, before: datetime, keep_daily_rates: bool, dry_run: bool, wait: float = 0.0) -> PruneReport:
    """Take what was generated before a time (UTC where it has no zone) out of the warehouse.

    See internal.prunable_artifacts for what goes and what stays. With `keep_daily_rates` the rates stay as they are.
    All in one transaction; then the file is written anew and exchanged. Raises the errors of `store.connect`.
    """
    if not path.exists():
        raise WarehouseNotFound(str(path), "there is no such warehouse; `load` makes one")
    size_before = path.stat().st_size
    with store.OPENING, store.opened(path, wait=wait) as connection:
        if dry_run and store.pending_changes(connection):
            raise WarehouseTooOld(str(path), "an earlier release wrote it; bring it up to date with `migrate`")
        if connection.execute("FROM duckdb_connection_count()").fetchall() != [(1,)]:
            raise WarehouseLocked(str(path), "is open elsewhere in this process; close that first")
        store.migrate(connection)
        with store.transaction(connection, keep=not dry_run):
            rows_before = _row_counts(connection)
            artifacts = _prune(connection, _utc(before), keep_daily_rates)
            rows_after = _row_counts(connection)
        if not dry_run:
            _rewrite(connection, path)
    tables = tuple(PrunedTable(name, rows, rows - rows_after[name]) for name, rows in rows_before.items())
    size_after = None if dry_run else path.stat().st_size
    return PruneReport(dry_run, artifacts, tables, size_before, size_after)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment


def _prune(connection: duckdb.DuckDBPyConnection, before: datetime, keep_daily_rates: bool) -> dict[str, int]:
    """Delete what goes; returns the number of artifacts of each kind."""
    connection.execute("CREATE OR REPLACE TEMP TABLE prunable AS FROM internal.prunable_artifacts(?)", [before])
    if keep_daily_rates:
        for statement in _ROLL_UP:
            connection.execute(statement)
    with_lineage = timeline.resolved(connection, resolver())
    values = {"now": datetime.now(timezone.utc).replace(tzinfo=None), "before": before}
    for statement in _FORGET:
        connection.execute(statement, {name: value for name, value in values.items() if f"${name}" in statement})
    for content, references in _REFERENCES.items():
        connection.execute(_unless_referred_to(content, references))
    writing.settle(connection)
    timeline.keep(connection, resolver(), with_lineage)
    store.set_meta(connection, store.PRUNED_AT, values["now"].isoformat())
    return dict(connection.execute("SELECT kind, count(*) FROM prunable GROUP BY kind ORDER BY kind").fetchall())


def _unless_referred_to(content: str, references: tuple[str, ...]) -> str:
    """The statement that deletes the contents that nothing refers to."""
    table, key = content.split(".")
    columns = [reference.rpartition(".") for reference in references]
    used = " UNION ".join(f"SELECT {column} FROM {of} WHERE {column} IS NOT NULL" for of, _, column in columns)
    return f"DELETE FROM stored.{table} WHERE {key} NOT IN ({used})"


def _row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counts = {}
    for table in TABLES:
        [(counts[table.name],)] = connection.execute(f"SELECT count(*) FROM stored.{table.name}").fetchall()
    return counts


def _rewrite(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write all rows to a new file and exchange the two: DuckDB reuses the space of deleted rows, but keeps it."""
    [(name,)] = connection.execute("SELECT current_database()").fetchall()
    unfinished = Path(f"{path.resolve()}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        connection.execute("CHECKPOINT")
        connection.execute(f"ATTACH '{_quoted(unfinished)}' AS rewritten (STORAGE_VERSION '{store.STORAGE_VERSION}')")
        try:
            connection.execute(f'COPY FROM DATABASE "{name}" TO rewritten')  # with what users have added to the file
            connection.execute("CHECKPOINT rewritten")  # in 1.4 DETACH says nothing when its own checkpoint fails
        finally:
            connection.execute("DETACH rewritten")
        shutil.copymode(path, unfinished)
        unfinished.replace(path.resolve())
    except (duckdb.Error, OSError) as error:
        reason = f"is pruned, but keeps its size, as it could not be written anew: {error}"
        raise WarehouseError(str(path), reason) from error
    finally:
        for file in (unfinished, Path(f"{unfinished}.wal")):
            with suppress(OSError):
                file.unlink()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
