"""How DuckDB is configured before it opens a file, and in which format it writes new ones."""

from __future__ import annotations

from typing import Any

CONFIG: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}

STORAGE_VERSION = "v1.3.0"
"""Readable by DuckDB 1.3 to 2.0, and a third of the size of what 1.2 can read."""
