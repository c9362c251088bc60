"""The table [alerts] of artifact-warehouse.toml. These classes are its JSON schema, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from artifact_warehouse.durations import duration_of_text
from artifact_warehouse.errors import InvalidConfig

Kind = Literal[
    "failed",
    "run_failed",
    "still_failing",
    "recovered",
    "flaky",
    "slower",
    "source_late",
    "source_fresh",
    "promise_broken",
    "promise_kept",
    "run_missing",
    "run_came",
]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="A time of day, such as 07:00.")]
Duration = Annotated[str, Meta(description="A duration, such as 90m, 26h, 2d or 1d12h.")]
Zone = Annotated[str, Meta(description="A time zone of the IANA database, such as Europe/Berlin.")]
Patterns = Annotated[tuple[str, ...], Meta(description="Names, or patterns with * and ?, without regard to case.")]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the configuration: a key that it does not know is an error."""


class QuietHours(Table, frozen=True, rename={"from_": "from"}):
    """When a channel gets no message. What happens then is told when they are over."""

    from_: TimeOfDay
    to: TimeOfDay
    days: Annotated[tuple[Day, ...], Meta(description="The days on which they begin; every day by default.")] = ()
    timezone: Zone | None = None


class Channel(Table, frozen=True):
    """Where messages go: an apprise URL, or a webhook that takes JSON. ${NAME} stands for an environment variable."""

    url: Annotated[str, Meta(description="An apprise URL: https://appriseit.com/services/")] | None = None
    webhook: Annotated[str, Meta(description="A URL that takes each message as a POST of JSON.")] | None = None
    headers: Annotated[dict[str, str], Meta(description="Headers of the webhook's requests.")] = {}
    format: Literal["markdown", "text"] = "markdown"
    quiet_hours: tuple[QuietHours, ...] = ()
    max_per_hour: Annotated[int, Meta(ge=1, description="The most messages in an hour; the rest is one digest.")] = 20
    timeout: Duration = "10s"


class Route(Table, frozen=True):
    """An event goes to the channels of every route that it matches. It must match each key that a route has."""

    channels: Annotated[tuple[str, ...], Meta(min_length=1)]
    kinds: tuple[Kind, ...] = ()
    projects: Patterns = ()
    environments: Patterns = ()
    jobs: Patterns = ()
    names: Annotated[tuple[str, ...], Meta(description="Patterns of names or unique_ids.")] = ()
    owners: Annotated[
        tuple[str, ...], Meta(description="Patterns of owners: meta's, the group's, of exposures below.")
    ] = ()
    groups: Patterns = ()
    tags: Patterns = ()
    paths: Annotated[
        tuple[str, ...], Meta(description="Patterns of files below the project, such as models/marts/*.")
    ] = ()


class Terms(Table, frozen=True, kw_only=True):
    """An exposure is fresh and tested by a time of day. In dbt, these are the keys of the exposure's `meta.promise`."""

    by: TimeOfDay
    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri")
    holidays: Annotated[tuple[date, ...], Meta(description="Days on which nothing is promised.")] = ()
    timezone: Zone | None = None
    within: Annotated[Duration, Meta(description="How long before the time models may be built and tested.")] = "24h"
    tell_kept: Annotated[bool, Meta(description="Tell each day on which it is kept, too.")] = False


class Promise(Terms, frozen=True, kw_only=True):
    """A promise for an exposure, which comes before that of its meta."""

    exposure: Annotated[str, Meta(description="The name or unique_id of the exposure.")]
    project: str | None = None
    environment: str | None = None


class Schedule(Table, frozen=True):
    """A job is expected to run."""

    job: str
    cron: Annotated[str, Meta(description="A cron expression of five fields.")]
    project: str | None = None
    environment: str | None = None
    timezone: Zone | None = None
    grace: Annotated[Duration, Meta(description="How much later the run may start.")] = "1h"


class Alerts(Table, frozen=True):
    """What is told, to whom, and when."""

    channels: Annotated[dict[str, Channel], Meta(min_length=1)]
    default: Annotated[
        tuple[str, ...], Meta(description="The channels of events that match no route; all by default.")
    ] = ()
    routes: tuple[Route, ...] = ()
    promises: tuple[Promise, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    timezone: Zone = "UTC"
    environments: Annotated[tuple[str, ...], Meta(description="Patterns of environments; all by default.")] = ()
    ignore: Annotated[tuple[Kind, ...], Meta(description="Kinds of events that are never told.")] = ()
    report_url: Annotated[str, Meta(description="Where the page that `report` writes is published.")] | None = None
    remind_after: Annotated[tuple[Duration, ...], Meta(description="When an open incident is told again.")] = ("24h",)
    max_age: Annotated[Duration, Meta(description="What is over for longer is not told.")] = "7d"


def alerts_of(tables: Mapping[str, Any], place: str) -> Alerts:
    """The settings of a configuration's tables. `place` is its file, for errors. Raises InvalidConfig."""
    if "alerts" not in tables:
        raise InvalidConfig(place, "has no table [alerts]; docs/alerts.md has an example")
    try:
        found = msgspec.convert(tables["alerts"], Alerts, builtin_types=(date,))
    except msgspec.ValidationError as error:
        raise _invalid(error, f"{place}: alerts") from error
    _run(_checks(found), f"{place}: alerts.")
    return found


def alerts_schema() -> dict[str, Any]:
    """The JSON schema of the table."""
    return msgspec.json.schema(Alerts)


def _invalid(error: msgspec.ValidationError, place: str) -> InvalidConfig:
    """What msgspec found, at its place: msgspec ends its message with a path such as `$.routes[0]`."""
    reason, _, key = str(error).partition(" - at ")
    return InvalidConfig(f"{place}{key.strip('`').removeprefix('$')}", reason)


def _run(checks: Iterator[Check], place: str) -> None:
    for key, check, value in checks:
        try:
            check(value)
        except (ValueError, KeyError, OSError, ImportError) as error:
            raise InvalidConfig(f"{place}{key}", _reason(value, error)) from error


Check = tuple[str, Callable[[Any], Any], Any]


def _checks(settings: Alerts) -> Iterator[Check]:
    """What the types do not say: (key, function that raises, value)."""
    yield "timezone", ZoneInfo, settings.timezone
    yield "max_age", duration_of_text, settings.max_age
    yield "default", _known(settings.channels), settings.default
    for text in settings.remind_after:
        yield "remind_after", duration_of_text, text
    for name, channel in settings.channels.items():
        yield f"channels.{name}", _has_one_address, channel
        yield f"channels.{name}.timeout", duration_of_text, channel.timeout
        for quiet in channel.quiet_hours:
            yield f"channels.{name}.quiet_hours.timezone", ZoneInfo, quiet.timezone or settings.timezone
    for number, route in enumerate(settings.routes):
        yield f"routes[{number}].channels", _known(settings.channels), route.channels
    for number, promise in enumerate(settings.promises):
        yield from _checks_of_terms(promise, f"promises[{number}].", settings.timezone)
    for number, schedule in enumerate(settings.schedules):
        yield f"schedules[{number}].timezone", ZoneInfo, schedule.timezone or settings.timezone
        yield f"schedules[{number}].grace", duration_of_text, schedule.grace
        yield f"schedules[{number}].cron", _is_cron, schedule.cron


def _checks_of_terms(terms: Terms, place: str, zone: str) -> Iterator[Check]:
    yield f"{place}timezone", ZoneInfo, terms.timezone or zone
    yield f"{place}within", duration_of_text, terms.within


def terms_of(text: str, place: str) -> Terms:
    """The terms in the JSON of an exposure's meta. `place` is for errors. Raises InvalidConfig."""
    try:
        found = msgspec.json.decode(text, type=Terms)
    except msgspec.ValidationError as error:
        raise _invalid(error, place) from error
    _run(_checks_of_terms(found, "", "UTC"), f"{place}.")
    return found


def _known(channels: Mapping[str, Channel]) -> Callable[[Iterable[str]], None]:
    def check(names: Iterable[str]) -> None:
        for name in names:
            if name not in channels:
                raise ValueError(f"there is no channel {name!r}; there are {', '.join(sorted(channels))}")

    return check


def _has_one_address(channel: Channel) -> None:
    if (channel.url is None) == (channel.webhook is None):
        raise ValueError("needs either a url or a webhook")


def _is_cron(expression: str) -> None:
    try:
        from cronsim import CronSim, CronSimError
    except ImportError as error:
        raise ImportError("needs the extra: pip install 'artifact-warehouse[alerts]'") from error
    try:
        CronSim(expression, datetime(2026, 1, 1))
    except CronSimError as error:
        raise ValueError(f"{expression!r} is not a cron expression") from error


def _reason(value: Any, error: Exception) -> str:
    return f"{value!r} is no time zone" if isinstance(error, KeyError | OSError) else str(error)
