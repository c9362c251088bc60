"""Makes messages of events and of what was told before. A pure function: no clock, no database, no network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from artifact_warehouse.alerts.clocks import is_quiet
from artifact_warehouse.alerts.events import Event
from artifact_warehouse.alerts.routing import channels_of
from artifact_warehouse.alerts.settings import Alerts
from artifact_warehouse.durations import duration_of_text
from artifact_warehouse.schema import hash_text


@dataclass(frozen=True)
class Told:
    """What a channel was told before: since when it is told, the events, and when messages were written."""

    since: datetime | None = None
    events: Mapping[str, str | None] = field(default_factory=dict)
    """By its key, the message that tells an event; None where it was suppressed."""
    message_times: Sequence[datetime] = ()
    failures: Mapping[tuple[str | None, str, str | None], datetime] = field(default_factory=dict)
    """When the channel was last told that a node failed, by project, environment and unique_id."""


@dataclass(frozen=True)
class Draft:
    """A message without its words: the events that it tells, and the older ones that it absorbs."""

    channel: str
    events: tuple[Event, ...]
    absorbed: tuple[Event, ...] = ()
    is_digest: bool = False

    @property
    def message_id(self) -> str:
        """The same channel and events have the same id, by which a receiver knows a message that comes twice."""
        return hash_text("\n".join([self.channel, *sorted(event.key for event in self.all_events)]))

    @property
    def all_events(self) -> tuple[Event, ...]:
        """Everything that was told once the message is."""
        return (*self.events, *self.absorbed)


@dataclass(frozen=True)
class Plan:
    """The messages to write, in order of time, and the events that are suppressed, by channel."""

    drafts: tuple[Draft, ...] = ()
    suppressed: tuple[tuple[str, Event], ...] = ()


def compose(events: Iterable[Event], told: Mapping[str, Told], settings: Alerts, now: datetime) -> Plan:
    """What to tell each channel now. Events of quiet hours, and beyond the rate limit, wait for a later call."""
    routed: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda event: (event.happened_at, event.key)):
        for channel in channels_of(event, settings):
            routed[channel].append(event)
    plans = [_for_channel(name, found, told.get(name, Told()), settings, now) for name, found in sorted(routed.items())]
    drafts = [draft for plan in plans for draft in plan.drafts]
    return Plan(
        tuple(sorted(drafts, key=lambda draft: (draft.events[0].happened_at, draft.channel))),
        tuple(pair for plan in plans for pair in plan.suppressed),
    )


def _for_channel(name: str, events: list[Event], told: Told, settings: Alerts, now: datetime) -> Plan:
    channel = settings.channels[name]
    if is_quiet(channel.quiet_hours, settings.timezone, now):
        return Plan()
    oldest = now - duration_of_text(settings.max_age)
    since = told.since or now
    new = [event for event in events if event.key not in told.events and _is_news(event, since, oldest)]
    suppressed = [event for event in new if _is_suppressed(event, told, now)]
    silent = {event.key for event in suppressed}
    left = [event for event in new if event.key not in silent]
    absorbed = {key for event in left for key in event.absorbs}
    groups = _grouped([event for event in left if event.key not in absorbed], since)
    old_news = {event.key: event for event in left if event.key in absorbed}
    drafts = [Draft(name, tuple(group), _absorbed(group, old_news)) for group in groups]
    recent = sum(at > now - timedelta(hours=1) for at in told.message_times)
    return Plan(_limited(drafts, channel.max_per_hour - recent), tuple((name, event) for event in suppressed))


def _is_news(event: Event, since: datetime, oldest: datetime) -> bool:
    """A channel is told of what happened since its first call, and of what was still true then."""
    return event.is_standing or event.happened_at >= max(since, oldest)


def _is_suppressed(event: Event, told: Told, now: datetime) -> bool:
    """A node that failed again within its `alert_suppression_interval`, and the recovery from such a failure."""
    if event.kind in ("recovered", "flaky"):
        return any(key in told.events and told.events[key] is None for key in event.absorbs)
    hours = event.subject.suppression_hours if event.subject else 0.0
    last = told.failures.get((event.project_name, event.environment, event.unique_id))
    return event.kind == "failed" and last is not None and now - last < timedelta(hours=hours)


def _grouped(events: list[Event], since: datetime) -> list[list[Event]]:
    """One group a message: events of one kind, project, environment and run. What a new channel finds is one group."""

    def group(event: Event) -> str:
        of_run = ("found",) if event.happened_at < since else event.group
        return repr((event.kind, event.project_name, event.environment, of_run))

    groups = [list(found) for _, found in groupby(sorted(events, key=group), group)]
    return sorted(groups, key=lambda found: (found[0].happened_at, found[0].key))


def _absorbed(group: Iterable[Event], old_news: dict[str, Event]) -> tuple[Event, ...]:
    """The events that a group absorbs, each in one group only."""
    found = (old_news.pop(key, None) for event in group for key in event.absorbs)
    return tuple(event for event in found if event is not None)


def _limited(drafts: list[Draft], allowed: int) -> tuple[Draft, ...]:
    """At most `allowed` messages. Where there are more, the last one is a digest of the rest."""
    if len(drafts) <= allowed or allowed <= 0:
        return tuple(drafts[: max(allowed, 0)])
    rest = drafts[allowed - 1 :]
    digest = Draft(
        rest[0].channel,
        tuple(event for draft in rest for event in draft.events),
        tuple(event for draft in rest for event in draft.absorbed),
        is_digest=True,
    )
    return (*drafts[: allowed - 1], digest)
