"""What people look at in a browser: the report of the newest snapshot, and a page for SQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from artifact_warehouse.errors import QueryFailed
from artifact_warehouse.serve.confined import run_confined
from artifact_warehouse.serve.limits import RequestLimits
from artifact_warehouse.serve.snapshots import Snapshot
from artifact_warehouse.warehouse import Warehouse

SQL_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

REPORT_POLICY = "frame-ancestors 'self'"
"""The report has its own policy in itself, with the hashes of its script and style."""

SQL_PAGE_FILES = {"page.html": "text/html", "script.js": "text/javascript", "style.css": "text/css"}

MOST_ROWS = 1_000
"""How many rows of a result the page shows."""

_RENDERING = threading.Lock()
"""One report is made at a time: others that ask for the same one then find it."""


@dataclass(frozen=True)
class Page:
    """A report that was made of a snapshot."""

    html: bytes

    @property
    def nbytes(self) -> int:
        """The size of the page."""
        return len(self.html)


def report_page(snapshot: Snapshot, wanted: Mapping[str, str]) -> bytes:
    """The report, made once for each snapshot and choice. Raises ValueError for `days` that is no number."""
    labels: dict[str, Any] = {name: wanted[name] for name in ("project", "environment", "job") if wanted.get(name)}
    if days := wanted.get("days"):
        if not days.isdecimal() or not 0 < int(days) < 100_000:
            raise ValueError("`days` is a whole number of days")
        labels["days"] = int(days)
    key = ("report", tuple(sorted(labels.items())))
    with _RENDERING:
        page: Page | None = snapshot.recent.get(key)
        if page is None:
            with Warehouse(snapshot.path, read_only=True) as warehouse:
                page = Page(warehouse.report(**labels).html.encode())
            snapshot.recent.keep(key, page)
    return page.html


def run_sql(snapshot: Snapshot, sql: str, is_plan: bool, limits: RequestLimits) -> dict[str, Any]:
    """The first rows of a query, or its plan; or why there are none."""
    began = time.monotonic()
    try:
        rows = run_confined(
            snapshot.path, f"EXPLAIN {sql}" if is_plan else sql, limits.seconds, limits.memory_bytes // 4
        )
    except QueryFailed as error:
        return {"error": str(error)}
    return {
        "rows": rows[:MOST_ROWS],
        "row_count": len(rows),
        "is_cut": len(rows) > MOST_ROWS,
        "seconds": time.monotonic() - began,
    }


def sql_page_text(name: str) -> str:
    """A file of the SQL page."""
    return (files("artifact_warehouse.serve") / "sql_page" / name).read_text(encoding="utf-8")
