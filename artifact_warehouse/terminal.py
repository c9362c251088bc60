"""What may be written to a terminal: text from artifacts must not steer it."""

from __future__ import annotations

import io
import re
from typing import IO

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """The text with control and direction characters made visible; line feeds and tabs stay."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def forgiving(stream: IO[str]) -> IO[str]:
    """The stream, which from now on writes a `?` for what its encoding does not have."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream
