"""Requests of one API, politely: few at once, repeated with growing pauses, and paused for all where it asks for it."""

from __future__ import annotations

import json
import random
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from artifact_warehouse.errors import SourceRefused, SourceUnavailable

ATTEMPTS = 6
LONGEST_PAUSE = 300.0
"""A server that asks for a longer pause, in seconds, is asked again by the next fetch."""

_TIMEOUT = 60.0
_PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Statuses after which the same request may succeed: https://www.rfc-editor.org/rfc/rfc9110#name-status-codes."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_GZIP = 16 + zlib.MAX_WBITS


def base_url(host: str) -> str:
    """The URL of a host, which may be given as one. Raises ValueError for one that would show the token on the way."""
    url = (host if "://" in host else f"https://{host}").rstrip("/")
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("https", "http") or parts.username or parts.query:
        raise ValueError(f"{host!r} is no host; write one as in cloud.getdbt.com")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError(f"{host!r} would send the token unencrypted; write https://")
    return url


class Client:
    """Sends GET requests with a token. `name` is the API's in messages. Threads may share it.

    `wait` sleeps for some seconds; it returns true where the client was closed meanwhile.
    """

    def __init__(self, name: str, url: str, token: str, wait: Callable[[float], bool] | None = None) -> None:
        self._name, self._url, self._token = name, url, token
        self._closed = threading.Event()
        self._wait = wait or self._closed.wait
        self._resume_at = 0.0
        """When requests may be sent again, by time.monotonic()."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        """End the pauses of other threads."""
        self._closed.set()

    def json(self, path: str, most_bytes: int = 64 * 1024**2) -> Any:
        """The JSON at a path; None where there is nothing. Raises SourceError."""
        body = self.get(path, most_bytes)
        try:
            return None if body is None else json.loads(body)
        except ValueError as error:
            raise SourceUnavailable(self._name, f"{path} is not JSON") from error

    def get(self, path: str, most_bytes: int) -> bytes | None:
        """The body at a path, cut off after `most_bytes` and one; None where there is nothing. Raises SourceError."""
        for attempt in range(ATTEMPTS):
            self._await_turn()
            try:
                return self._request(path, most_bytes)
            except HTTPError as error:
                with error:
                    if error.code == 404:
                        return None
                    reason = self._reason(error)
                    if error.code not in _PASSING:
                        raise SourceRefused(self._name, reason) from None
                pause = _asked_pause(error.headers)
            except (URLError, HTTPException, OSError, zlib.error) as error:
                if isinstance(getattr(error, "reason", error), ssl.SSLCertVerificationError):
                    raise SourceUnavailable(self._name, self._hide(str(error))) from None
                reason, pause = self._hide(f"{path}: {error}"), None
            if pause is not None and pause > LONGEST_PAUSE:
                raise SourceUnavailable(self._name, f"asks to wait {pause:,.0f} seconds; fetch again after that")
            growing = 2.0**attempt * random.uniform(0.5, 1.0)
            self._resume_at = max(self._resume_at, time.monotonic() + (growing if pause is None else pause))
        raise SourceUnavailable(self._name, f"{reason} ({ATTEMPTS} attempts); fetch again to continue")

    def _await_turn(self) -> None:
        pause = self._resume_at - time.monotonic()
        if self._closed.is_set() or (pause > 0 and self._wait(pause)):
            raise SourceUnavailable(self._name, "was closed")

    def _request(self, path: str, most_bytes: int) -> bytes:
        request = Request(self._url + path, headers={"Accept": "*/*", "Accept-Encoding": "gzip"})
        # Unredirected: artifacts may lie in an object store, which must not see the token.
        request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        with urlopen(request, timeout=_TIMEOUT) as response:
            return _body(response, response.headers, most_bytes)

    def _reason(self, error: HTTPError) -> str:
        """What an error's answer says for people, in one line, without the token."""
        said = ""
        with suppress(Exception):
            said = str(json.loads(_body(error, error.headers, 65536))["status"]["user_message"])[:200]
        path = self._hide(urlsplit(error.url or "").path)
        return self._hide(" ".join(f"{path}: {error.code} {error.reason}. {said}".split()))

    def _hide(self, text: str) -> str:
        return text.replace(self._token, "*****")


def _body(stream: IO[bytes], headers: Message, most_bytes: int) -> bytes:
    """The body, unpacked. Raises HTTPException and zlib.error where it is cut off."""
    raw, size = stream.read(most_bytes + 1), headers.get("Content-Length")
    if len(raw) <= most_bytes and size is not None and len(raw) != int(size):
        raise IncompleteRead(raw, int(size) - len(raw))
    if headers.get("Content-Encoding") != "gzip":
        return raw
    unpacker = zlib.decompressobj(_GZIP)
    body = unpacker.decompress(raw, most_bytes + 1)
    if len(body) <= most_bytes and not unpacker.eof:
        raise IncompleteRead(body)
    return body


def _asked_pause(headers: Message) -> float | None:
    """The seconds in Retry-After, which has a number or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
    text = headers.get("Retry-After", "")
    with suppress(ValueError):
        return max(0.0, float(text))
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(timezone.utc)).total_seconds())
    return None
