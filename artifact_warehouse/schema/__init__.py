"""The tables of a warehouse file: each is declared once, as names, DuckDB types and comments."""

from artifact_warehouse.schema.column_tables import (
    COLUMN_EDGES,
    COLUMN_LINEAGE_SETS,
    COLUMN_LINEAGES,
    COLUMN_USES,
    MANIFEST_COLUMN_LINEAGES,
)
from artifact_warehouse.schema.ids import hash_text
from artifact_warehouse.schema.spec import Column, Table
from artifact_warehouse.schema.tables import (
    ALERT_EVENTS,
    ALERT_MESSAGES,
    ARTIFACT_URIS,
    BY_NAME,
    FORMAT_VERSION,
    SET_MEMBERS,
    TABLES,
)
from artifact_warehouse.schema.timestamps import normalise_time, to_utc

__all__ = [
    "ALERT_EVENTS",
    "ALERT_MESSAGES",
    "ARTIFACT_URIS",
    "BY_NAME",
    "COLUMN_EDGES",
    "COLUMN_LINEAGES",
    "COLUMN_LINEAGE_SETS",
    "COLUMN_USES",
    "FORMAT_VERSION",
    "MANIFEST_COLUMN_LINEAGES",
    "SET_MEMBERS",
    "TABLES",
    "Column",
    "Table",
    "hash_text",
    "normalise_time",
    "to_utc",
]
