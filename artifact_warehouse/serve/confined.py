"""Runs SQL of others on a snapshot, in a process of its own: its limits of memory and time are the process's.

`artifact-warehouse query` confines it: it reads this file only, writes nothing and changes no setting.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from artifact_warehouse.errors import QueryFailed

_START_SECONDS = 15
"""How much longer than the query its process may live: it starts, and it writes the rows."""


def run_confined(path: Path, sql: str, seconds: float, memory_bytes: int) -> list[dict[str, Any]]:
    """All rows of a query. Raises QueryFailed."""
    limits = ["--timeout", f"{seconds:g}", "--memory-limit", f"{memory_bytes}B", "--format", "json"]
    call = [sys.executable, "-m", "artifact_warehouse", "query", str(path), "-", *limits]
    try:
        done = subprocess.run(
            call, input=sql, capture_output=True, text=True, timeout=seconds + _START_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise QueryFailed(f"the query took longer than {seconds:g} seconds; select less") from error
    if done.returncode:
        reason = done.stderr.strip().rpartition("Error: ")[2] or "the query ended its process; select less"
        raise QueryFailed(reason.replace(str(path), "the warehouse"))
    rows: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return rows
