"""What was told, in the warehouse: a message is written before it is sent, and confirmed afterwards.

The writing and the claims of a call are one transaction. A message that is claimed and not confirmed, because a call
was killed, is sent again once the claim has ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from artifact_warehouse.alerts.composing import Plan, Told
from artifact_warehouse.alerts.events import Event
from artifact_warehouse.storage import get_meta, set_meta

_SINCE = "alerts_since:"
"""The key in stored.meta, followed by a channel's name, for when the channel was first served."""


@dataclass(frozen=True)
class Outgoing:
    """A message to send. It is `repeated` where an earlier call may have sent it."""

    message_id: str
    channel: str
    content: Mapping[str, Any]
    is_repeated: bool = False


def read_told(connection: duckdb.DuckDBPyConnection, channels: Iterable[str]) -> dict[str, Told]:
    """What each channel was told."""
    return {name: _told(connection, name) for name in channels}


def _told(connection: duckdb.DuckDBPyConnection, channel: str) -> Told:
    since = get_meta(connection, _SINCE + channel)
    events = connection.execute(
        "SELECT event_key, message_id FROM stored.alert_events WHERE channel = ?", [channel]
    ).fetchall()
    times = connection.execute("SELECT created_at FROM stored.alert_messages WHERE channel = ?", [channel]).fetchall()
    failures = connection.execute(
        "SELECT project_name, environment, unique_id, max(told_at) FROM stored.alert_events "
        "WHERE channel = ? AND kind = 'failed' AND message_id IS NOT NULL GROUP BY ALL",
        [channel],
    ).fetchall()
    return Told(
        since=datetime.fromisoformat(since) if since else None,
        events=dict(events),
        message_times=[at for (at,) in times],
        failures={row[:3]: row[3] for row in failures},
    )


def began_at(told: Mapping[str, Told], now: datetime) -> datetime:
    """When the first channel was first served; now, where none was."""
    return min((found.since for found in told.values() if found.since), default=now)


def write_plan(
    connection: duckdb.DuckDBPyConnection, plan: Plan, contents: Mapping[str, Mapping[str, Any]], now: datetime
) -> None:
    """Write messages and their events, in the current transaction. `contents` are by message_id."""
    for number, draft in enumerate(plan.drafts):
        at = now + timedelta(microseconds=number)  # the order in which they are sent
        connection.execute(
            "INSERT INTO stored.alert_messages (message_id, channel, content, created_at, attempt_count) "
            "VALUES (?, ?, ?, ?, 0)",
            [draft.message_id, draft.channel, json.dumps(contents[draft.message_id], default=str), at],
        )
        for event in draft.all_events:
            _write_event(connection, event, draft.channel, draft.message_id, now)
    for channel, event in plan.suppressed:
        _write_event(connection, event, channel, None, now)


def _write_event(
    connection: duckdb.DuckDBPyConnection, event: Event, channel: str, message_id: str | None, now: datetime
) -> None:
    connection.execute(
        "INSERT INTO stored.alert_events (event_key, channel, message_id, kind, project_name, environment, unique_id, "
        "job_name, happened_at, told_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(event.key, channel, message_id, event.kind, event.project_name, event.environment, event.unique_id),
            *(event.job_name, event.happened_at, now),
        ],
    )


def begin_channels(connection: duckdb.DuckDBPyConnection, channels: Iterable[str], now: datetime) -> None:
    """Note when channels that are new are first served, in the current transaction."""
    for name in channels:
        if get_meta(connection, _SINCE + name) is None:
            set_meta(connection, _SINCE + name, now.isoformat())


_PENDING = (
    "FROM stored.alert_messages WHERE sent_at IS NULL AND list_contains($channels, channel) "
    "AND (claimed_until IS NULL OR claimed_until <= $now) AND created_at > $oldest"
)


def has_pending(
    connection: duckdb.DuckDBPyConnection, channels: Iterable[str], now: datetime, oldest: datetime
) -> bool:
    """Whether a message waits to be sent, and no other call is sending it."""
    values = {"channels": [*channels], "now": now, "oldest": oldest}
    return bool(connection.execute(f"SELECT 1 {_PENDING} LIMIT 1", values).fetchall())


def claim(
    connection: duckdb.DuckDBPyConnection,
    leases: Mapping[str, timedelta],
    now: datetime,
    oldest: datetime,
) -> tuple[tuple[Outgoing, ...], timedelta]:
    """Claim all messages that wait, in the current transaction, and say for how long. `leases` are by channel."""
    values = {"channels": [*leases], "now": now, "oldest": oldest}
    found = connection.execute(
        f"SELECT message_id, channel, content, claimed_until IS NOT NULL {_PENDING} ORDER BY created_at, message_id",
        values,
    ).fetchall()
    lease = sum((leases[channel] for _, channel, *_ in found), timedelta(minutes=1))
    connection.execute(
        "UPDATE stored.alert_messages SET claimed_until = ?, attempt_count = attempt_count + 1 "
        "WHERE list_contains(?, message_id)",
        [now + lease, [message_id for message_id, *_ in found]],
    )
    return tuple(Outgoing(row[0], row[1], json.loads(row[2]), row[3]) for row in found), lease


def confirm(
    connection: duckdb.DuckDBPyConnection, message_id: str, sent_at: datetime | None, error: str | None
) -> None:
    """Note how the sending of a message ended; with an error it waits for the next call."""
    connection.execute(
        "UPDATE stored.alert_messages SET sent_at = ?, error = ?, claimed_until = NULL WHERE message_id = ?",
        [sent_at, error, message_id],
    )
