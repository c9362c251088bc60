"""What people look at: the report, one HTML file with the whole history, and the status tile of an exposure.

Reads the public views, and writes no table.
"""

from artifact_warehouse.report.rendering import Report, render_report
from artifact_warehouse.report.tile import TILE_FORMATS, Tile, exposure_tile

__all__ = [
    "TILE_FORMATS",
    "Report",
    "Tile",
    "exposure_tile",
    "render_report",
]
