"""The words of a message, as plain text and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from artifact_warehouse.alerts.clocks import clock_text
from artifact_warehouse.alerts.composing import Draft
from artifact_warehouse.alerts.events import Event
from artifact_warehouse.alerts.settings import Alerts
from artifact_warehouse.durations import text_of_duration

MAX_LISTED = 10
"""How many events a message lists; it counts the rest."""

_MAX_REASON = 300
_REASON_HEAD = re.compile(r"(\w+ )+in [\w ]+\S+ \([^()]*\)")
"""The first line of dbt's messages: Database Error in model orders (models/orders.sql)."""
_CODE = re.compile(r"LINE \d+:|compiled (code|SQL) at ", re.IGNORECASE)
"""The first line of what follows a database's message: the line of the code, and where dbt has written it."""


class Markup(NamedTuple):
    """How a name, a code, a link and the end of a line are written."""

    strong: Callable[[str], str]
    code: Callable[[str], str]
    link: Callable[[str, str], str]
    line_end: str


_MENTION = re.compile("<(?=[!@#])")
"""What Slack takes for a mention, and a text of a database must not be."""


def _as_code(text: str) -> str:
    return f"`{_MENTION.sub('<' + chr(0x200B), text).replace('`', chr(39))}`"


PLAIN = Markup(strong=str, code=str, link=lambda text, url: f"{text}: {url}", line_end="\n")
MARKDOWN = Markup(
    strong=lambda text: f"**{text}**",
    code=_as_code,
    link=lambda text, url: f"[{text}]({url})",
    line_end="  \n",
)


def title_of(draft: Draft, settings: Alerts) -> str:
    """One line that says what happened and where, without any markup."""
    event = draft.events[0]
    place = " ".join(filter(None, [event.project_name, event.environment]))
    if draft.is_digest:
        return f"{len(draft.events)} more events in one message: the channel has had its messages of this hour"
    return f"{place}: {_headline(event, draft, settings)}"


def _headline(event: Event, draft: Draft, settings: Alerts) -> str:
    who = _who(draft)
    run = f" in {event.job_name}" if event.job_name else ""
    at = clock_text(event.facts.get("due_at", event.happened_at), settings.timezone)
    return {
        "failed": f"{who} failed{run}",
        "still_failing": f"{who} still failing",
        "recovered": f"{who} recovered{run}",
        "flaky": f"{who} flaky: passed again, and nothing explains it",
        "slower": f"{who} slower than before",
        "run_failed": f"{who} failed as a whole",
        "source_late": f"{who} late",
        "source_fresh": f"{who} fresh again",
        "promise_broken": f"{who} not ready at {at}",
        "promise_kept": f"{who} ready",
        "run_missing": f"{who} did not run",
        "run_came": f"{who} ran late",
    }[event.kind]


def _who(draft: Draft) -> str:
    """The name of a single resource or job; of several, how many and of which type."""
    event, count = draft.events[0], len(draft.events)
    if count == 1:
        return event.subject.name if event.subject else event.job_name or event.facts.get("command") or "dbt"
    nouns = {event.subject.resource_type.replace("_", " ") if event.subject else "job" for event in draft.events}
    return _counted(count, nouns.pop() if len(nouns) == 1 else "node")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def body_of(draft: Draft, settings: Alerts, markup: Markup) -> str:
    """A paragraph for each event, at most MAX_LISTED: first for those that most was skipped for."""
    shown = sorted(draft.events, key=lambda event: -len(event.facts.get("skipped_unique_ids") or ()))[:MAX_LISTED]
    parts = [markup.line_end.join(_paragraph(event, settings, markup)) for event in shown]
    if len(draft.events) > len(shown):
        parts.append(f"… and {len(draft.events) - len(shown)} more")
    return "\n\n".join(parts)


def _paragraph(event: Event, settings: Alerts, markup: Markup) -> Iterable[str]:
    yield _first_line(event, settings, markup)
    if reason := reason_of(event):
        yield markup.code(reason)
    yield from _details(event, settings)
    if url := report_link(event, settings):
        yield markup.link("Report", url)


def _first_line(event: Event, settings: Alerts, markup: Markup) -> str:
    name = markup.strong(markup.code(event.subject.name)) if event.subject else markup.strong(event.job_name or "dbt")
    facts = event.facts
    zone = settings.timezone
    at = clock_text(event.happened_at, zone)
    match event.kind:
        case "failed":
            return f"{name} failed {at}"
        case "still_failing":
            times = _counted(facts["failure_count"], "time")
            return f"{name} has failed {times} since {clock_text(facts['opened_at'], zone)}"
        case "recovered":
            return f"{name} passed {at}; it had failed since {clock_text(facts['opened_at'], zone)}"
        case "flaky":
            return (
                f"{name} failed {clock_text(facts['opened_at'], zone)} and passed {at}: "
                "nothing that it reads was built anew or changed in between"
            )
        case "slower":
            times = f"{facts['regressed_seconds']:.1f} s instead of {facts['baseline_seconds']:.1f} s"
            return f"{name} takes {times} since {at}"
        case "run_failed":
            nodes = _counted(facts["node_count"] or 0, "node")
            return f"{name} ended {at} without any result of its {nodes}: {facts['command']}"
        case "source_late":
            return f"{name} {_lateness(facts, zone)}"
        case "source_fresh":
            return f"{name} is fresh {at}; it was late since {clock_text(facts['opened_at'], zone)}"
        case "promise_broken":
            return f"{name} was to be fresh and tested by {clock_text(facts['due_at'], zone)}, and was not"
        case "promise_kept":
            return _kept(name, facts, zone)
        case "run_missing":
            last = f"the last run was {clock_text(facts['last_at'], zone)}" if facts["last_at"] else "it has never run"
            return f"{name} was due {clock_text(facts['due_at'], zone)}; {last}"
        case _:
            return f"{name} started {at}; it was due {clock_text(facts['due_at'], zone)}"


def _kept(name: str, facts: Any, zone: str) -> str:
    due = clock_text(facts["due_at"], zone)
    if "met_at" not in facts:
        return f"{name} was fresh and tested by {due}"
    late = text_of_duration(facts["met_at"] - facts["due_at"])
    return f"{name} is fresh and tested since {clock_text(facts['met_at'], zone)}, {late} after it was due"


def _lateness(facts: Any, zone: str) -> str:
    if facts["age_seconds"] is None:
        return "could not be checked"
    age = text_of_duration(timedelta(seconds=facts["age_seconds"]))
    limit = facts["limit_seconds"]
    allowed = f" (at most {text_of_duration(timedelta(seconds=limit))})" if limit else ""
    newest = f"; the newest row is of {clock_text(facts['max_loaded_at'], zone)}" if facts["max_loaded_at"] else ""
    return f"is {age} old{allowed}: {facts['status'].lower()}{newest}"


def reason_of(event: Event) -> str:
    """dbt's message in one line, without the line that names the node and without code."""
    lines = [line.strip() for line in (event.facts.get("message") or "").splitlines() if line.strip(" ^")]
    lines = [*takewhile(lambda line: not _CODE.match(line), lines)]
    if len(lines) > 1 and _REASON_HEAD.fullmatch(lines[0]):
        del lines[0]
    text = " ".join(lines)
    return text if len(text) <= _MAX_REASON else f"{text[: _MAX_REASON - 1]}…"


def _details(event: Event, settings: Alerts) -> Iterable[str]:
    facts, subject = event.facts, event.subject
    if event.kind == "promise_broken":
        yield from _troubles(facts["troubles"])
    if parents := facts.get("failing_parents"):
        yield f"Failing upstream: {', '.join(_short(parent) for parent in parents)}"
    if skipped := facts.get("skipped_unique_ids"):
        yield f"Skipped for it: {_counted(len(skipped), 'node')}"
    if change := _change(event, settings.timezone):
        yield change
    if subject is not None:
        if subject.owners:
            yield f"Owner: {' · '.join(subject.owners)}"
        if subject.feeds:
            yield f"Feeds: {', '.join(exposure.name for exposure in subject.feeds)}"
        if subject.subscribers:
            yield f"For: {' '.join(subject.subscribers)}"


def _troubles(troubles: Iterable[tuple[str, str]]) -> Iterable[str]:
    by_trouble: dict[str, list[str]] = {}
    for unique_id, trouble in troubles:
        by_trouble.setdefault(trouble, []).append(_short(unique_id))
    for trouble, names in sorted(by_trouble.items()):
        more = f", and {len(names) - 3} more" if len(names) > 3 else ""
        yield f"{trouble.capitalize()}: {', '.join(names[:3])}{more}"


def _change(event: Event, zone: str) -> str:
    """What changed when the event began."""
    facts = event.facts
    fields = facts.get("changed_fields") or []
    parts = [f"{', '.join(fields)}{_when(facts.get('changed_at'), zone)}"] if fields else []
    for name, words in (("dbt_version", "dbt"), ("threads", "threads")):
        if name in (facts.get("changes") or []):
            parts.append(f"{words} {facts[f'previous_{name}']} to {facts[name]}")
    if "rows_affected" in (facts.get("changes") or []):
        parts.append("more rows")
    if not parts:
        return ""
    commit = f" (commit {facts['git_sha'][:9]})" if facts.get("git_sha") else ""
    return f"Changed with it: {'; '.join(parts)}{commit}"


def _when(at: datetime | None, zone: str) -> str:
    return f", {clock_text(at, zone)}" if at else ""


def _short(unique_id: str) -> str:
    """The name in a unique_id; of a generic test, without its hash."""
    kind, _, rest = unique_id.partition(".")
    name = rest.partition(".")[2] or rest
    return name.partition(".")[0] if kind == "test" else name


def report_link(event: Event, settings: Alerts) -> str | None:
    """The address of the event's page in the report: that of the node, else that of the run."""
    if settings.report_url is None:
        return None
    scope = urlencode({"in": f"{event.project_name or ''}/{event.environment}"})
    if event.unique_id is not None:
        kind = event.unique_id.partition(".")[0]
        return f"{settings.report_url}#/{kind}/{quote(event.unique_id)}?{scope}"
    if event.invocation_id is not None:
        command = quote(event.group[1] or "")
        return f"{settings.report_url}#/run/{event.invocation_id}/{command}?{scope}&count=invocations"
    return f"{settings.report_url}#/runs?{scope}"
