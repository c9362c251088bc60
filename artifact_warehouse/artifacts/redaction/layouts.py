"""The fields of artifacts that hold identifiers and code. They are not searched for secrets.

All other values are searched, those of unknown sections and fields too.
Fields: https://schemas.getdbt.com/ and, up to dbt 0.18, the artifacts themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Layout(NamedTuple):
    """The layout of an object: its fields with identifiers, and its fields whose objects have a layout of their own."""

    kept: frozenset[str] = frozenset()
    within: Mapping[str, Layout] = {}
    each: Mapping[str, Layout] = {}
    """Fields that hold a list of objects, or objects by name. The name of an object is not the key of a secret."""


FREE = Layout()
"""An object without known fields."""

CODE = frozenset(
    {
        *("raw_code", "raw_sql", "compiled_code", "compiled_sql", "injected_sql", "wrapped_sql", "macro_sql"),
        *("_pre_injected_sql", "extra_ctes", "generated_sql_file"),
    }
)
"""Fields with code, at any depth. Code may use the words of secrets, as in `token = a.token`."""

_METADATA = Layout(
    kept=frozenset(
        {
            *("dbt_schema_version", "dbt_version", "generated_at", "invocation_id", "invocation_started_at"),
            *("run_started_at", "project_id", "project_name", "adapter_type", "user_id"),
        }
    )
)
_ARGS = Layout(kept=frozenset({"target", "which", "rpc_method"}))

_COLUMN = Layout(kept=frozenset({"name", "index", "type", "data_type"}))
_RELATION = Layout(kept=frozenset({"type", "database", "schema", "name"}))
_STATISTIC = Layout(kept=frozenset({"id", "include"}))
_NODE = Layout(
    kept=frozenset(
        {
            *("unique_id", "resource_type", "package_name", "name", "alias", "fqn", "path", "original_file_path"),
            *("patch_path", "root_path", "file_key_name", "database", "schema", "relation_name", "identifier"),
            *("source_name", "checksum", "created_at", "depends_on", "refs", "sources", "metrics", "functions"),
            *("attached_node",),
        }
    ),
    each={"columns": _COLUMN},
)
_CATALOG_NODE = Layout(
    kept=frozenset({"unique_id"}), within={"metadata": _RELATION}, each={"columns": _COLUMN, "stats": _STATISTIC}
)
_RESULT = Layout(
    kept=frozenset(
        {
            *("unique_id", "status", "state", "timing", "thread_id", "execution_time", "compiled", "relation_name"),
            *("max_loaded_at", "snapshotted_at", "max_loaded_at_time_ago_in_s", "age"),
        }
    ),
    within={"node": _NODE},
)
_MANIFEST_SECTIONS = (
    *("nodes", "sources", "macros", "docs", "exposures", "reports", "metrics", "groups", "semantic_models"),
    *("saved_queries", "unit_tests", "functions"),
)
_DISABLED = Layout(kept=_NODE.kept, each=_NODE.each)

LAYOUTS = {
    "manifest": Layout(
        kept=frozenset({"parent_map", "child_map", "docs_map", "generated_at"}),
        within={"metadata": _METADATA},
        each=dict.fromkeys(_MANIFEST_SECTIONS, _NODE) | {"disabled": _DISABLED},
    ),
    "run_results": Layout(
        kept=frozenset({"generated_at", "elapsed_time"}),
        within={"metadata": _METADATA, "args": _ARGS},
        each={"results": _RESULT},
    ),
    "catalog": Layout(
        kept=frozenset({"generated_at"}),
        within={"metadata": _METADATA},
        each={"nodes": _CATALOG_NODE, "sources": _CATALOG_NODE},
    ),
    "sources": Layout(
        kept=frozenset({"generated_at", "elapsed_time"}),
        within={"metadata": _METADATA, "meta": _METADATA},
        each={"results": _RESULT, "sources": _RESULT},
    ),
    "semantic_manifest": Layout(within={"metadata": _METADATA}),
    "run": Layout(kept=frozenset({"outcome", "started_at", "completed_at"}), within={"metadata": _METADATA}),
}
_RECORD = Layout(
    kept=frozenset({"record_type", "span_id", "parent_span_id", "started_at", "completed_at", "event"}),
    within={
        "attributes": Layout(
            kept=frozenset(
                {
                    *("unique_id", "name", "node_type", "materialization", "database", "schema", "identifier"),
                    *("relative_path", "node_outcome", "phase", "invocation_id", "node_checksum", "sql_hash"),
                }
            ),
            within={"eval_args": _ARGS},
        )
    },
)
LAYOUTS["telemetry"] = Layout(within={"metadata": _METADATA}, each={"records": _RECORD})
LAYOUTS["information_schema"] = Layout(
    within={"metadata": _METADATA}, each={"results": _RESULT, "invocations": Layout(kept=frozenset({"target_name"}))}
)
LAYOUTS["freshness"] = LAYOUTS["information_schema_freshness"] = LAYOUTS["sources"]
"""The layout of each kind of artifact. Column lineage (Parquet) has identifiers only."""
