"""The tables of column lineage. `tables` has all other tables, and the rules for all of them.

A lineage depends only on the code of a node and on the columns of the relations that the code reads. It is stored
once, however many manifests have the same code and the same columns.
"""

from __future__ import annotations

from artifact_warehouse.schema.spec import ARTIFACT_KEY, UNIQUE_ID, Column, Table

LINEAGE_ID = Column("lineage_id", "VARCHAR", "The lineage: see stored.column_lineages.")
FROM_UNIQUE_ID = Column(
    "from_unique_id", "VARCHAR", "The node that is read; for a relation that is not a parent, its name in the code."
)
FROM_COLUMN = Column("from_column", "VARCHAR", "The column that is read.")
CONFIDENCE = Column(
    "confidence",
    "DOUBLE",
    "How certain it is: from 1.0, found among known columns, down to 0.3, matched by name only.",
)

COLUMN_LINEAGES = Table(
    "column_lineages",
    "Where the columns of a node come from, once for each distinct code over the same columns of its parents.",
    (
        Column("lineage_id", "VARCHAR", "The BLAKE2b-128 of everything that the lineage depends on, in hex."),
        UNIQUE_ID,
        Column("status", "VARCHAR", "resolved, partial, failed, not_compiled or not_sql."),
        Column("dialect", "VARCHAR", "The SQL dialect in which the code was parsed; NULL for the general one."),
        Column("columns", "VARCHAR[]", "The columns of the node: from a catalog, else from its SQL, else as declared."),
        Column("column_count", "BIGINT", "How many columns the node has."),
        Column("resolved_count", "BIGINT", "How many of these columns have a known origin."),
        Column("unresolved_columns", "VARCHAR[]", "The columns without a known origin."),
        Column("error", "VARCHAR", "Why the code could not be parsed, or which names in it have no relation."),
        Column("repair", "VARCHAR", "The change to the code that made it parseable."),
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
        Column("to_column", "VARCHAR", "The column of the node that it flows into."),
        Column("kind", "VARCHAR", "passthrough, rename, cast, field, transform, aggregation, window or condition."),
        CONFIDENCE,
        Column("method", "VARCHAR", "sql where the code names the column; name where only the names are equal."),
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
    "One row per inputs_id: the set of lineages of a manifest that these inputs give.",
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
        Column(
            "timeline_id",
            "VARCHAR",
            "inputs_id; after a prune, the same hash of the inputs that are left.",
        ),
    ),
)

COLUMN_TABLES = (COLUMN_LINEAGES, COLUMN_EDGES, COLUMN_USES, COLUMN_LINEAGE_SETS, MANIFEST_COLUMN_LINEAGES)
"""The tables of this module, in the order in which they are written."""
