"""Answers other tools over HTTP: GraphQL as dbt's APIs speak it, metrics, tiles, and tools for agents.

A front end beside the command line: it knows the facade, and no other upper room. The only room with starlette,
uvicorn, graphql-core, prometheus-client and mcp. They are imported when a name that needs them is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from artifact_warehouse.serve.access import is_loopback
    from artifact_warehouse.serve.application import app
    from artifact_warehouse.serve.graphql import schema_text
    from artifact_warehouse.serve.limits import RequestLimits
    from artifact_warehouse.serve.mcp import run as run_mcp
    from artifact_warehouse.serve.numbered import known_ids
    from artifact_warehouse.serve.server import listen, run

__all__ = ["RequestLimits", "app", "is_loopback", "known_ids", "listen", "run", "run_mcp", "schema_text"]

_MODULES = {
    "RequestLimits": "limits",
    "app": "application",
    "is_loopback": "access",
    "known_ids": "numbered",
    "listen": "server",
    "run": "server",
    "run_mcp": "mcp",
    "schema_text": "graphql",
}


def __getattr__(name: str) -> Any:
    """Import a name at its first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES[name]}")
    return getattr(module, "run" if name == "run_mcp" else name)
