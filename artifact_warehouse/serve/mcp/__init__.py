"""The tools of the Model Context Protocol. Needs the extra `mcp`."""

from artifact_warehouse.serve.mcp.server import http_sessions, run, server
from artifact_warehouse.serve.mcp.tools import Tools

__all__ = ["Tools", "http_sessions", "run", "server"]
