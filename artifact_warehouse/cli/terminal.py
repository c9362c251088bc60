"""The terminal that stdout is, where it is one: its size, its signs and its colours."""

from __future__ import annotations

import os
import shutil
import sys
from typing import NamedTuple


class Glyphs(NamedTuple):
    """The signs of a layout, in Unicode or in ASCII."""

    rule: str = "─"
    cut: str = "…"
    dot: str = "·"


UNICODE = Glyphs()
ASCII = Glyphs("-", "...", "-")


class Terminal(NamedTuple):
    """What a result is laid out for."""

    width: int
    height: int
    glyphs: Glyphs
    is_coloured: bool


def terminal() -> Terminal | None:
    """The terminal of stdout; None where stdout is a pipe or a file."""
    if not sys.stdout.isatty():
        return None
    width, height = shutil.get_terminal_size()
    is_plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"  # https://no-color.org
    return Terminal(width, height, _glyphs(), not is_plain)


def _glyphs() -> Glyphs:
    try:
        "".join(UNICODE).encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return ASCII
    return UNICODE
