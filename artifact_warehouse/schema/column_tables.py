"""The tables of column-level lineage: see `tables`, which has all others, for what holds of them all.

A lineage follows from nothing but the code of a node and the columns of what that reads: it is stored once, however
many manifests have the same code over the same columns.
"""

from __future__ import annotations

from artifact_warehouse.schema.spec import ARTIFACT_KEY, UNIQUE_ID, Column, Table

LINEAGE_ID = Column("lineage_id", "VARCHAR", "The lineage: see stored.column_lineages.")
FROM_UNIQUE_ID = Column(
    "from_unique_id", "VARCHAR", "The node that is read; the name, as written, of a relation that is no parent."
)
FROM_COLUMN = Column("from_column", "VARCHAR", "The column that is read.")
CONFIDENCE = Column("confidence", "DOUBLE", "How sure that is: 1.0 among known columns, down to 0.3 by name only.")

COLUMN_LINEAGES = Table(
    "column_lineages",
    "Where the columns of a node come from, once for each distinct code over the same columns of its parents.",
    (
        Column("lineage_id", "VARCHAR", "The BLAKE2b-128 of all that it follows from, in hex."),
        UNIQUE_ID,
        Column("status", "VARCHAR", "resolved, partial, failed, not_compiled or not_sql."),
        Column("dialect", "VARCHAR", "The SQL dialect it was read in; NULL for none in particular."),
        Column("columns", "VARCHAR[]", "Its columns: a catalog's, else those that its SQL selects, else the declared."),
        Column("column_count", "BIGINT", "How many columns it has."),
        Column("resolved_count", "BIGINT", "Of how many it is known where they come from."),
        Column("unresolved_columns", "VARCHAR[]", "Those of which it is not."),
        Column("error", "VARCHAR", "Why the code could not be read, or which names in it belong to nothing."),
        Column("repair", "VARCHAR", "What had to be done to the code before it could be read."),
        Column("resolver", "VARCHAR", "The versions of the resolver and of the parser."),
    ),
    content_key="lineage_id",
)

COLUMN_EDGES = Table(
    "column_edges",
    "The columns that flow into the columns of a node.",
    (
        LINEAGE_ID,
        FROM_UNIQUE_ID,
        FROM_COLUMN,
        Column("to_column", "VARCHAR", "The node's column that it flows into."),
        Column("kind", "VARCHAR", "passthrough, rename, cast, field, transform, aggregation, window or condition."),
        CONFIDENCE,
        Column("method", "VARCHAR", "sql where the code says so; name where only the names are the same."),
    ),
    content_key="lineage_id",
)

COLUMN_USES = Table(
    "column_uses",
    "The columns that shape the rows of a node without flowing into its columns.",
    (
        LINEAGE_ID,
        FROM_UNIQUE_ID,
        FROM_COLUMN,
        Column("kind", "VARCHAR", "join, filter, group or sort."),
        CONFIDENCE,
    ),
    content_key="lineage_id",
)

COLUMN_LINEAGE_SETS = Table(
    "column_lineage_sets",
    "The lineages of all nodes of a manifest, which follow from its inputs.",
    (
        Column("inputs_id", "VARCHAR", "The BLAKE2b-128 of all inputs: versions, manifests and catalogs, in hex."),
        Column("set_id", "VARCHAR", "The set of lineages: see stored.set_members."),
    ),
    content_key="inputs_id",
)

MANIFEST_COLUMN_LINEAGES = Table(
    "manifest_column_lineages",
    "The inputs from which the lineages of a manifest's columns were resolved.",
    (
        ARTIFACT_KEY,
        Column("inputs_id", "VARCHAR", "The inputs: see stored.column_lineage_sets."),
        Column("timeline_id", "VARCHAR", "What names those inputs now: another id once some of them are pruned."),
    ),
)

COLUMN_TABLES = (COLUMN_LINEAGES, COLUMN_EDGES, COLUMN_USES, COLUMN_LINEAGE_SETS, MANIFEST_COLUMN_LINEAGES)
"""All of them, in the order in which they are written."""
