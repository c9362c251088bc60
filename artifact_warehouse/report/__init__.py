"""What people look at: the report, one HTML file with the whole history, and the status tile of an exposure.

Reads the public views, and writes no table.
"""

from artifact_warehouse.report.rendering import Report, render_report
from artifact_warehouse.report.tile import Tile, exposure_tile

__all__ = [
    "Report",
    "Tile",
    "exposure_tile",
    "render_report",
]
