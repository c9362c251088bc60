"""The limits of an input, and sizes as text."""

from __future__ import annotations

import re
from typing import NamedTuple

_UNITS = {"": 1} | {f"{unit}{i}": base**n for n, unit in enumerate("KMGT", 1) for i, base in (("", 1000), ("I", 1024))}
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s?(?P<unit>[kmgt]i?)?b?(?:ytes?)?", re.IGNORECASE)


class Limits(NamedTuple):
    """Limits of one input, which bound the memory that a hostile input can take. Sizes are bytes after unpacking.

    A manifest of 10,000 nodes has 40 MB, 1.3 million values and 10,277 entries in its largest section.
    """

    artifact_bytes: int = 512 * 1024**2
    archive_bytes: int = 8 * 1024**3
    """Of all members of one archive together."""
    values: int = 20_000_000
    """Of one artifact, counted by its commas. A small value takes many times its size in memory."""
    entries: int = 1_000_000
    """Of one section of an artifact, such as nodes or results."""
    processor_seconds: float = 60.0
    """Of reading one file, and of flattening one artifact. Each MiB allows a second more."""


def size_of_text(text: str) -> int:
    """The number of bytes of a text such as 500MB or 2GiB. Raises ValueError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size; write a number with KB, MB, GB, TB, KiB, MiB, GiB or TiB")
    return int(float(match["number"]) * _UNITS[(match["unit"] or "").upper()])


def text_of_size(size: int) -> str:
    """A number of bytes in the largest unit that divides it: GiB, MiB, KiB, then GB, MB, KB."""
    for unit in ("GI", "MI", "KI", "G", "M", "K"):
        if size >= _UNITS[unit] and not size % _UNITS[unit]:
            return f"{size // _UNITS[unit]}{unit.replace('I', 'i')}B"
    return f"{size}B"
