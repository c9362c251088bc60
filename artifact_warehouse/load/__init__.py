"""A load: input is flattened in this process or in several, and written in few short transactions.

The warehouse is open only while something is read from it or written to it, never while input is parsed.
"""

from artifact_warehouse.load.batches import Policy
from artifact_warehouse.load.loader import LoadReport, Progress, load
from artifact_warehouse.load.settings import LoadSettings

__all__ = [
    "LoadReport",
    "LoadSettings",
    "Policy",
    "Progress",
    "load",
]
