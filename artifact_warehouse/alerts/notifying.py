"""`notify`: finds what is new, writes it into messages, sends them, and notes how that ended."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb

from artifact_warehouse.alerts import outbox
from artifact_warehouse.alerts.clocks import is_quiet
from artifact_warehouse.alerts.composing import Draft, Plan, Told, compose
from artifact_warehouse.alerts.delivery import Send, sender
from artifact_warehouse.alerts.events import Event, explain, find_events
from artifact_warehouse.alerts.outbox import Outgoing
from artifact_warehouse.alerts.promises import find_promises
from artifact_warehouse.alerts.settings import Alerts, alerts_of
from artifact_warehouse.alerts.words import MARKDOWN, PLAIN, body_of, reason_of, report_link, title_of
from artifact_warehouse.config import FILE_NAME, find_config, read_config
from artifact_warehouse.durations import duration_of_text
from artifact_warehouse.errors import InvalidConfig
from artifact_warehouse.schema import to_utc
from artifact_warehouse.storage import WarehouseFile, transaction


@dataclass(frozen=True)
class Delivery:
    """A message, and how its sending ended: `state` is sent, failed, waiting or, of a dry run, planned."""

    channel: str
    state: str
    content: Mapping[str, Any]
    error: str | None = None
    is_repeated: bool = False


@dataclass(frozen=True)
class NotifyReport:
    """The messages of a call, in the order in which they were sent."""

    deliveries: tuple[Delivery, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong in the meta of exposures, and so is not promised."""

    @property
    def failed(self) -> tuple[Delivery, ...]:
        """The messages that the next call sends."""
        return tuple(one for one in self.deliveries if one.state in ("failed", "waiting"))

    def to_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {"messages": [asdict(one) for one in self.deliveries], "problems": list(self.problems)}


def load_settings(config: str | os.PathLike[str] | Mapping[str, Any] | None) -> Alerts:
    """The settings of a file, of tables, or of the nearest artifact-warehouse.toml. Raises InvalidConfig."""
    if isinstance(config, Mapping):
        return alerts_of(config, "config")
    found = read_config(Path(config)) if config is not None else find_config()
    if found is None:
        raise InvalidConfig(FILE_NAME, "is neither in this folder nor in one above it; docs/alerts.md has an example")
    return alerts_of(found.tables, str(found.path))


def notify(file: WarehouseFile, settings: Alerts, dry_run: bool, now: datetime | None = None) -> NotifyReport:
    """Tell each channel what is new since the last call.

    Two calls at once tell everything once. Raises InvalidConfig and WarehouseError.
    """
    at = to_utc(now or datetime.now(timezone.utc))
    senders = {} if dry_run else {name: sender(name, channel) for name, channel in settings.channels.items()}
    with file.open(read_only=True) as connection:
        told = outbox.read_told(connection, settings.channels)
        promises, problems = find_promises(connection, settings)
        events = find_events(connection, settings, promises, outbox.began_at(told, at), at)
        events = _explained(connection, events, compose(events, told, settings, at))
        has_work = outbox.has_pending(connection, settings.channels, at, _oldest(settings, at))
    plan = compose(events, told, settings, at)
    if dry_run:
        return NotifyReport(
            tuple(Delivery(draft.channel, "planned", content_of(draft, settings, at)) for draft in plan.drafts),
            problems,
        )
    if not has_work and plan == Plan() and all(found.since for found in told.values()):
        return NotifyReport(problems=problems)
    outgoing, lease = _write_and_claim(file, settings, events, at)
    sent = tuple(_sent(file, outgoing, senders, time.monotonic() + lease.total_seconds(), at))
    return NotifyReport(sent, problems)


def _oldest(settings: Alerts, now: datetime) -> datetime:
    return now - duration_of_text(settings.max_age)


def _explained(connection: duckdb.DuckDBPyConnection, events: Iterable[Event], plan: Plan) -> tuple[Event, ...]:
    """The events, those that are to be told with their reasons."""
    new = {event.key: event for draft in plan.drafts for event in draft.events}
    reasons = {event.key: event for event in explain(connection, new.values())}
    return tuple(reasons.get(event.key, event) for event in events)


def _write_and_claim(
    file: WarehouseFile, settings: Alerts, events: tuple[Event, ...], now: datetime
) -> tuple[tuple[Outgoing, ...], timedelta]:
    """Write what no other call has told meanwhile, and claim all that waits, in one transaction."""
    awake = {
        name: 2 * duration_of_text(channel.timeout)
        for name, channel in settings.channels.items()
        if not is_quiet(channel.quiet_hours, settings.timezone, now)
    }
    with file.writing() as connection, transaction(connection):
        told: dict[str, Told] = outbox.read_told(connection, settings.channels)
        plan = compose(events, told, settings, now)
        contents = {draft.message_id: content_of(draft, settings, now) for draft in plan.drafts}
        outbox.write_plan(connection, plan, contents, now)
        outbox.begin_channels(connection, settings.channels, now)
        return outbox.claim(connection, awake, now, _oldest(settings, now))


def _sent(
    file: WarehouseFile, outgoing: Iterable[Outgoing], senders: Mapping[str, Send], deadline: float, now: datetime
) -> Iterable[Delivery]:
    """Send each message and confirm it. A channel that fails gets no later message before the earlier one."""
    failed: set[str] = set()
    for message in outgoing:
        found = Delivery(message.channel, "sent", message.content, is_repeated=message.is_repeated)
        if time.monotonic() > deadline:  # the claim has ended: another call sends it
            yield replace(found, state="waiting", error="this call took too long")
            continue
        if message.channel in failed:
            found = replace(found, state="waiting", error="an earlier message to the channel failed")
        elif error := senders[message.channel](message):
            failed.add(message.channel)
            found = replace(found, state="failed", error=error)
        with file.open() as connection, transaction(connection):
            outbox.confirm(connection, message.message_id, now if found.state == "sent" else None, found.error)
        yield found


def content_of(draft: Draft, settings: Alerts, now: datetime) -> dict[str, Any]:
    """The message as a webhook gets it. Slack's incoming webhooks post the value of `text`."""
    title, plain = title_of(draft, settings), body_of(draft, settings, PLAIN)
    return {
        "id": draft.message_id,
        "channel": draft.channel,
        "kind": "digest" if draft.is_digest else draft.events[0].kind,
        "title": title,
        "text": f"{title}\n\n{plain}",
        "body": {"text": plain, "markdown": body_of(draft, settings, MARKDOWN)},
        "created_at": _json_time(now),
        "events": [_event(event, settings) for event in draft.events],
    }


def _event(event: Event, settings: Alerts) -> dict[str, Any]:
    subject = event.subject
    return {
        "kind": event.kind,
        "key": event.key,
        "project_name": event.project_name,
        "environment": event.environment,
        "job_name": event.job_name,
        "invocation_id": event.invocation_id,
        "unique_id": event.unique_id,
        "name": subject.name if subject else None,
        "happened_at": _json_time(event.happened_at),
        "reason": reason_of(event) or None,
        "changed_fields": event.facts.get("changed_fields") or [],
        "owners": list(subject.owners) if subject else [],
        "subscribers": list(subject.subscribers) if subject else [],
        "feeds": [exposure.name for exposure in subject.feeds] if subject else [],
        "report_url": report_link(event, settings),
    }


def _json_time(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"
