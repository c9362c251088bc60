"""What an event is about: the resource, whose it is, and what it feeds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from artifact_warehouse.alerts.queries import rows

Place = tuple[str | None, str, str]
"""The project, the environment and the unique_id of a resource."""


@dataclass(frozen=True)
class Exposure:
    """An exposure that a resource feeds."""

    name: str
    url: str | None = None
    owners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """A resource. The owners are names and addresses; `channels` to `suppression_hours` are elementary's meta keys.

    https://docs.elementary-data.com/oss/guides/alerts/alerts-configuration
    """

    unique_id: str
    name: str
    resource_type: str
    path: str | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None
    owners: tuple[str, ...] = ()
    tested: str | None = None
    channels: tuple[str, ...] = ()
    subscribers: tuple[str, ...] = ()
    suppression_hours: float = 0.0
    feeds: tuple[Exposure, ...] = ()

    @classmethod
    def unknown(cls, unique_id: str) -> Subject:
        """A resource that no manifest defines: its unique_id has its type and its name."""
        resource_type, _, rest = unique_id.partition(".")
        return cls(unique_id, rest.partition(".")[2] or rest or unique_id, resource_type)


def find_subjects(connection: duckdb.DuckDBPyConnection, unique_ids: Iterable[str]) -> dict[Place, Subject]:
    """The resources with these ids, in every project and environment that defines them."""
    asked = sorted({*unique_ids})
    if not asked:
        return {}
    found = rows(connection, "alerts/subjects", unique_ids=asked)
    readers = {_place(row): _fed_by(row) for row in found}
    feeds: dict[Place, list[Exposure]] = {}
    below = sorted({parent for parents in readers.values() for parent in parents})
    for row in rows(connection, "alerts/fed_exposures", unique_ids=below):
        exposure = Exposure(row["label"] or row["name"], row["url"], _given(row["owner_name"], row["owner_email"]))
        feeds.setdefault((row["project_name"], row["environment"], row["ancestor_unique_id"]), []).append(exposure)
    subjects = {}
    for row in found:
        place = _place(row)
        fed = [exposure for parent in readers[place] for exposure in feeds.get((*place[:2], parent), [])]
        subjects[place] = replace(_subject(row), feeds=tuple(dict.fromkeys(fed)))
    return subjects


def _place(row: Mapping[str, Any]) -> Place:
    return row["project_name"], row["environment"], row["unique_id"]


def _fed_by(row: Mapping[str, Any]) -> list[str]:
    """The resources whose exposures an event of this one concerns: of a test, the nodes that it tests."""
    if row["resource_type"] in ("test", "unit_test"):
        return [row["tested_unique_id"]] if row["tested_unique_id"] else row["depends_on_nodes"] or []
    return [row["unique_id"]]


def _subject(row: Mapping[str, Any]) -> Subject:
    metas = [meta for text in (row["meta"], row["tested_meta"]) if isinstance(meta := json.loads(text or "{}"), dict)]
    owners = _given(row["owner_name"], row["owner_email"]) or _first(metas, "owner")
    return Subject(
        unique_id=row["unique_id"],
        name=_name(row),
        resource_type=row["resource_type"],
        path=row["original_file_path"],
        tags=tuple(dict.fromkeys([*(row["tags"] or []), *(row["tested_tags"] or [])])),
        group=row["group_name"],
        owners=owners or _given(row["group_owner_name"], row["group_owner_email"]),
        tested=row["tested_unique_id"],
        channels=tuple(name.removeprefix("#") for name in _first(metas, "channel")),
        subscribers=_first(metas, "subscribers"),
        suppression_hours=_hours(_first(metas, "alert_suppression_interval")),
    )


def _name(row: Mapping[str, Any]) -> str:
    """As people call it: an exposure by its label, a source's table with the name of the source."""
    if row["resource_type"] == "source":
        return str(row["unique_id"]).split(".", 2)[-1]
    return str(row["label"] or row["name"])


def _given(*texts: str | None) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _first(metas: Iterable[Mapping[str, Any]], key: str) -> tuple[str, ...]:
    """The values of a key in the first meta that has it, by itself or under elementary's `alerts_config`."""
    for meta in metas:
        for place in (meta, meta.get("alerts_config")):
            if isinstance(place, dict) and place.get(key):
                value = place[key]
                return tuple(str(item) for item in (value if isinstance(value, list) else [value]) if item)
    return ()


def _hours(texts: tuple[str, ...]) -> float:
    try:
        return max(float(texts[0]), 0.0) if texts else 0.0
    except ValueError:
        return 0.0
