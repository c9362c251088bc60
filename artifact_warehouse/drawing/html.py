"""Tables and sentences of HTML for notebooks, in the colours and marks of the report's page.

Needs no script. Every text is escaped: ElementTree writes the markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from artifact_warehouse.drawing.marks import glyph
from artifact_warehouse.drawing.style import SCOPE, html_style
from artifact_warehouse.drawing.svg import Shape, shape

Cell = Shape | str | int | None

MOST_ROWS = 200
"""The object itself has all rows."""

_GLYPH_PIXELS = 10


def document(*parts: Shape | None) -> str:
    """The parts below each other, with their style. Both are those of the picture alone, whatever the page has."""
    block = shape("div", shape("style", html_style()), shape("div", *parts, cls="account"), cls=SCOPE)
    return ET.tostring(block, encoding="unicode", method="html")


def heading(words: str) -> Shape:
    """A title of a part."""
    return shape("p", shape("strong", words), cls="heading")


def sentence(*parts: Shape | str) -> Shape:
    """A line of words and marks."""
    return shape("p", *(part if isinstance(part, ET.Element) else shape("span", part) for part in parts))


def indented(*parts: Shape | None) -> Shape:
    """What belongs to the sentence above it, a line each."""
    return shape("div", *(shape("div", part) for part in parts if part is not None), cls="indented")


def marked(status_class: str | None, *words: str) -> Shape:
    """Words behind the mark of a status: the shape says it, too."""
    middle = _GLYPH_PIXELS / 2
    mark = shape("svg", glyph(status_class, middle, middle), width=_GLYPH_PIXELS, height=_GLYPH_PIXELS)
    mark.set("aria-hidden", "true")
    return shape("span", mark, *(shape("span", f"\N{NO-BREAK SPACE}{word}") for word in words), cls="marked")


def lines(words: str | None) -> Shape | None:
    """A text in its own lines. All but the first one are folded in."""
    first, _, rest = (words or "").strip("\n").partition("\n")
    if not rest.strip():
        return shape("span", first) if first else None
    return folded(first, shape("pre", rest))


def folded(title: str, *parts: Shape) -> Shape:
    """Parts that a click on the title shows."""
    return shape("details", shape("summary", title), *parts)


def listing(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Shape:
    """A table of the first MOST_ROWS rows. A head with `>` is of numbers. Columns without any value are left out."""
    all_rows = [*rows]
    shown = all_rows[:MOST_ROWS]
    kept = [place for place in range(len(heads)) if any(row[place] not in (None, "") for row in shown)]
    classes = {place: "number" if heads[place].startswith(">") else None for place in kept}
    head = shape("tr", *(shape("th", heads[place].removeprefix(">"), cls=classes[place]) for place in kept))
    body = (shape("tr", *(_cell(row[place], classes[place]) for place in kept)) for row in shown)
    table = shape("table", shape("thead", head), shape("tbody", *body), cls="listing")
    if len(all_rows) > len(shown):
        table.append(shape("caption", f"The first {len(shown):,} of {len(all_rows):,} rows"))
    return table


def _cell(value: Cell, cls: str | None) -> Shape:
    return shape("td", f"{value:,}" if isinstance(value, int) else value, cls=cls)
