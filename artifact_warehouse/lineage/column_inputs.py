"""Reads the inputs of one manifest's column lineage: nodes, columns, code, and lineages that are known already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields

import duckdb
import msgspec
import pyarrow as pa

from artifact_warehouse.lineage.manifest_inputs import Inputs
from artifact_warehouse.lineage.resolver import Columns, KnownLineage, Node, NodeLineage
from artifact_warehouse.storage import query


@contextmanager
def _registered_ids(connection: duckdb.DuckDBPyConnection, ids: Iterable[str]) -> Iterator[None]:
    """During the block, queries read the ids under the name `ids`."""
    connection.register("ids", pa.table({"id": pa.array(sorted(ids), pa.string())}))
    yield
    connection.unregister("ids")


class Reader:
    """Reads the inputs of one manifest after the other. The columns of a relation are read once."""

    def __init__(self) -> None:
        self._columns: dict[str, Columns] = {}

    def columns(self, columns_id: str) -> Columns:
        """The columns with this id, which `read_columns` has read. An empty id has none."""
        return self._columns.get(columns_id, _UNKNOWN)

    def nodes(self, connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> list[Node]:
        """The enabled models, snapshots, seeds and sources of a manifest."""
        for name, ids in (("rendering_sets", inputs.rendering_set_ids), ("catalog_sets", inputs.catalog_set_ids)):
            columns = {"set_id": pa.array(ids, pa.string()), "place": pa.array(range(len(ids)), pa.int64())}
            connection.register(name, pa.table(columns))
        values = {"rendering_set_id": inputs.rendering_set_id, "graph_id": inputs.graph_id}
        found = connection.sql(query("manifest_nodes"), params=values).to_arrow_table()
        for name in ("rendering_sets", "catalog_sets"):
            connection.unregister(name)
        rows = zip(*(column.to_pylist() for column in found.columns), strict=True)
        names = [field.name for field in fields(Node)]
        return [Node(**dict(zip(names, row, strict=True))) for row in rows]

    def read_columns(self, connection: duckdb.DuckDBPyConnection, ids: set[str]) -> None:
        """Read the columns with these ids that were not read before."""
        if unread := ids - self._columns.keys():
            with _registered_ids(connection, unread):
                rows = connection.execute(query("columns_by_id")).fetchall()
            for id_, names, types, is_complete in rows:
                by_name = {pair["name"].lower(): pair["type"] for pair in msgspec.json.decode(types or "[]")}
                self._columns[id_] = Columns(tuple(msgspec.json.decode(names)), by_name, is_complete)


_UNKNOWN = Columns(is_complete=False)


class KnownLineages:
    """Finds lineages that are stored, or that this process has resolved."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        sql = "SELECT lineage_id, unique_id, status, columns FROM stored.column_lineages"
        stored = connection.sql(sql).to_arrow_table()
        self._columns = stored["columns"]
        ids, unique_ids, statuses = (stored[i].to_pylist() for i in range(3))
        self._stored = dict(zip(ids, zip(range(len(ids)), unique_ids, statuses, strict=True), strict=True))
        self._new: dict[str, KnownLineage] = {}

    def __len__(self) -> int:
        return len(self._stored)

    def __call__(self, lineage_id: str) -> KnownLineage | None:
        """The lineage with this id; None where there is none."""
        found = self._stored.get(lineage_id)
        if found is None:
            return self._new.get(lineage_id)
        number, unique_id, status = found
        return KnownLineage(lineage_id, unique_id, status, lambda: tuple(self._columns[number].as_py()))

    def add(self, lineage: KnownLineage | NodeLineage) -> None:
        """Add a resolved lineage that is not stored yet."""
        columns = lineage.columns
        known = KnownLineage(lineage.lineage_id, lineage.unique_id, lineage.status, lambda: columns)
        self._new[lineage.lineage_id] = known


class Codes:
    """Texts in Arrow. A text becomes a Python string when it is asked for."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ids: Collection[str]) -> None:
        self._rows: dict[str, int] = {}
        if not ids:
            return
        sql = "SELECT text_id, text FROM stored.texts WHERE text_id IN (SELECT id FROM ids)"
        with _registered_ids(connection, ids):
            texts = connection.sql(sql).to_arrow_table()
        self._texts = texts["text"]
        self._rows = {id_: row for row, id_ in enumerate(texts["text_id"].to_pylist())}

    def __call__(self, code_id: str) -> str | None:
        """The text with this id; None where there is none."""
        row = self._rows.get(code_id)
        return None if row is None else self._texts[row].as_py()
