"""Loads artifacts: this process, or several, flatten them; this process writes them in a few short transactions.

The warehouse is open only while it is read or written, and not while artifacts are parsed, unless these are small.
"""

from artifact_warehouse.load.batches import Policy
from artifact_warehouse.load.loader import LoadReport, Progress, load, load_source
from artifact_warehouse.load.settings import LoadSettings

__all__ = [
    "LoadReport",
    "LoadSettings",
    "Policy",
    "Progress",
    "load",
    "load_source",
]
