"""Sends a message to a channel: through apprise, or as a POST of JSON. Says why it could not."""

from __future__ import annotations

import http.client
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from artifact_warehouse.alerts.outbox import Outgoing
from artifact_warehouse.alerts.settings import Alerts, Channel
from artifact_warehouse.durations import duration_of_text
from artifact_warehouse.errors import InvalidConfig

_VARIABLE = re.compile(r"\$\{(\w+)\}")

REPEATED = "Sent again: an earlier call ended before it knew whether this message had arrived."

_TYPES = {
    **dict.fromkeys(("failed", "run_failed", "still_failing", "promise_broken", "run_missing"), "failure"),
    **dict.fromkeys(("source_late", "flaky", "slower", "digest"), "warning"),
    **dict.fromkeys(("recovered", "source_fresh", "promise_kept", "run_came"), "success"),
}
"""The colour that a service gives a message: apprise's notification types."""

Send = Callable[[Outgoing], str | None]
"""Sends a message; returns why it failed, or None where the service has accepted it."""


def sender(name: str, channel: Channel, environ: Mapping[str, str] = os.environ) -> Send:
    """The function that sends to a channel. Raises InvalidConfig where its address cannot be used."""
    place = f"alerts.channels.{name}"
    if channel.webhook is not None:
        url = _filled(channel.webhook, environ, place)
        if urlsplit(url).scheme not in ("http", "https"):
            raise InvalidConfig(place, "the webhook is no http or https URL")
        headers = {key: _filled(value, environ, place) for key, value in channel.headers.items()}
        return _webhook(url, headers, duration_of_text(channel.timeout).total_seconds())
    return _apprise(_filled(channel.url or "", environ, place), channel, place)


def check_channels(settings: Alerts, environ: Mapping[str, str] = os.environ) -> None:
    """Raises InvalidConfig where a channel's address is none, or names an environment variable that is not set."""
    for name, channel in settings.channels.items():
        sender(name, channel, environ)


def _filled(text: str, environ: Mapping[str, str], place: str) -> str:
    """The text with the values of environment variables in the place of each ${NAME}."""
    for name in _VARIABLE.findall(text):
        if not environ.get(name):
            raise InvalidConfig(place, f"the environment variable {name} is not set")
    return _VARIABLE.sub(lambda match: environ[match[1]], text)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET without the message."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _webhook(url: str, headers: Mapping[str, str], timeout: float) -> Send:
    opener = urllib.request.build_opener(_NoRedirects)

    def send(message: Outgoing) -> str | None:
        body = {**message.content, "is_repeated": message.is_repeated}
        if message.is_repeated:
            body["text"] += f"\n\n{REPEATED}"
        fixed = {"Content-Type": "application/json", "Idempotency-Key": message.message_id}
        data = json.dumps(body).encode()
        try:
            request = urllib.request.Request(url, data, {**fixed, **headers}, method="POST")
            with opener.open(request, timeout=timeout):
                return None
        except urllib.error.HTTPError as error:
            error.close()
            return f"HTTP {error.code}"
        except urllib.error.URLError as error:
            return _reason(error.reason)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return _reason(error)

    return send


def _reason(error: object) -> str:
    """Why, without the address: it may have a secret."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    strerror = getattr(error, "strerror", None)
    return strerror or type(error).__name__


def _apprise(url: str, channel: Channel, place: str) -> Send:
    try:
        import apprise
    except ImportError as error:
        reason = "a url needs the extra: pip install 'artifact-warehouse[alerts]'"
        raise InvalidConfig(place, reason) from error
    seconds = duration_of_text(channel.timeout).total_seconds()
    separator = "&" if "?" in url else "?"
    service = apprise.Apprise.instantiate(f"{url}{separator}cto={seconds}&rto={seconds}", suppress_exceptions=True)
    if service is None:
        raise InvalidConfig(place, "is no URL that apprise knows: https://appriseit.com/services/")
    target = apprise.Apprise()
    target.add(service)

    def send(message: Outgoing) -> str | None:
        content = message.content
        body = content["body"][channel.format]
        if message.is_repeated:
            body += f"\n\n{REPEATED}"
        kind = _TYPES.get(content["kind"], "info")
        accepted = target.notify(title=content["title"], body=body, body_format=channel.format, notify_type=kind)
        return None if accepted else "the service did not accept it"

    return send
