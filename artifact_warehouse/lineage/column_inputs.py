"""Reads what the column lineage of one manifest follows from: nodes, columns, code, and the lineages that are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields

import duckdb
import msgspec
import pyarrow as pa

from artifact_warehouse.lineage.manifest_inputs import Inputs
from artifact_warehouse.lineage.resolver import Columns, KnownLineage, Node, NodeLineage

_NODES = """
WITH own AS (
    SELECT renderings.*
    FROM stored.set_members AS members
    INNER JOIN stored.renderings AS renderings ON renderings.rendering_id = members.member_id
    WHERE members.set_id = $1
),

-- What is not compiled in the manifest was perhaps compiled in an earlier one, to the same.
compilations AS (
    SELECT
        renderings.definition_id,
        arg_max(
            renderings.compiled_code_id, struct_pack(at := sets.place, id := renderings.rendering_id)
        ) AS compiled_code_id
    FROM rendering_sets AS sets
    INNER JOIN stored.set_members AS members ON members.set_id = sets.set_id
    INNER JOIN stored.renderings AS renderings ON renderings.rendering_id = members.member_id
    WHERE
        renderings.compiled_code_id IS NOT NULL
        AND renderings.definition_id IN (SELECT definition_id FROM own WHERE compiled_code_id IS NULL)
    GROUP BY renderings.definition_id
),

relations AS (
    SELECT
        relations.unique_id,
        arg_max(
            relations.catalog_relation_id, struct_pack(at := sets.place, id := relations.catalog_relation_id)
        ) AS catalog_relation_id
    FROM catalog_sets AS sets
    INNER JOIN stored.set_members AS members ON members.set_id = sets.set_id
    INNER JOIN stored.catalog_relations AS relations ON relations.catalog_relation_id = members.member_id
    WHERE relations.catalog_relation_id IN (SELECT catalog_relation_id FROM stored.catalog_columns)
    GROUP BY relations.unique_id
)

SELECT
    definitions.unique_id,
    definitions.resource_type,
    coalesce(definitions.name, '') AS name,
    coalesce(own.alias, definitions.name, '') AS alias,
    own.database_name,
    own.schema_name,
    own.relation_name,
    definitions.materialized,
    definitions.language,
    coalesce(definitions.depends_on_nodes, []) AS depends_on_nodes,
    coalesce(own.compiled_code_id, compilations.compiled_code_id) AS compiled_code_id,
    relations.catalog_relation_id,
    definitions.columns_id
FROM stored.set_members AS members
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = members.member_id
LEFT JOIN own ON own.definition_id = definitions.definition_id
LEFT JOIN compilations ON compilations.definition_id = definitions.definition_id
LEFT JOIN relations ON relations.unique_id = definitions.unique_id
WHERE
    members.set_id = $2
    AND definitions.is_shadowed IS NULL
    AND coalesce(definitions.is_enabled, TRUE)
    AND definitions.resource_type IN ('model', 'snapshot', 'seed', 'source')
QUALIFY row_number() OVER (PARTITION BY definitions.unique_id ORDER BY own.rendering_id) = 1
"""

_DECLARED = """(
    SELECT definitions.columns_id, columns.*
    FROM stored.definition_columns AS columns
    INNER JOIN (
        SELECT columns_id, min(definition_id) AS definition_id FROM stored.definitions GROUP BY columns_id
    ) AS definitions ON definitions.definition_id = columns.definition_id
)"""
"""Definitions that declare the same columns share a columns_id: one of them tells for all."""

_COLUMNS = tuple(
    f"""
    SELECT
        {key},
        CAST(to_json(list(column_name ORDER BY column_index NULLS LAST, column_name)) AS VARCHAR) AS names,
        CAST(
            to_json(
                list(struct_pack(name := column_name, type := {data_type}))
                FILTER (WHERE regexp_matches({data_type}, '(?i)struct|row *\\(|object *\\(|record|tuple|nested'))
            ) AS VARCHAR
        ) AS types,
        {is_complete} AS is_complete
    FROM {table}
    WHERE {key} IN (SELECT id FROM ids) AND column_name IS NOT NULL
    GROUP BY {key}
    """
    for table, key, data_type, is_complete in (
        ("stored.catalog_columns", "catalog_relation_id", "data_type", True),
        (_DECLARED, "columns_id", "declared_data_type", False),
    )
)
"""The columns of some ids, as JSON: names, and the types of those that have fields."""


@contextmanager
def _registered_ids(connection: duckdb.DuckDBPyConnection, ids: Iterable[str]) -> Iterator[None]:
    """The ids as the table `ids`, for a while."""
    connection.register("ids", pa.table({"id": pa.array(sorted(ids), pa.string())}))
    yield
    connection.unregister("ids")


class Reader:
    """Reads inputs, one manifest's after the other's; the columns of a relation only once."""

    def __init__(self) -> None:
        self._columns: dict[str, Columns] = {}

    def columns(self, columns_id: str) -> Columns:
        """The columns of an id that were read; none for an empty one."""
        return self._columns.get(columns_id, _UNKNOWN)

    def nodes(self, connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> list[Node]:
        """The models, snapshots, seeds and sources of a manifest that are enabled."""
        for name, ids in (("rendering_sets", inputs.rendering_set_ids), ("catalog_sets", inputs.catalog_set_ids)):
            columns = {"set_id": pa.array(ids, pa.string()), "place": pa.array(range(len(ids)), pa.int64())}
            connection.register(name, pa.table(columns))
        found = connection.sql(_NODES, params=[inputs.rendering_set_id, inputs.graph_id]).to_arrow_table()
        for name in ("rendering_sets", "catalog_sets"):
            connection.unregister(name)
        rows = zip(*(column.to_pylist() for column in found.columns), strict=True)
        names = [field.name for field in fields(Node)]
        return [Node(**dict(zip(names, row, strict=True))) for row in rows]

    def read_columns(self, connection: duckdb.DuckDBPyConnection, ids: set[str]) -> None:
        """Read the columns of these ids, as far as they are not read yet."""
        for query in _COLUMNS if ids - self._columns.keys() else ():
            with _registered_ids(connection, ids - self._columns.keys()):
                rows = connection.execute(query).fetchall()
            for id_, names, types, is_complete in rows:
                by_name = {pair["name"].lower(): pair["type"] for pair in msgspec.json.decode(types or "[]")}
                self._columns[id_] = Columns(tuple(msgspec.json.decode(names)), by_name, is_complete)


_UNKNOWN = Columns(is_complete=False)


class KnownLineages:
    """The lineages that are stored, and those that this process has resolved."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        query = "SELECT lineage_id, unique_id, status, columns FROM stored.column_lineages"
        stored = connection.sql(query).to_arrow_table()
        self._columns = stored["columns"]
        ids, unique_ids, statuses = (stored[i].to_pylist() for i in range(3))
        self._stored = dict(zip(ids, zip(range(len(ids)), unique_ids, statuses, strict=True), strict=True))
        self._new: dict[str, KnownLineage] = {}

    def __len__(self) -> int:
        return len(self._stored)

    def __call__(self, lineage_id: str) -> KnownLineage | None:
        """The lineage of that id."""
        found = self._stored.get(lineage_id)
        if found is None:
            return self._new.get(lineage_id)
        number, unique_id, status = found
        return KnownLineage(lineage_id, unique_id, status, lambda: tuple(self._columns[number].as_py()))

    def add(self, lineage: KnownLineage | NodeLineage) -> None:
        """Note a lineage that is resolved, and not stored yet."""
        columns = lineage.columns
        known = KnownLineage(lineage.lineage_id, lineage.unique_id, lineage.status, lambda: columns)
        self._new[lineage.lineage_id] = known


class Codes:
    """Some texts, turned into Python's only when they are asked for."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ids: Collection[str]) -> None:
        self._rows: dict[str, int] = {}
        if not ids:
            return
        query = "SELECT text_id, text FROM stored.texts WHERE text_id IN (SELECT id FROM ids)"
        with _registered_ids(connection, ids):
            texts = connection.sql(query).to_arrow_table()
        self._texts = texts["text"]
        self._rows = {id_: row for row, id_ in enumerate(texts["text_id"].to_pylist())}

    def __call__(self, code_id: str) -> str | None:
        """The text of that id; None where there is none."""
        row = self._rows.get(code_id)
        return None if row is None else self._texts[row].as_py()
