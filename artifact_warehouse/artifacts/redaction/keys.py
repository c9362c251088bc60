"""Recognises the keys of secrets.

The words are those of gitleaks' `generic-api-key` and of detect-secrets' KeywordDetector, and the names that
databases and web servers give to credentials.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product

_BEFORE_KEY = (
    *("private", "api", "access", "account", "shared", "storage", "master", "encryption", "encrypt", "decryption"),
    *("signing", "auth", "secret", "hmac", "ssh", "license", "deploy", "subscription", "root", "admin", "service"),
    *("db", "database", "priv", "server", "security", "rsa", "gpg", "pgp", "aes", "cipher", "functions"),
)
_BEFORE_WEAK_KEY = ("client", "session", "app", "user", "consumer", "application", "data", "function")

_HARMLESS_SUFFIXES = (
    *("count", "column", "type", "name", "limit", "usage", "length", "id", "uri", "url", "endpoint", "path", "file"),
    *("expiry", "expires", "expiration", "ttl", "version", "field", "format", "policy", "table", "schema", "database"),
    *("model", "arn", "scope", "manager", "provider", "backend", "engine", "at", "in", "index", "ratio", "per", "cost"),
    *("budget", "window", "rotation", "age", "required", "enabled", "hint"),
)

WORDS = (
    r"(?:passw(?:or)?d|passphrase|passcode|passwort|kennwort|contrase(?:ñ|n)a|senha|pgpass|mot_de_passe"
    r"|(?:(?<![a-z])|(?<=db)|(?<=user))pass(?![a-z]|[_-]?through)|(?<=[_-])pat(?![a-z])|(?<![a-z])pw(?![a-z])|pwd"
    r"|secret(?!ar)|token(?!i[sz])|credential|(?<![a-z])creds?(?![a-z])|authorization|_auth(?![a-z])"
    r"|conn(?:ection)?[_-]?str(?:ing)?(?![a-z])|(?<![a-z])cookies?(?![a-z])|(?<![a-z])jwt(?![a-z])|bearer(?![a-z])"
    r"|jsessionid|phpsessid|(?<![a-z])sessionid|connect\.sid|x-(?:amz|goog)-signature|webhook(?![a-z])"
    rf"|(?:{'|'.join(_BEFORE_KEY)})[_\-. ]?key)"
    rf"(?!(?:s?[_-]?(?:{'|'.join(_HARMLESS_SUFFIXES)}))(?![a-z]))"
)
"""A key with one of these words is a secret's, unless a word of _HARMLESS_SUFFIXES follows (`token_count`)."""

WEAK_WORDS = rf"(?<![a-z])(?:(?:{'|'.join(_BEFORE_WEAK_KEY)})[_-]?key|auth|sas|sig|signature|dsn|otp|salt)(?![a-z])"
"""A key with one of these words is a secret's if its value looks random."""

_STRONG = re.compile(WORDS, re.IGNORECASE)
_WEAK = re.compile(rf"{WEAK_WORDS}$", re.IGNORECASE)


@lru_cache(maxsize=4096)
def is_secret_key(key: str) -> bool:
    """Whether a key is that of a secret."""
    return bool(_STRONG.search(key) or _STRONG.search(_in_snake_case(key)))


@lru_cache(maxsize=4096)
def is_weak_key(key: str) -> bool:
    """Whether a key is that of a secret if its value looks random."""
    return bool(_WEAK.search(key) or _WEAK.search(_in_snake_case(key)))


def _in_snake_case(key: str) -> str:
    """`dbPass` as `db_Pass`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)


def _before_value(*words: str) -> tuple[str, ...]:
    """The words with each character that may stand between a key and its value."""
    return tuple("".join(parts) for parts in product(words, "\"'=:\\%>"))


HINTS = (
    *("passw", "passphrase", "passcode", "kennwort", "contrase", "senha", "pgpass", "mot_de_passe", "_pass", "-pass"),
    *("dbpass", "userpass", "pwd", "-pw", "_pw", "secret", "token", "credential", "creds", "authorization", "_auth"),
    *(
        "connstr",
        "conn_str",
        "conn-str",
        "connectionstr",
        "connection_str",
        "connection-str",
        "cookie",
        "jwt",
        "bearer",
    ),
    *("jsessionid", "phpsessid", "sessionid", "connect.sid", "-signature", "webhook"),
    *(f"{word}{dash}key" for word in _BEFORE_KEY for dash in ("_", "-", ".", " ", "")),
    *_before_value("pass", "pw", "cred", "_pat", "-pat"),
    *(f"{dash}pat{after}" for dash in "_-" for after in "_-0123456789"),
)
"""Lower-case words. A text or JSON without any of them has no key with one of WORDS."""

WEAK_HINTS = (
    *_before_value(*(f"{word}{dash}key" for word in _BEFORE_WEAK_KEY for dash in ("_", "-", ""))),
    *_before_value("auth", "sas", "sig", "signature", "dsn", "otp", "salt"),
)
"""The hints of WEAK_WORDS."""
