"""The report: one HTML file with the whole history of a warehouse. Reads the public views, and writes no table."""

from artifact_warehouse.report.rendering import Report, render_report

__all__ = [
    "Report",
    "render_report",
]
