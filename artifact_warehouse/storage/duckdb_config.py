"""How DuckDB is configured before it opens a file, and in which format it writes new ones."""

from __future__ import annotations

import re
from typing import Any

CONFIG: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}

STORAGE_VERSION = "v1.3.0"
"""Readable by DuckDB 1.3 to 2.0, and a third of the size of what 1.2 can read."""


def loses_matches(version: str) -> bool:
    """Whether the optimizer `common_subplan` of a release of DuckDB can lose matches of a LEFT JOIN.

    It can where two joined views share a part of their queries. 2.0.0 and 2.0.1 lose rows of the query in
    tests/contract/test_duckdb_range.py; 1.4.5, which has no such optimizer, 1.5.0 and 1.5.5 lose none. No release is
    known to mend it, so the range is open at its end.
    """
    return int(re.split(r"\D", version, maxsplit=1)[0] or 0) >= 2
