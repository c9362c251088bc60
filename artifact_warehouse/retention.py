"""Retention: deletes artifacts that are older than a time, keeps the rates, and shrinks the file."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import NamedTuple

import duckdb
import pyarrow as pa

from artifact_warehouse.drawing import document, listing, sentence
from artifact_warehouse.errors import WarehouseTooOld
from artifact_warehouse.lineage import keep_resolved, resolved_manifests, resolver_version
from artifact_warehouse.schema import TABLES, to_utc
from artifact_warehouse.storage import (
    PRUNED_AT,
    WarehouseFile,
    add_generation,
    compact,
    migrate,
    pending_changes,
    query,
    set_meta,
    settle,
    transaction,
)

_ROLL_UP = ("roll_up_runs", "roll_up_outcomes")

_FORGET = (
    *(
        f"DELETE FROM stored.{table} WHERE artifact_key IN (SELECT artifact_key FROM prunable)"
        for table in (
            *("node_executions", "batch_executions", "invocations", "relation_stats", "source_freshness"),
            *("manifest_column_lineages", "dbt_column_edges", "node_phases", "statements"),
        )
    ),
    "DELETE FROM stored.artifacts WHERE error IS NOT NULL AND loaded_at < $before",
    "DELETE FROM stored.alert_messages WHERE sent_at < $before",  # not their events: none is told again
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
        *("stored.node_executions.compiled_code_id", "stored.statements.sql_id"),
    ),
}
"""The keys of contents, and the columns that refer to them. Contents without a reference are deleted, in this order."""


class PrunedTable(NamedTuple):
    """The rows of a table, and how many a prune removes. The number is negative where the roll-up adds rows."""

    table: str
    rows: int
    pruned_rows: int


class PruneReport(NamedTuple):
    """What a prune removed, or would remove: artifacts by kind, rows by table; and the size of the file in bytes."""

    is_dry_run: bool
    artifacts: dict[str, int]
    tables: tuple[PrunedTable, ...]
    size_bytes_before: int
    size_bytes_after: int | None
    """None for a dry run: the size is known only once the file is written."""

    def __repr__(self) -> str:
        """The counts in a sentence."""
        rows = sum(table.pruned_rows for table in self.tables)
        done = "would remove" if self.is_dry_run else "removed"
        after = "" if self.size_bytes_after is None else f" and has {self.size_bytes_after:,}"
        removed = f"{done} {sum(self.artifacts.values()):,} artifacts and {rows:,} rows"
        return f"PruneReport: {removed}; the file had {self.size_bytes_before:,} bytes{after}"

    def _repr_html_(self) -> str:
        """What a notebook shows: the counts, and the table."""
        rows = (row.values() for row in self.to_arrow().to_pylist())
        table = listing(("what", ">rows", ">pruned rows"), (tuple(row) for row in rows))
        return document(sentence(repr(self).partition(": ")[2]), table)

    def to_arrow(self) -> pa.Table:
        """The removed artifacts by kind, and rows by table."""
        rows: list[tuple[str, int | None, int]]
        rows = [(f"artifacts of kind {kind}", None, count) for kind, count in self.artifacts.items()]
        rows += [(f"stored.{t.table}", t.rows, t.pruned_rows) for t in self.tables if t.pruned_rows]
        names, before, gone = zip(*rows, strict=True) if rows else ((), (), ())
        columns = {"what": pa.array(names, pa.string()), "rows": pa.array(before, pa.int64())}
        return pa.table(columns | {"pruned_rows": pa.array(gone, pa.int64())})


def prune(warehouse: WarehouseFile, before: datetime, keep_daily_rates: bool, dry_run: bool) -> PruneReport:
    """Remove artifacts that were generated before a time, which is UTC where it has no zone.

    internal.prunable_artifacts says what is removed. With `keep_daily_rates` the rates stay as they are.
    The prune is one transaction. Then a compact copy replaces the file. Raises the errors of `WarehouseFile`.
    """
    warehouse.require()
    path = warehouse.path
    size_before = path.stat().st_size
    with warehouse.alone() as connection:
        if dry_run and pending_changes(connection):
            raise WarehouseTooOld(str(path), "an earlier release wrote it; bring it up to date with `migrate`")
        migrate(connection)
        with transaction(connection, keep=not dry_run):
            rows_before = _row_counts(connection)
            now = to_utc(datetime.now(timezone.utc))
            artifacts = _prune(connection, to_utc(before), keep_daily_rates, now)
            rows_after = _row_counts(connection)
            if artifacts or rows_after != rows_before:  # these end loads that are under way; an empty prune ends none
                set_meta(connection, PRUNED_AT, now.isoformat())
                add_generation(connection)
        if not dry_run:
            compact(connection, path)
    tables = tuple(PrunedTable(name, rows, rows - rows_after[name]) for name, rows in rows_before.items())
    size_after = None if dry_run else path.stat().st_size
    return PruneReport(dry_run, artifacts, tables, size_before, size_after)


def _prune(
    connection: duckdb.DuckDBPyConnection, before: datetime, keep_daily_rates: bool, now: datetime
) -> dict[str, int]:
    """Delete the rows of the prunable artifacts. Returns the number of artifacts by kind."""
    connection.execute("CREATE OR REPLACE TEMP TABLE prunable AS FROM internal.prunable_artifacts(?)", [before])
    if keep_daily_rates:
        for name in _ROLL_UP:
            connection.execute(query(name))
    with_lineage = resolved_manifests(connection, resolver_version())
    connection.execute(query("keep_result_keys"))
    values = {"now": now, "before": before}
    connection.execute(query("empty_pruned_artifacts"), {"now": values["now"]})
    for statement in _FORGET:
        connection.execute(statement, {name: value for name, value in values.items() if f"${name}" in statement})
    for content, references in _REFERENCES.items():
        connection.execute(_unless_referred_to(content, references))
    settle(connection)
    keep_resolved(connection, resolver_version(), with_lineage)
    return dict(connection.execute("SELECT kind, count(*) FROM prunable GROUP BY kind ORDER BY kind").fetchall())


def _unless_referred_to(content: str, references: tuple[str, ...]) -> str:
    """The statement that deletes contents without a reference."""
    table, key = content.split(".")
    columns = [reference.rpartition(".") for reference in references]
    used = " UNION ".join(f"SELECT {column} FROM {of} WHERE {column} IS NOT NULL" for of, _, column in columns)
    return f"DELETE FROM stored.{table} WHERE {key} NOT IN ({used})"


def _row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counts = {}
    for table in TABLES:
        [(counts[table.name],)] = connection.execute(f"SELECT count(*) FROM stored.{table.name}").fetchall()
    return counts
