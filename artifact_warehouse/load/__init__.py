"""Loads artifacts. Worker processes, or this one, flatten them; this one writes them in a few short transactions.

The warehouse is open only while it is read or written. A small load keeps it open while artifacts are parsed, too.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from artifact_warehouse.load.batches import Flattener, Outcome, Policy
from artifact_warehouse.load.settings import LoadSettings

if TYPE_CHECKING:
    from artifact_warehouse.load.loader import LoadReport, Progress, artifact_uris, load, load_source

__all__ = [
    "Flattener",
    "LoadReport",
    "LoadSettings",
    "Outcome",
    "Policy",
    "Progress",
    "artifact_uris",
    "load",
    "load_source",
]


def __getattr__(name: str) -> Any:
    """Import the loader at its first use. Workers do without it, and start sooner without duckdb."""
    if name in __all__:
        return getattr(import_module("artifact_warehouse.load.loader"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
