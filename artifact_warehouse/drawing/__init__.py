"""Pictures and tables of notebooks: they carry their style, need no script, and have the marks of the report's page.

Knows no database and no other room. Its style sheets and its layout of graphs serve the page, too.
"""

from artifact_warehouse.drawing.graph_layout import Layout, layout, spread
from artifact_warehouse.drawing.html import document, folded, heading, indented, lines, listing, marked, sentence
from artifact_warehouse.drawing.marks import glyph, result_bar
from artifact_warehouse.drawing.style import shared_style
from artifact_warehouse.drawing.svg import Shape, as_svg, cut, frame, picture, shape, text, width_of
from artifact_warehouse.drawing.time_axis import TimeAxis, round_steps
from artifact_warehouse.drawing.words import axis_seconds, count_of, short_seconds, stamp

__all__ = [
    "Layout",
    "Shape",
    "TimeAxis",
    "as_svg",
    "axis_seconds",
    "count_of",
    "cut",
    "document",
    "folded",
    "frame",
    "glyph",
    "heading",
    "indented",
    "layout",
    "lines",
    "listing",
    "marked",
    "picture",
    "result_bar",
    "round_steps",
    "sentence",
    "shape",
    "shared_style",
    "short_seconds",
    "spread",
    "stamp",
    "text",
    "width_of",
]
