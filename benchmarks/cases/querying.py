"""Times of queries on one open connection, for the cases that are about views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from measure import Command, Measured, ask, python, run_once


def in_turn(
    warehouse: Path, queries: dict[str, str], repeats: int, warm_ups: int = 1, **more: Any
) -> dict[str, Measured]:
    """Seconds of each query, with all its rows fetched as Arrow; for `more` see queries.py."""
    said = {"warehouse": str(warehouse), "queries": queries, "repeats": repeats, "warm_ups": warm_ups, **more}
    answer = ask("queries.py", said=said)
    return {name: Measured(tuple(s), rows=answer["rows"][name]) for name, s in answer["seconds"].items()}


def with_peaks(warehouse: Path, queries: dict[str, str], repeats: int, **more: Any) -> dict[str, Measured]:
    """The same, with the peak memory of a process that runs the query alone."""
    found = in_turn(warehouse, queries, repeats, **more)
    commands = {name: Command(python("queries.py", warehouse, queries.get(name, name))) for name in found}
    return {name: measured._replace(peak_bytes=run_once(commands[name]).peak_bytes) for name, measured in found.items()}


def value(warehouse: Path, query: str) -> Any:
    """The one value of a query."""
    [answer] = ask("queries.py", warehouse, query)
    return answer
