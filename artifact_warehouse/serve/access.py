"""Who may ask: without a token, this machine only; with one, whoever sends it."""

from __future__ import annotations

import base64
import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

OPEN_PATHS = ("/health",)
"""Need no token: a load balancer asks."""

TOKEN_IN_ADDRESS = ("/exposure-tile",)
"""Take the token in the address too, as dbt's tiles do: a frame of a dashboard cannot send a header."""


def is_loopback(host: str) -> bool:
    """Whether a name or an address means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refusal(
    token: str | None, path: str, client: str | None, headers: Mapping[str, str], address_token: str | None
) -> tuple[int, str] | None:
    """The status and the reason why a request is refused; None for one that is answered.

    Without a token the name of the host must be this machine's: a web page of others that has its own name lead here
    could read the answers else (DNS rebinding). A browser says in `Origin` which page asks: it must be one of this
    server.
    """
    if path in OPEN_PATHS:
        return None
    if _is_foreign(headers.get("origin"), headers.get("host", "")):
        return 403, "a web page of another origin asks; only pages of this server are answered"
    if token is None:
        host = headers.get("host", "").rsplit(":", 1)[0].strip("[]") or "localhost"
        if is_loopback(host) and (client is None or is_loopback(client)):
            return None
        return 403, "without a token, only this machine is answered; start the server with --token-env"
    scheme, _, sent = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        sent = _password(sent)
    elif scheme.lower() not in ("bearer", "token"):
        sent = address_token if path in TOKEN_IN_ADDRESS and address_token else ""
    if hmac.compare_digest(sent.strip().encode(), token.encode()):
        return None
    return 401, "send the token: Authorization: Bearer TOKEN; in a browser it is the password, with any user name"


def _is_foreign(origin: str | None, host: str) -> bool:
    return origin is not None and urlsplit(origin).netloc.lower() != host.lower()


def _password(credentials: str) -> str:
    """The password of https://www.rfc-editor.org/rfc/rfc7617, which browsers ask people for."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
