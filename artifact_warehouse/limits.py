"""How much of an input is read, and how people write that."""

from __future__ import annotations

import re
from typing import NamedTuple

_UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "KI": 1024, "MI": 1024**2, "GI": 1024**3}
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s?(?P<unit>[kmg]i?)?b?", re.IGNORECASE)


class Limits(NamedTuple):
    """What a hostile input can cost is a multiple of these; sizes are in bytes, as unpacked.

    A manifest of 10,000 nodes has 40 MB, 1.3 million values and 10,277 entries in its largest section.
    """

    artifact_bytes: int = 512 * 1024**2
    archive_bytes: int = 8 * 1024**3
    """Of all that one archive holds."""
    values: int = 20_000_000
    """Of one artifact, counted by its commas: small values take many times their size in memory."""
    entries: int = 1_000_000
    """Of one section of an artifact: nodes, results and the like."""
    processor_seconds: float = 60.0
    """Of reading one file, and of flattening one artifact; each MiB allows a second more."""


def size_of_text(text: str) -> int:
    """The bytes that a text like 500MB or 2GiB means. Raises ValueError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no size; write a number with KB, MB, GB, KiB, MiB or GiB")
    return int(float(match["number"]) * _UNITS[(match["unit"] or "").upper()])


def text_of_size(size: int) -> str:
    """A number of bytes in the largest unit that leaves a whole number of it."""
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= factor and not size % factor:
            return f"{size // factor}{unit}"
    return f"{size}B"
