"""A client of the server on this machine."""

from __future__ import annotations

from typing import NamedTuple

HERE = "http://127.0.0.1"
CALLER = ("127.0.0.1", 50000)


class Numbers(NamedTuple):
    """Numbers of an environment and of its jobs."""

    prod: int
    nightly: int
    freshness: int


ESCAPES = (
    "SELECT * FROM read_text('/etc/passwd')",
    "FROM glob('/etc/*')",
    "ATTACH '/tmp/other.duckdb'",
    "COPY v1.models TO '/tmp/escaped.csv'",
    "INSTALL httpfs",
    "SET enable_external_access = true",
    "CREATE SECRET (TYPE s3)",
    "DROP VIEW v1.models",
    "RESET lock_configuration",
)
"""What a query must not do: one of each kind."""

MORE_ESCAPES = (
    "SELECT * FROM read_csv('/etc/passwd')",
    "FROM '/etc/passwd'",
    "FROM 'https://example.com/x.csv'",
    "ATTACH ':memory:' AS other",
    "COPY (SELECT 1) TO '/tmp/escaped.csv'",
    "EXPORT DATABASE '/tmp/escaped'",
    "IMPORT DATABASE '/tmp/escaped'",
    "LOAD httpfs",
    "SET memory_limit = '100GB'",
    "SET threads = 1000",
    "PRAGMA enable_logging",
    "CREATE TABLE v1.x AS SELECT 1",
    "CREATE OR REPLACE VIEW v1.models AS SELECT 1",
    "DELETE FROM stored.artifacts",
    "SELECT 1; DROP VIEW v1.models",
    "SELECT getenv('HOME')",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "SELECT repeat('x', 1000000000) FROM range(1000)",
    "SELECT",
)
"""More of them, among these what would take all time or memory."""
