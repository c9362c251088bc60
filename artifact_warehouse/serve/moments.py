"""Times as clients write them."""

from __future__ import annotations

from datetime import datetime

from artifact_warehouse.schema import to_utc


def parse_moment(text: str) -> datetime:
    """A time in ISO 8601 as UTC without a zone; one that has no zone is UTC. Raises ValueError for another text."""
    try:
        return to_utc(datetime.fromisoformat(text.replace("Z", "+00:00")))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time in ISO 8601, such as 2026-11-08T03:00:00Z") from error
