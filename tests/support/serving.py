"""A client of the server on this machine."""

from __future__ import annotations

HERE = "http://127.0.0.1"
CALLER = ("127.0.0.1", 50000)
