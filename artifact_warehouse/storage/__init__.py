"""The DuckDB file of a warehouse: opens it, creates its tables and views, writes rows to it, and verifies it.

Knows tables and no artifacts. Only this package calls duckdb.connect.
"""

from artifact_warehouse.storage.answering import LEDGER, answers, called, ledger_after, tables_read
from artifact_warehouse.storage.atomic_file import replacement
from artifact_warehouse.storage.compaction import compact
from artifact_warehouse.storage.completing import completions
from artifact_warehouse.storage.connection import WarehouseFile
from artifact_warehouse.storage.exporting import export_tables, import_tables
from artifact_warehouse.storage.format import PRUNED_AT, get_meta, migrate, pending_changes, set_meta
from artifact_warehouse.storage.history import FileState, add_generation, check_state, file_state
from artifact_warehouse.storage.labels import require_labels
from artifact_warehouse.storage.publishing import SHELL_START, check_copy, copy, publish
from artifact_warehouse.storage.settling import settle
from artifact_warehouse.storage.sql_files import SqlFile, parameters, query
from artifact_warehouse.storage.sql_files import sql_files as deployed_files
from artifact_warehouse.storage.statistics import file_status, summary, table_sizes
from artifact_warehouse.storage.transactions import transaction
from artifact_warehouse.storage.user_queries import confine, memory_limit
from artifact_warehouse.storage.user_queries import run as run_query
from artifact_warehouse.storage.verification import broken_integrity, verify
from artifact_warehouse.storage.views import PublicViews, describe, describe_all, namespace, public_view
from artifact_warehouse.storage.writer import (
    insert,
    known_artifacts,
    known_objects,
    registered,
    stored_uris,
    write,
)

__all__ = [
    "LEDGER",
    "PRUNED_AT",
    "SHELL_START",
    "FileState",
    "PublicViews",
    "SqlFile",
    "WarehouseFile",
    "add_generation",
    "answers",
    "broken_integrity",
    "called",
    "check_copy",
    "check_state",
    "compact",
    "completions",
    "confine",
    "copy",
    "deployed_files",
    "describe",
    "describe_all",
    "export_tables",
    "file_state",
    "file_status",
    "get_meta",
    "import_tables",
    "insert",
    "known_artifacts",
    "known_objects",
    "ledger_after",
    "memory_limit",
    "migrate",
    "namespace",
    "parameters",
    "pending_changes",
    "public_view",
    "publish",
    "query",
    "registered",
    "replacement",
    "require_labels",
    "run_query",
    "set_meta",
    "settle",
    "stored_uris",
    "summary",
    "table_sizes",
    "tables_read",
    "transaction",
    "verify",
    "write",
]
