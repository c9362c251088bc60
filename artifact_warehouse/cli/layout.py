"""Lays out tables, records and sentences in a width. Pure: it knows no terminal, only how wide a text is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from artifact_warehouse.cli.terminal import UNICODE, Glyphs

GAP = 2
"""The spaces between two columns of a table."""

_LEAST_TEXT = 18
_TEXTS_ACROSS = 5
"""The width to which a text may be cut, so that one more column has a place: this share of the screen, or 18."""

_STYLES = {
    "red": ("failed", "failing", "fails now", "still fails", "error", "fail", "runtime error", "aborted", "removed"),
    "yellow": ("warn", "skipped", "partial success", "only before", "changed"),
    "green": ("ok", "success", "pass", "mended", "added"),
}
_STYLE_OF = {word: style for style, words in _STYLES.items() for word in words}
_CODES = {"red": "31;1", "yellow": "33", "green": "32", "bold": "1", "dim": "2"}


class Column(NamedTuple):
    """A column of texts. A status is coloured by its word."""

    name: str
    cells: Sequence[str]
    is_number: bool = False
    is_status: bool = False

    @property
    def cells_width(self) -> int:
        return max(map(cell_len, self.cells), default=0)

    def least_width(self, screen: int) -> int:
        """The width below which a screen leaves the column out: numbers and short texts are never cut."""
        text = max(_LEAST_TEXT, screen // _TEXTS_ACROSS)
        cells = self.cells_width if self.is_number else min(self.cells_width, text)
        return max(cells, *map(cell_len, _parts(self.name)))

    @property
    def width(self) -> int:
        return max(self.cells_width, cell_len(self.name))


def fitting_widths(columns: Sequence[Column], width: int) -> list[int]:
    """The widths of the first columns that fit, at least of one. What is left over goes to those that are cut least."""
    widths: list[int] = []
    for column in columns:
        least = column.least_width(width)
        if widths and sum(widths) + GAP * len(widths) + least > width:
            break
        widths.append(min(least, width))
    spare = width - sum(widths) - GAP * (len(widths) - 1)
    by_need = sorted(range(len(widths)), key=lambda i: columns[i].width - widths[i])
    for done, i in enumerate(by_need):
        more = min(columns[i].width - widths[i], spare // (len(widths) - done))
        widths[i] += max(more, 0)
        spare -= max(more, 0)
    return widths


def table_lines(
    columns: Sequence[Column],
    widths: Sequence[int],
    glyphs: Glyphs = UNICODE,
    gap: int = GAP,
    is_coloured: bool = False,
) -> Iterator[str]:
    """The lines of a table: a head, which may have several lines, a rule, and a line for each row."""
    shown = list(zip(columns, widths, strict=False))
    heads = [_head(column.name, width) for column, width in shown]
    for level in range(max(map(len, heads), default=0), 0, -1):
        texts = [head[-level] if level <= len(head) else "" for head in heads]
        yield _joined(
            [_cell(text, column, width, glyphs) for text, (column, width) in zip(texts, shown, strict=True)], gap
        )
    yield glyphs.rule * (sum(widths) + gap * (len(shown) - 1))
    for row in zip(*(column.cells for column, _ in shown), strict=True):
        cells = [_cell(text, column, width, glyphs) for text, (column, width) in zip(row, shown, strict=True)]
        if is_coloured:
            cells = [
                painted(cell, _STYLE_OF.get(text.lower())) if column.is_status else cell
                for cell, text, (column, _) in zip(cells, row, shown, strict=True)
            ]
        yield _joined(cells, gap)


def _joined(cells: Sequence[str], gap: int) -> str:
    return (" " * gap).join(cells).rstrip()


def _cell(text: str, column: Column, width: int, glyphs: Glyphs) -> str:
    text = cut(text, width, glyphs)
    space = " " * (width - cell_len(text))
    return space + text if column.is_number else text + space


def _head(name: str, width: int) -> list[str]:
    """A column's name in lines of a width, broken behind an underscore or at a space."""
    lines = [""]
    for part in _parts(name):
        if lines[-1] and cell_len(lines[-1] + part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


def _parts(name: str) -> list[str]:
    return re.findall(r"[^_ ]+[_ ]?|[_ ]", name) or [name]


def cut(text: str, width: int, glyphs: Glyphs = UNICODE) -> str:
    """A text that is no wider than `width`; one that is cut ends in an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - cell_len(glyphs.cut), 0)).rstrip() + glyphs.cut


def glossary_lines(columns: Sequence[Column], width: int, glyphs: Glyphs = UNICODE, gap: int = GAP) -> Iterator[str]:
    """The lines of a table whose last column has sentences, which break between words."""
    terms = columns[:-1]
    rest = width - sum(column.width + gap for column in terms)
    indent = " " * (width - rest)
    heads = [column._replace(cells=()) for column in columns]
    yield from table_lines(heads, [*(column.width for column in terms), rest], glyphs, gap)
    for row in zip(*(column.cells for column in columns), strict=True):
        first, *others = wrapped(row[-1], max(rest, 1))
        cells = [_cell(text, column, column.width, glyphs) for text, column in zip(row, terms, strict=False)]
        yield _joined([*cells, first], gap)
        yield from (indent + line for line in others)


def record_lines(
    fields: Iterable[tuple[str, Sequence[str]]], width: int | None, is_coloured: bool = False
) -> Iterator[str]:
    """A row as lines of a name and its value. Each item of a value begins a line of its own."""
    fields = list(fields)
    indent = max((cell_len(name) for name, _ in fields), default=0) + GAP
    for name, items in fields:
        lines = [line for item in items for line in wrapped(item, None if width is None else width - indent)]
        for first, line in zip_longest([name], lines or [""], fillvalue=""):
            shown = painted_status(line) if is_coloured else line
            yield f"{first}{' ' * (indent - cell_len(first))}{shown}".rstrip()


def wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    """A text in lines of a width. Words stay whole, and so do lines that fit: a caret stays under its column.

    The second line of a long line, and further ones, begin with `indent`.
    """
    return [part for line in text.split("\n") for part in (_wrapped_line(line, width, indent))]


def _wrapped_line(line: str, width: int | None, indent: str) -> list[str]:
    if width is None or cell_len(line) <= width:
        return [line]
    lines = [""]
    for word in re.findall(r"\s*\S+", line):
        if lines[-1].strip() and cell_len(lines[-1] + word) > width:
            lines.append(indent + word.lstrip())
        else:
            lines[-1] += word
    return lines


def painted_status(text: str) -> str:
    """The word of a status in its colour; another text as it is."""
    return painted(text, _STYLE_OF.get(text.lower()))


def painted(text: str, style: str | None) -> str:
    """A text in a colour of a terminal.

    https://en.wikipedia.org/wiki/ANSI_escape_code#Select_Graphic_Rendition
    """
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style else text
