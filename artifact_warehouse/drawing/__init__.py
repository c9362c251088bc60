"""Pictures: SVG that carries its own style and needs no script, in the marks and colours of the report's page.

Knows no database and no other room. Its style sheets and its layout of graphs serve the page, too.
"""

from artifact_warehouse.drawing.graph_layout import Layout, layout, spread
from artifact_warehouse.drawing.marks import glyph, result_bar
from artifact_warehouse.drawing.style import shared_style
from artifact_warehouse.drawing.svg import Shape, cut, picture, shape, text, width_of
from artifact_warehouse.drawing.time_axis import TimeAxis, round_steps
from artifact_warehouse.drawing.words import axis_seconds, count_of, short_seconds, stamp

__all__ = [
    "Layout",
    "Shape",
    "TimeAxis",
    "axis_seconds",
    "count_of",
    "cut",
    "glyph",
    "layout",
    "picture",
    "result_bar",
    "round_steps",
    "shape",
    "shared_style",
    "short_seconds",
    "spread",
    "stamp",
    "text",
    "width_of",
]
