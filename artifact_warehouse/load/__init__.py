"""Loads artifacts. Worker processes, or this one, flatten them; this one writes them in a few short transactions.

The warehouse is open only while it is read or written. A small load keeps it open while artifacts are parsed, too.
"""

from artifact_warehouse.load.batches import Flattener, Outcome, Policy
from artifact_warehouse.load.loader import LoadReport, Progress, artifact_uris, load, load_source
from artifact_warehouse.load.settings import LoadSettings

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
