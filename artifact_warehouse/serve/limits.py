"""How much one request may ask for, and what says so where it asks for more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RequestLimits:
    """The limits of a request."""

    body_bytes: int = 200_000
    """The size of a request's body and of its address."""

    depth: int = 16
    """How deep selections are nested. The usual introspection query is 13 deep."""

    fields: int = 1_000
    """How many fields a document selects; a fragment counts each time that it is spread."""

    page: int = 500
    """The greatest `first` of a list that has pages, as in dbt's API."""

    rows: int = 1_000_000
    """How many rows all answers of a request are made of."""

    seconds: float = 30.0
    """How long a request may take."""

    memory_bytes: int = 1 << 30
    """DuckDB's limit of memory for all requests together."""
