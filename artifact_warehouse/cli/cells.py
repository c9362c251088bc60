"""Values as people read them. A unit follows from the end of a column's name (rule 1, docs/rules.md)."""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from artifact_warehouse.cli.echo import escape_control_characters

_UNITS = ("_at", "_seconds", "_bytes", "_rate", "_ratio", "_count")
_SHORT_NAMES = {
    "environment": "env",
    "project_name": "project",
    "job_name": "job",
    "invocation_id": "run",
    "last_invocation_id": "last run",
    "last_success_invocation_id": "last good run",
    "before_invocation_id": "before",
    "after_invocation_id": "after",
    "unique_id": "id",
    "resource_type": "type",
    "original_file_path": "file",
    "relation_name": "relation",
    "exposure_unique_ids": "exposures",
    "failing_parent_unique_ids": "failing above",
    "child_unique_ids": "read by",
    "failure_count": "failed",
    "success_count": "ok",
    "execution_count": "times",
    "flip_count": "flips",
    "flip_rate": "flip rate",
    "success_rate": "success rate",
    "dependent_count": "used by",
    "failing_since_at": "since",
}
_UUID = re.compile(r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NODE_ID = re.compile(r"^[a-z_]+\.\w+\.(?=\w)")
"""Of the unique_id of a node in a list, what stands in front of its name."""

_TIMES = (
    (60, 1, "s"),
    (3_600, 60, "min"),
    (172_800, 3_600, "h"),
    (5_184_000, 86_400, "d"),
    (63_072_000, 2_592_000, "mo"),
)
"""Up to how many seconds a unit is used, its seconds, and its sign."""


def cell(value: Any) -> str:
    """A value in a table. NULL is empty, floats have six digits."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds" if not value.microsecond else "milliseconds")
    return plain(value)


def plain(value: Any) -> str:
    """A value as text. Lists and structs are JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return to_json(value) if isinstance(value, list | dict) else str(value)


def short_cell(name: str, value: Any, now: datetime) -> str:
    """A value in an answer to a daily question: times are relative to `now`, and numbers have units."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return age((now - value).total_seconds())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_NODE_ID.sub("", short_cell(name.removesuffix("s"), item, now)) for item in value)
    if isinstance(value, str):
        uuid = _UUID.match(value)
        return uuid[1] if uuid and name.endswith("invocation_id") else value
    if isinstance(value, int | float) and math.isfinite(value):
        return _with_unit(name, value)
    return cell(value)


def short_name(name: str) -> str:
    """A column's name without its unit, in words."""
    unit = next((unit for unit in _UNITS if name.endswith(unit)), "")
    return _SHORT_NAMES.get(name) or name.removesuffix(unit).removesuffix("_id").replace("_", " ")


def age(seconds: float) -> str:
    """How long ago something was, in one unit: 3 h ago."""
    return f"in {_amount(-seconds)}" if seconds <= -1 else f"{_amount(seconds)} ago"


def duration(seconds: float) -> str:
    """A duration in one unit or two: 0.24 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 100:
        return f"{max(seconds, 0):.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60:02} min"


def _amount(seconds: float) -> str:
    for limit, unit, sign in _TIMES:
        if abs(seconds) < limit:
            return f"{max(seconds, 0) // unit:.0f} {sign}"
    return f"{seconds // 31_536_000:.0f} y"


def _with_unit(name: str, value: float) -> str:
    if name.endswith("_seconds"):
        return duration(value) if value >= 0 else f"-{duration(-value)}"
    if name.endswith("_rate"):
        return f"{value:.0%}" if value == 0 or value >= 0.095 else f"{value:.1%}"
    if name.endswith("_ratio"):
        return f"{value:.1f}x"
    if name.endswith("_bytes"):
        return size(value)
    return cell(value) if isinstance(value, float) else f"{value:,}"


def size(size_bytes: float) -> str:
    """A size in its largest unit of a thousand: 1.3 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1_000:
            return f"{size_bytes:.0f} {unit}" if unit == "B" or size_bytes >= 99.95 else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1_000
    return f"{size_bytes:,.1f} TB"


def one_line(text: str) -> str:
    """A text of a cell: control characters are escapes, and a line feed is an arrow."""
    return escape_control_characters(text).replace("\n", "⏎").replace("\t", "\\x09")


def to_json(value: Any) -> str:
    """A value as JSON. Times are ISO 8601."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, default=_json_default)


def _finite(value: Any) -> Any:
    """The value with null for NaN and infinities, which JSON lacks."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _json_default(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
