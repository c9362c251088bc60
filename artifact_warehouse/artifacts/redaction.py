"""What looks like a secret, found and hidden before it is stored.

A value is a secret by its key (`password`, `api_key`, `DBT_ENV_SECRET_…`), by its form (a URL with credentials, a
token of a known service, a private key), because the environment says so (the values of dbt's DBT_ENV_SECRET_
variables), or because it matches a pattern of the user's. It becomes `*****`, as in dbt's own logs.

Says nothing about artifacts: which fields are looked at is for `flatten` to say. The expressions take time linear
in the text, whatever is in it: every repetition that could be tried from many places is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.errors import InvalidPattern

T = TypeVar("T")

HIDDEN = "*****"

SECRET_VARIABLES = "DBT_ENV_SECRET"
"""How the names of environment variables begin whose values dbt hides in its logs."""

_WORDS = (
    r"(?:passw(?:or)?d|passphrase|pgpass|(?<=[_-])pass(?![a-z])|(?<=[_-])pat(?![a-z])|pwd|(?<![a-z])pw(?![a-z])|"
    r"secret(?!ar)|token(?!i[sz])|credential|authorization|connection[_-]?string|"
    r"(?:private|api|access|account|shared|storage)[_\-. ]?key|x-(?:amz|goog)-signature)"
    r"(?!(?:s?[_-]?(?:count|column|type|name|limit|usage|length|id))(?![a-z]))"
)
"""A key with one of these has a secret, unless it is a key of something about the secret."""

_HINTS = (
    *("passw", "passphrase", "pgpass", "_pass", "-pass", "pw", "secret", "token", "credential"),
    *("authorization", "connection", "signature", "sig=", "identified"),
    *("akia", "asia", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "xox", "dapi"),
    *("dbtc_", "dbtu_", "k_live_", "k_test_", "sk-", "aiza", "eyj", "bearer", "begin "),
)
_KEY_HINTS = ("private", "api", "access", "account", "shared", "storage")
_PAT_HINTS = ("_pat", "-pat")
"""A text without any of the hints, without one of these and "key", without one of these but for paths (which all
arguments of dbt speak of), and without both "://" and "@", holds nothing that the expressions below find."""

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
_NO_SECRETS = frozenset({"", "null", "none", "true", "false", HIDDEN})
_WORD = re.compile(r"[A-Za-z_]+|\d{1,5}")
_SHORTEST_VALUE = 4
"""A shorter value would be found everywhere."""
_SHORTEST_PART = 8
"""A shorter value is looked for as a word of its own."""


class Redaction(NamedTuple):
    """What is to be hidden: what looks like a secret, these values wherever they stand, and what a pattern matches."""

    patterns: tuple[str, ...] = ()
    """Regular expressions; of a key that one matches, the value is hidden."""
    values: tuple[str, ...] = ()
    is_on: bool = True

    @classmethod
    def of(cls, redact: bool | Iterable[str], environment: Mapping[str, str]) -> Redaction:
        """From an option of the user's: whether to redact, or further patterns. Raises InvalidPattern."""
        patterns = () if isinstance(redact, bool) else tuple(redact)
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise InvalidPattern(f"{pattern!r} is no regular expression: {error}") from error
        values = tuple(value for name, value in environment.items() if name.startswith(SECRET_VARIABLES) and value)
        return cls(patterns, values, is_on=redact is not False)


class Redactor:
    """Hides secrets in texts and JSON, and counts them. One a warehouse load; `start` begins a new artifact."""

    def __init__(self, redaction: Redaction = Redaction(is_on=False)) -> None:  # noqa: B008 (immutable)
        self.count = 0
        self._is_on = redaction.is_on
        self._values = frozenset(filter(_is_telling, redaction.values)) if redaction.is_on else frozenset()
        self._always = _any_of(self._values)
        self._found: set[str] = set()
        self._known = self._always
        self._patterns = [re.compile(pattern) for pattern in redaction.patterns] if redaction.is_on else []

    def start(self) -> None:
        """Forget what the last artifact held."""
        self.count = 0
        if self._found:
            self._found.clear()
            self._known = self._always

    def learn(self, value: Any) -> None:
        """Find the secrets of a JSON value that is hidden later: what comes before it may hold them too."""
        count = self.count
        self.json(value)
        self.count = count

    def text(self, text: str | None) -> str | None:
        """A text without its secrets; they are hidden in the artifact's later texts too."""
        return text if text is None or not self._is_suspicious(text) else self._hide_all(text)

    def texts(self, texts: list[str | None]) -> list[str | None]:
        """Each text without its secrets; the same list where there are none, which is told at once."""
        if not self._is_suspicious("\n".join(filter(None, texts))):
            return texts
        return self._until_all_is_known(lambda shown: [self.text(text) for text in shown], texts)

    def json(self, value: Any) -> Any:
        """A JSON value without its secrets; they are hidden in the artifact's later texts too."""
        if not value or not self._is_suspicious(json_text.encode(value)):
            return value
        return self._until_all_is_known(self._hide_in, value)

    def json_texts(self, texts: list[str | None]) -> list[str | None]:
        """JSON texts without their secrets; the same list where there are none."""
        if not self._is_suspicious("\n".join(filter(None, texts))):
            return texts
        return [json_text.encode(self._hide_in(json_text.decode(text.encode()))) if text else text for text in texts]

    def code(self, texts: Sequence[str | None]) -> Sequence[str | None]:
        """Code without the values that are known to be secret. Nothing else, as a query may well speak of tokens."""
        return [self._hide_known(text) if text else text for text in texts] if self._known else texts

    def anything(self, text: str) -> str:
        """Any text without the values of secret variables; not counted, as not every text is looked at every time."""
        return self._always.sub(HIDDEN, text) if self._always else text

    def _is_suspicious(self, text: str) -> bool:
        """Whether it is worth a closer look; wrong only in one direction."""
        if not self._is_on or not text:
            return False
        if self._patterns or self._known:
            return True
        lowered = text.lower()
        for hint in _HINTS:
            if hint in lowered:
                return True
        has_key = "key" in lowered and any(hint in lowered for hint in _KEY_HINTS)
        has_pat = any(lowered.count(hint) > lowered.count(f"{hint}h") for hint in _PAT_HINTS)
        return has_key or has_pat or ("://" in lowered and "@" in lowered)

    def _until_all_is_known(self, hide: Callable[[T], T], value: T) -> T:
        """Hide once more where that has found secrets: they may stand in front of the place that told of them too."""
        known = len(self._found)
        shown = hide(value)
        return shown if len(self._found) == known else hide(shown)

    def _hide_in(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._hide_all(value)
        if isinstance(value, list):
            return [self._hide_in(item) for item in value]
        if isinstance(value, dict):
            return {key: self._hide_item(key, item) for key, item in value.items()}
        return value

    def _is_secret(self, key: str) -> bool:
        return bool(_SECRET_KEY.search(key)) or any(pattern.search(key) for pattern in self._patterns)

    def _hide_item(self, key: str, value: Any) -> Any:
        """The value of a key: gone where the key is a secret's, but for what says nothing."""
        if not self._is_secret(key):
            return self._hide_in(value)
        if value is None or isinstance(value, bool) or value in ("", HIDDEN, [], {}):
            return value
        if isinstance(value, int) and key.lower().endswith("tokens"):
            return value  # how many a model of language took
        for text in _texts_in(value):
            self._remember(text)
        self.count += 1
        return HIDDEN

    def _hide_all(self, text: str) -> str:
        text = self._hide_known(text)
        text = _URL_USER.sub(self._hide_user, text)
        text = _ASSIGNED.sub(self._hide_assigned, text)
        for pattern in (_FORMS, *self._patterns):
            text = pattern.sub(self._hide_match, text)
        return text

    def _hide_known(self, text: str) -> str:
        return self._known.sub(self._hide_match, text) if self._known else text

    def _hide_match(self, match: re.Match[str]) -> str:
        if match.group() in ("", HIDDEN):
            return match.group()
        self.count += 1
        return HIDDEN

    def _hide_user(self, match: re.Match[str]) -> str:
        if match["user"] == HIDDEN:
            return match.group()
        self.count += 1
        return f"{match['scheme']}{HIDDEN}@"

    def _hide_assigned(self, match: re.Match[str]) -> str:
        value, quote = match["quoted"] or match["bare"], match["quote"] or ""
        if value.lower() in _NO_SECRETS:
            return match.group()
        self._remember(value)
        self.count += 1
        return f"{match['key']}{quote}{HIDDEN}{quote}"

    def _remember(self, value: str) -> None:
        # A word (of a message, a column's name) would take itself out of all code.
        if _is_telling(value) and not _WORD.fullmatch(value) and value not in self._found:
            self._found.add(value)
            self._known = _any_of(self._values | self._found)


def _texts_in(value: Any) -> list[str]:
    """The texts in a JSON value, at any depth."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts_in(item)]


def _is_telling(value: str) -> bool:
    return len(value) >= _SHORTEST_VALUE and value.lower() not in _NO_SECRETS


def _any_of(values: Iterable[str]) -> re.Pattern[str] | None:
    """An expression for these values, the longest first; None for none. As they are, and as JSON writes them."""
    parts = {form: len(value) < _SHORTEST_PART for value in values for form in (value, json_text.encode(value)[1:-1])}
    longest_first = sorted(parts, key=lambda form: (-len(form), form))
    words = [rf"(?<!\w){re.escape(form)}(?!\w)" if parts[form] else re.escape(form) for form in longest_first]
    return re.compile("|".join(words)) if words else None
