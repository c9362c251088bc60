"""Shapes of SVG and the picture around them. Every text is escaped: ElementTree writes the markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import takewhile
from xml.etree import ElementTree as ET

from artifact_warehouse.drawing.style import SCOPE, picture_style

Shape = ET.Element

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that no XML may hold: https://www.w3.org/TR/xml/#charsets."""

_CHARACTER_WIDTH = 0.6
"""As a share of the font size. A little more than the mean of common fonts: a picture cannot measure its texts."""


def shape(tag: str, *children: Shape | str | None, **attributes: str | float | None) -> Shape:
    """An element. `cls` is its class, an underscore in a name becomes a hyphen, and None is left out."""
    made = ET.Element(tag)
    for name, value in attributes.items():
        if value is not None:
            made.set("class" if name == "cls" else name.replace("_", "-"), _attribute(value))
    for child in children:
        if isinstance(child, str):
            made.text = _clean(child)
        elif child is not None:
            made.append(child)
    return made


def text(x: float, y: float, words: str, cls: str = "", anchor: str | None = None) -> Shape:
    """A line of words."""
    return shape("text", words, x=x, y=y, cls=cls or None, text_anchor=anchor)


def picture(width: float, height: float, title: str, shapes: Iterable[Shape]) -> str:
    """The SVG of these shapes on a background, with the title for people who cannot see it."""
    return as_svg(frame(width, height, title, shapes))


def as_svg(drawn: Shape) -> str:
    """An element as text."""
    return ET.tostring(drawn, encoding="unicode")


def frame(width: float, height: float, title: str, shapes: Iterable[Shape]) -> Shape:
    """The same as an element, which a page of HTML takes."""
    body = shape("g", shape("rect", cls="ground", width=width, height=height), *shapes, cls="figure")
    root = shape("svg", shape("style", picture_style()), body, cls=SCOPE, role="img", width=width, height=height)
    root.set("style", "max-width: 100%; height: auto")
    root.set("xmlns", "http://www.w3.org/2000/svg")
    root.set("viewBox", f"0 0 {_attribute(width)} {_attribute(height)}")
    root.set("aria-label", _clean(title))
    return root


def width_of(words: str, size: float = 12) -> float:
    """About how many pixels the words take."""
    letters = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)
    return letters * size * _CHARACTER_WIDTH


def cut(words: str, pixels: float, size: float = 12) -> str:
    """The words, or as many of their letters as fit and an ellipsis."""
    if width_of(words, size) <= pixels:
        return words
    places = range(1, min(len(words), int(pixels)))
    fitting = takewhile(lambda place: width_of(words[:place] + "…", size) <= pixels, places)
    return words[: max(fitting, default=0)].rstrip() + "…"


def _attribute(value: str | float) -> str:
    if isinstance(value, str):
        return _clean(value)
    return f"{value:.1f}".removesuffix(".0")


def _clean(words: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", words)
