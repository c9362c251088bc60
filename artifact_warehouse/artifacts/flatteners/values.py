"""Converts JSON values to column values. A value that does not fit becomes None, never an error."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from artifact_warehouse.artifacts import json_text

_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)


def text(value: Any) -> str | None:
    """A text. Numbers and booleans become their JSON text. None for null and for the empty text."""
    if isinstance(value, str):
        return value or None
    return None if value is None else json_text.encode(value)


def bigint(value: Any) -> int | None:
    """An integer of 64 bits, also from a whole float or a text of digits."""
    if isinstance(value, str):
        value = int(value) if re.fullmatch(r"-?\d{1,19}", value) else None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value in _INT64 else None


def integer(value: Any) -> int | None:
    """An integer of 32 bits, from what `bigint` takes."""
    number = bigint(value)
    return number if number is not None and number in _INT32 else None


def double(value: Any) -> float | None:
    """A float. None for a boolean."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def boolean(value: Any) -> bool | None:
    """A boolean, also from 0 and 1 (older adapters write 1.0)."""
    return bool(value) if value in (True, False) else None


def to_json(value: Any) -> str | None:
    """The value as JSON text. None for null and for an empty object, list or text."""
    return json_text.encode(value) if value or value == 0 else None


def texts(value: Any) -> list[str] | None:
    """A list of texts without nulls. A single text becomes a list of one. None where nothing is left."""
    if isinstance(value, str):
        return [value] if value else None
    if not isinstance(value, list):
        return None
    return [item for item in map(text, value) if item is not None] or None


def obj(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def without(value: dict[str, Any], *known: str) -> dict[str, Any]:
    """The object without some of its keys."""
    return {key: item for key, item in value.items() if key not in known}


_KEPT_WHOLE = {"meta", "kwargs", "given", "expect", "overrides", "unrendered_config", "rows"}
"""Fields whose structure is the author's own. An empty value in them has a meaning."""


def without_empty(value: Any) -> Any:
    """The value without nulls and empty values. Some versions of dbt write them, others leave them out."""
    if isinstance(value, list):
        return [without_empty(item) if isinstance(item, _CONTAINERS) else item for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        own = without_empty(item) if item and isinstance(item, _CONTAINERS) and key not in _KEPT_WHOLE else item
        if own or own == 0:  # False is a value
            kept[key] = own
    return kept


_CONTAINERS = (dict, list)


def most_common(items: Iterable[str | None]) -> str | None:
    """The most frequent item; of several the first by the alphabet; None where there is no item."""
    counts = Counter(filter(None, items))
    return min(counts, key=lambda item: (-counts[item], item)) if counts else None


def package_of(unique_id: str) -> str | None:
    """The package that a unique_id names: its second part."""
    return unique_id.split(".", 2)[1] if "." in unique_id else None


def main_package(unique_ids: Iterable[str]) -> str | None:
    """The package that most unique_ids name; of several, the first by the alphabet."""
    return most_common([unique_id.split(".", 2)[1] for unique_id in unique_ids if "." in unique_id])
