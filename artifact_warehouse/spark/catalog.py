"""Where the tables and views lie in Spark's catalog, and how a Spark must be configured for them."""

from __future__ import annotations

from dataclasses import dataclass

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}
"""What every session needs. All times are UTC and have no zone."""


@dataclass(frozen=True)
class Catalog:
    """The schemas of a warehouse in Spark: `stored`, `settled`, `internal` and `v1`, each with the prefix.

    `tables` is the catalog of the tables, such as one of Iceberg; by default Spark's own, which has the views anyhow.
    """

    prefix: str = ""
    tables: str | None = None
    table_format: str = "parquet"

    def schema(self, name: str) -> str:
        """The schema of that name, with its catalog where it has tables."""
        catalog = f"{self.tables}." if self.tables and name in ("stored", "settled") else ""
        return f"{catalog}{self.prefix}{name}"

    def settled(self, view: str) -> str:
        """The table that has the rows of a view that DuckDB answers."""
        return f"{self.schema('settled')}.{view.replace('.', '_')}"
