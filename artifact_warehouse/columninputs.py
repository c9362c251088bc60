"""Reads what the column lineage of one manifest follows from: nodes, columns, code, and the lineages that are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from artifact_warehouse.column_lineage.project import Columns, KnownLineage, Node, NodeLineage
from artifact_warehouse.timeline import Inputs

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
    definitions.depends_on_nodes,
    coalesce(own.compiled_code_id, compilations.compiled_code_id) AS compiled_code_id,
    relations.catalog_relation_id,
    definitions.columns_id,
    definitions.definition_id
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

_WITH_FIELDS = "regexp_matches({}, '(?i)struct|row *\\(|object *\\(|record|tuple|nested')"
_COLUMNS = """
SELECT
    {key},
    CAST(to_json(list(column_name ORDER BY column_index NULLS LAST, column_name)) AS VARCHAR) AS names,
    CAST(
        to_json(list(struct_pack(name := column_name, type := {type})) FILTER (WHERE {has_fields})) AS VARCHAR
    ) AS types
FROM stored.{table}
WHERE {key} IN (SELECT id FROM ids) AND column_name IS NOT NULL
GROUP BY {key}
"""


@contextmanager
def _registered_ids(connection: duckdb.DuckDBPyConnection, ids: Iterable[str]) -> Iterator[None]:
    """The ids as the table `ids`, for a while."""
    connection.register("ids", pa.table({"id": pa.array(sorted(ids), pa.string())}))
    yield
    connection.unregister("ids")


class Reader:
    """Reads inputs, one manifest's after the other's; the columns of a relation only once."""

    def __init__(self) -> None:
        self._catalogued: dict[str, Columns] = {}
        self._declared: dict[str, Columns] = {}

    def nodes(self, connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> list[Node]:
        """The models, snapshots, seeds and sources of a manifest that are enabled, by their ids."""
        rows = self._rows(connection, inputs)
        relation_ids = {row["catalog_relation_id"] for row in rows if row["catalog_relation_id"]}
        self._read(connection, "catalog_columns", self._catalogued, relation_ids)
        # What a catalog describes is not asked what it declares. Definitions that declare the same share a columns_id.
        asked = [row for row in rows if row["columns_id"] and not row["catalog_relation_id"]]
        declaring = {row["columns_id"]: row["definition_id"] for row in asked}
        self._read(connection, "definition_columns", self._declared, set(declaring.values()))
        return [
            Node(
                unique_id=row["unique_id"],
                resource_type=row["resource_type"],
                name=row["name"],
                alias=row["alias"],
                database=row["database_name"],
                schema=row["schema_name"],
                relation_name=row["relation_name"],
                materialized=row["materialized"],
                language=row["language"],
                parents=tuple(row["depends_on_nodes"] or ()),
                code_id=row["compiled_code_id"],
                catalogued=self._catalogued.get(row["catalog_relation_id"]),
                declared=self._declared.get(declaring.get(row["columns_id"], ""), _UNDECLARED),
            )
            for row in rows
        ]

    def _rows(self, connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> list[dict[str, Any]]:
        for name, ids in (("rendering_sets", inputs.rendering_set_ids), ("catalog_sets", inputs.catalog_set_ids)):
            columns = {"set_id": pa.array(ids, pa.string()), "place": pa.array(range(len(ids)), pa.int64())}
            connection.register(name, pa.table(columns))
        found = connection.sql(_NODES, params=[inputs.rendering_set_id, inputs.graph_id])
        rows: list[dict[str, Any]] = found.to_arrow_table().to_pylist()
        for name in ("rendering_sets", "catalog_sets"):
            connection.unregister(name)
        return sorted(rows, key=lambda row: str(row["unique_id"]))

    def _read(
        self, connection: duckdb.DuckDBPyConnection, table: str, found: dict[str, Columns], ids: set[str]
    ) -> None:
        """Add what is not there yet to the columns that were found."""
        key, type_ = ("catalog_relation_id", "data_type")
        if is_declared := table == "definition_columns":
            key, type_ = ("definition_id", "declared_data_type")
        query = _COLUMNS.format(table=table, key=key, type=type_, has_fields=_WITH_FIELDS.format(type_))
        with _registered_ids(connection, ids - found.keys()):
            rows = connection.execute(query).fetchall()
        for id_, names, types in rows:
            fields = {pair["name"].lower(): pair["type"] for pair in msgspec.json.decode(types or "[]")}
            found[id_] = Columns(tuple(msgspec.json.decode(names)), fields, is_complete=not is_declared)


_UNDECLARED = Columns(is_complete=False)


class KnownLineages:
    """The lineages that are stored, and those that this process has resolved."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        query = "SELECT lineage_id, unique_id, status, columns FROM stored.column_lineages"
        self._stored = connection.sql(query).to_arrow_table()
        self._rows = {id_: row for row, id_ in enumerate(self._stored["lineage_id"].to_pylist())}
        self._new: dict[str, KnownLineage] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __call__(self, lineage_id: str) -> KnownLineage | None:
        """The lineage of that id."""
        row = self._rows.get(lineage_id)
        if row is None:
            return self._new.get(lineage_id)
        unique_id, status, columns = (self._stored[i][row].as_py() for i in (1, 2, 3))
        return KnownLineage(lineage_id, unique_id, status, tuple(columns))

    def add(self, lineage: KnownLineage | NodeLineage) -> None:
        """Note a lineage that is resolved, and not stored yet."""
        fields = (lineage.lineage_id, lineage.unique_id, lineage.status, lineage.columns)
        self._new[lineage.lineage_id] = KnownLineage(*fields)


class Codes:
    """Some texts, turned into Python's only when they are asked for."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ids: Collection[str]) -> None:
        query = "SELECT text_id, text FROM stored.texts WHERE text_id IN (SELECT id FROM ids)"
        with _registered_ids(connection, ids):
            texts = connection.sql(query).to_arrow_table()
        self._texts = texts["text"]
        self._rows = {id_: row for row, id_ in enumerate(texts["text_id"].to_pylist())}

    def __call__(self, code_id: str) -> str | None:
        """The text of that id; None where there is none."""
        row = self._rows.get(code_id)
        return None if row is None else self._texts[row].as_py()
