"""Finds what looks like a secret in a text, and tells the keys of secrets.

A text is searched by Aho-Corasick for the words that each expression needs; only the expressions whose words it
has are tried. They take time linear in the text: every repetition that could be tried from many places is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from functools import lru_cache
from itertools import product

from ahocorasick_rs import BytesAhoCorasick, Implementation

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.artifacts.redaction.known_values import NO_SECRETS

_WORDS = (
    r"(?:passw(?:or)?d|passphrase|pgpass|(?<=[_-])pass(?![a-z])|(?<=[_-])pat(?![a-z])|pwd|(?<![a-z])pw(?![a-z])|"
    r"secret(?!ar)|token(?!i[sz])|credential|authorization|connection[_-]?string|"
    r"(?:private|api|access|account|shared|storage)[_\-. ]?key|x-(?:amz|goog)-signature)"
    r"(?!(?:s?[_-]?(?:count|column|type|name|limit|usage|length|id))(?![a-z]))"
)
"""A key with one of these has a secret, unless it is a key of something about the secret."""

_SECRET_KEY = re.compile(_WORDS, re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"""(?P<key>(?:{_WORDS}|[?&]sig(?:nature)?)[\w-]{{0,40}}\\?["']?\s{{0,4}}(?::=|=>|[:=])\s{{0,4}}
          |(?:password|identified[ ]by|secret)[ ]{{1,4}}(?=')
          |(?<![\w-])--[\w-]{{0,40}}?(?:{_WORDS})[\w-]{{0,40}}[ ]{{1,4}})
         (?:(?P<quote>\\?["'])(?P<quoted>(?:\\.|.){{1,4096}}?)(?P=quote)
           |(?P<bare>(?:(?:bearer|basic|token)[ ])?[^\s"'\\,;&)}}\]]+))""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_URL_USER = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{0,20}://)"
    r"(?P<user>[^\s/\"'<>]{1,1024}|[^\s/:@\"'<>]{0,256}:(?!\d{1,5}(?:[/?#]|$))[^\s@<>]{1,512})@",
    re.IGNORECASE,
)
_FORMS = re.compile(
    r"(?<![\w-])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}(?!\w)"
    r"|gh[oprsu]_[A-Za-z0-9]{30,255}|github_pat_\w{20,255}|glpat-[\w-]{20,255}|xox[abeoprs]-[\w-]{10,255}"
    r"|dapi[0-9a-f]{32}|dbt[cu]_[\w-]{20,255}|[sr]k_(?:live|test)_\w{16,255}|sk-[\w-]{20,255}|AIza[\w-]{35}"
    r"|eyJ[\w-]{10,4096}\.[\w-]{10,4096}\.[\w-]{10,4096}"
    r")|(?<=Bearer )[\w.~+/=-]{8,}|(?<=bearer )[\w.~+/=-]{8,}"
    r"|-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----(?:(?!-----)[\w+/=\s\\:,-]){0,16384}-----END [A-Z ]{0,32}PRIVATE KEY-----"
)

_KEY_HINTS = (
    *("passw", "passphrase", "pgpass", "_pass", "-pass", "pw", "secret", "token", "credential", "authorization"),
    *("connection_string", "connection-string", "connectionstring", "signature", "sig="),
    *(f"{kind}{dash}key" for kind in ("private", "api", "access", "account", "shared", "storage") for dash in "_-. "),
    *(f"{kind}key" for kind in ("private", "api", "access", "account", "shared", "storage")),
    *("".join(parts) for parts in product("_-", ["pat"], "\"':=\\ _-0123456789")),
)
"""`pat` with what follows it, as all arguments of dbt speak of paths."""

_FORM_HINTS = (
    *("akia", "asia", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "xox", "dapi", "dbtc_"),
    *("dbtu_", "k_live_", "k_test_", "sk-", "aiza", "eyj", "bearer", "begin "),
)

_ESCAPES, _ASSIGNMENTS, _URLS, _TOKENS = range(4)
_HINTS = {
    **dict.fromkeys(json_text.NEEDLESS_ESCAPES, _ESCAPES),
    **dict.fromkeys((*_KEY_HINTS, "identified by"), _ASSIGNMENTS),
    **dict.fromkeys(_FORM_HINTS, _TOKENS),
    "://": _URLS,
    "@": -_URLS,
}
_AUTOMATON = BytesAhoCorasick([hint.encode() for hint in _HINTS], implementation=Implementation.DFA)
_KIND_OF_HINT = [*_HINTS.values()]


def kinds_in(document: bytes) -> Set[int]:
    """The kinds of secrets that a text or JSON may hold, told by the words in it. Often there are none."""
    found = _AUTOMATON.find_matches_as_indexes(document.lower(), overlapping=True)
    if not found:
        return frozenset()
    kinds = {_KIND_OF_HINT[index] for index, _, _ in found}
    if not {_URLS, -_URLS} <= kinds:
        kinds.discard(_URLS)
    kinds.discard(-_URLS)
    return kinds


@lru_cache(maxsize=4096)
def is_secret_key(key: str) -> bool:
    """Whether a key is that of a secret."""
    return bool(_SECRET_KEY.search(key))


def hide_secrets(text: str, kinds: Set[int], hide: Callable[[str], str], learn: Callable[[str], None]) -> str:
    """The text with `hide` of each secret in it; those that stand elsewhere too are told to `learn`."""

    def hide_user(match: re.Match[str]) -> str:
        return f"{match['scheme']}{hide(match['user'])}@"

    def hide_assigned(match: re.Match[str]) -> str:
        value, quote = match["quoted"] or match["bare"], match["quote"] or ""
        if value.lower() in NO_SECRETS:
            return match.group()
        learn(value)
        return f"{match['key']}{quote}{hide(value)}{quote}"

    if _URLS in kinds:
        text = _URL_USER.sub(hide_user, text)
    if _ASSIGNMENTS in kinds:
        text = _ASSIGNED.sub(hide_assigned, text)
    if _TOKENS in kinds:
        text = _FORMS.sub(lambda match: hide(match.group()), text)
    return text
