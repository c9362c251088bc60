"""Which channels an event goes to: by the routes, else by the meta key `channel`, else the default ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from artifact_warehouse.alerts.events import Event
from artifact_warehouse.alerts.settings import Alerts, Route


def channels_of(event: Event, settings: Alerts) -> tuple[str, ...]:
    """The names of the channels, each once. None for an event that is not to be told."""
    if event.kind in settings.ignore or not _matches(settings.environments, [event.environment]):
        return ()
    routed = [name for route in settings.routes if _is_on(route, event) for name in route.channels]
    named = [name for name in (event.subject.channels if event.subject else ()) if name in settings.channels]
    return tuple(dict.fromkeys(routed or named or settings.default or settings.channels))


def _is_on(route: Route, event: Event) -> bool:
    subject = event.subject
    asked = (
        (route.kinds, [event.kind]),
        (route.projects, [event.project_name]),
        (route.environments, [event.environment]),
        (route.jobs, [event.job_name]),
        (route.names, [subject.name, subject.unique_id] if subject else []),
        (route.owners, owners_of(event)),
        (route.groups, [subject.group] if subject else []),
        (route.tags, subject.tags if subject else []),
        (route.paths, [subject.path] if subject else []),
    )
    return all(_matches(patterns, values) for patterns, values in asked)


def owners_of(event: Event) -> tuple[str, ...]:
    """The owners of the resource, and those of the exposures that it feeds."""
    if event.subject is None:
        return ()
    return (*event.subject.owners, *(owner for exposure in event.subject.feeds for owner in exposure.owners))


def _matches(patterns: Iterable[str], values: Iterable[str | None]) -> bool:
    """Whether a value matches a pattern; everything matches where there is no pattern."""
    asked = [pattern.casefold() for pattern in patterns]
    given = [value.casefold() for value in values if value is not None]
    return not asked or any(fnmatchcase(value, pattern) for value in given for pattern in asked)
