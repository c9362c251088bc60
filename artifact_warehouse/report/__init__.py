"""What people look at: the report, one HTML file with the whole history, the status tile of an exposure, and pictures.

Reads the public views, and writes no table.
"""

from artifact_warehouse.report.history import History, find_history
from artifact_warehouse.report.rendering import Report, render_report
from artifact_warehouse.report.tile import TILE_FORMATS, Tile, exposure_tile
from artifact_warehouse.report.timeline import Timeline, find_timeline

__all__ = [
    "TILE_FORMATS",
    "History",
    "Report",
    "Tile",
    "Timeline",
    "exposure_tile",
    "find_history",
    "find_timeline",
    "render_report",
]
