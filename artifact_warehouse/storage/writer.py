"""Writes batches of flattened rows to the tables, each in one transaction, and settles the labels of all artifacts.

Knows Arrow tables by name, and nothing of artifacts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import duckdb
import pyarrow as pa

from artifact_warehouse.schema import BY_NAME, TABLES, Table
from artifact_warehouse.storage.history import FileState, add_generation, check_state
from artifact_warehouse.storage.settling import settle_new
from artifact_warehouse.storage.sql_files import query
from artifact_warehouse.storage.transactions import transaction


def known_artifacts(connection: duckdb.DuckDBPyConnection, with_quarantined: bool = False) -> set[int]:
    """The artifact_keys of loaded artifacts, which are not loaded again."""
    sql = f"SELECT artifact_key FROM stored.artifacts WHERE error IS NULL OR {with_quarantined}"
    return set(connection.sql(sql).to_arrow_table()["artifact_key"].to_pylist())


def stored_uris(connection: duckdb.DuckDBPyConnection, root: str) -> list[tuple[str, str, str | None]]:
    """The uris that begin with `root`, with the artifact_id and the invocation_id of an artifact at each."""
    rows: list[tuple[str, str, str | None]] = connection.execute(query("stored_uris"), {"root": root}).fetchall()
    return rows


def known_objects(connection: duckdb.DuckDBPyConnection, objects: pa.Table) -> dict[str, str]:
    """The uris and artifact_ids of the given objects (uri, etag) that are loaded with the same ETag."""
    with registered(connection, objects):
        return dict(connection.execute(query("known_objects")).fetchall())


def write(
    connection: duckdb.DuckDBPyConnection,
    batches: Sequence[dict[str, pa.Table]],
    uris: pa.Table,
    state: FileState = FileState(),  # noqa: B008 (immutable)
) -> FileState:
    """Write flattened batches and the places of their artifacts, and settle the labels, in one transaction.

    Takes the tables out of `batches`, so that each is freed as soon as it is written. `state` is the state of the file
    after the load's last batch. Returns the new state, for the next batch.

    Artifacts and contents that are stored already are left out: another load may have written them. The rows of a
    loaded artifact replace its quarantined row. A batch lacks contents that an earlier batch of the load had. A prune
    may have removed them since: raises PrunedMeanwhile. Raises ReplacedMeanwhile where the file is another one.
    """
    with transaction(connection):
        state = check_state(connection, state)
        new = _new_tables(connection, batches)
        has_new = "artifacts" in new
        for table in TABLES:
            for batch in (new, *batches):
                if table.name in batch:
                    insert(connection, table, batch.pop(table.name))
        if _merge_uris(connection, uris) or has_new:
            settle_new(connection)
            state = state._replace(generation=add_generation(connection))
    return state


def _new_tables(connection: duckdb.DuckDBPyConnection, batches: Sequence[dict[str, pa.Table]]) -> dict[str, pa.Table]:
    """The tables that are not content-addressed, of all batches together, without artifacts that are stored already."""
    parts: dict[str, list[pa.Table]] = {}
    for batch in batches:
        for name in [name for name in batch if not BY_NAME[name].content_key]:
            parts.setdefault(name, []).append(batch.pop(name))
    tables = {name: pa.concat_tables(tables) for name, tables in parts.items()}
    if "artifacts" in tables and (repeated := _repeated(connection, tables["artifacts"])):
        import pyarrow.compute as pc  # takes long, and readers do without it

        keys = pa.array(repeated, pa.int64())
        tables = {name: t.filter(pc.invert(pc.is_in(t["artifact_key"], keys))) for name, t in tables.items()}
    return tables


def _repeated(connection: duckdb.DuckDBPyConnection, artifacts: pa.Table) -> list[int]:
    """The keys of a batch that are not to be written. Quarantined rows that the batch replaces are deleted."""
    with registered(connection, artifacts):
        connection.execute(
            "DELETE FROM stored.artifacts WHERE error IS NOT NULL AND artifact_key IN "
            "(SELECT artifact_key FROM batch WHERE error IS NULL)"
        )
        sql = "SELECT artifact_key FROM stored.artifacts WHERE artifact_key IN (SELECT artifact_key FROM batch)"
        return [key for (key,) in connection.execute(sql).fetchall()]


def insert(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table) -> None:
    """Add rows to a table, without contents that are stored already."""
    unless = ""
    if key := table.content_key:
        unless = f"ANTI JOIN stored.{table.name} AS present ON present.{key} = batch.{key}"
    with registered(connection, rows):
        connection.execute(f"INSERT INTO stored.{table.name} BY NAME SELECT batch.* FROM batch {unless}")


def _merge_uris(connection: duckdb.DuckDBPyConnection, uris: pa.Table) -> bool:
    """Store the places of artifacts and their labels. Returns whether anything changed.

    A new label replaces the label at the same uri. Without a new label the old one stays. A quarantined uri that is
    loaded now is no longer quarantined, and neither is an archive whose members are loaded now.
    """
    with registered(connection, uris):
        connection.execute(query("merge_uris"))
        relabelled = connection.execute(
            "DELETE FROM stored.artifact_uris AS old USING merged "
            "WHERE old.artifact_key = merged.artifact_key AND old.uri = merged.uri"
        ).fetchall()
        added = connection.execute("INSERT INTO stored.artifact_uris BY NAME FROM merged").fetchall()
        replaced = connection.execute(query("forget_replaced_uris")).fetchall()
        if any("!/" in uri for uri in uris["uri"].to_pylist()):
            connection.execute(query("forget_unpacked_archives"))
        connection.execute(
            "DELETE FROM stored.artifacts WHERE error IS NOT NULL "
            "AND artifact_key NOT IN (SELECT artifact_key FROM stored.artifact_uris)"
        )
        return any(count for [(count,)] in (relabelled, added, replaced))


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, table: pa.Table) -> Iterator[None]:
    """During the block, queries read the table under the name `batch`."""
    connection.register("batch", table)
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # an aborted transaction refuses to drop it
            connection.unregister("batch")
        raise
    connection.unregister("batch")
