"""A client of the server on this machine."""

from __future__ import annotations

from typing import NamedTuple

HERE = "http://127.0.0.1"
CALLER = ("127.0.0.1", 50000)


class Numbers(NamedTuple):
    """Numbers of an environment and of its jobs."""

    prod: int
    nightly: int
    freshness: int
