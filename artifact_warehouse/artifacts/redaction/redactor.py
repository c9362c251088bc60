"""The stage between parsing and flattening: an artifact in, the artifact without its secrets out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.artifacts.artifact import Artifact
from artifact_warehouse.artifacts.redaction.known_values import KnownValues, is_specific
from artifact_warehouse.artifacts.redaction.layouts import LAYOUTS
from artifact_warehouse.artifacts.redaction.rules import hide_secrets, is_secret_key, kinds_in
from artifact_warehouse.artifacts.redaction.walk import HIDDEN, hide_in_fields
from artifact_warehouse.errors import InvalidPattern, MalformedArtifact

SECRET_VARIABLES = "DBT_ENV_SECRET"
"""How the names of environment variables begin whose values dbt hides in its logs."""

_WORD = re.compile(r"[A-Za-z_]+|\d{1,5}")


class Redaction(NamedTuple):
    """What to hide: what looks like a secret, these values wherever they stand, and what a pattern matches."""

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
    """Hides the secrets of artifacts. Keeps nothing from one artifact to the next."""

    def __init__(self, redaction: Redaction = Redaction()) -> None:  # noqa: B008 (immutable)
        self._is_on = redaction.is_on
        self._patterns = [re.compile(pattern) for pattern in redaction.patterns]
        self._values = frozenset(redaction.values)
        self._known = KnownValues(self._values)

    def redact(self, artifact: Artifact) -> Artifact:
        """The artifact without its secrets, and with their number. Raises MalformedArtifact."""
        if not self._is_on or artifact.kind not in LAYOUTS:
            return artifact
        layout = LAYOUTS[artifact.kind]
        document = {**artifact.sections, "metadata": artifact.metadata}
        looks = _Looks(self._patterns)
        try:
            document = hide_in_fields(document, layout, looks)
            known = KnownValues(self._values | looks.found) if looks.found else self._known
            values = _Values(known)
            document = hide_in_fields(document, layout, values) if known else document
        except RecursionError as error:  # what can be decoded may still be too deep to go through
            raise MalformedArtifact(artifact.uri, json_text.TOO_DEEP) from error
        count = looks.count + values.count
        if not count:
            return artifact
        return replace(artifact, sections=document, metadata=document["metadata"], redaction_count=count)


class _Looks:
    """Finds what looks like a secret; `found` collects what may stand elsewhere too."""

    reads_code = False

    def __init__(self, patterns: list[re.Pattern[str]]) -> None:
        self.count = 0
        self.found: set[str] = set()
        self._patterns = patterns

    def may_find(self, document: bytes) -> bool:
        return bool(self._patterns or kinds_in(document))

    def hide(self, text: str) -> str:
        text = self.hide_in_key(text)
        for pattern in self._patterns:
            text = pattern.sub(lambda match: self._hide(match.group()), text)
        return text

    def hide_in_key(self, key: str) -> str:
        kinds = kinds_in(key.encode())
        return hide_secrets(key, kinds, self._hide, self._learn) if kinds else key

    def hides_value_of(self, key: str, value: Any) -> bool:
        if not (is_secret_key(key) or any(pattern.search(key) for pattern in self._patterns)):
            return False
        if value is None or isinstance(value, bool) or value in ("", HIDDEN, [], {}):
            return False
        if isinstance(value, int) and key.lower().endswith("tokens"):
            return False  # how many a language model took
        for text in _texts_in(value):
            self._learn(text)
        self.count += 1
        return True

    def _hide(self, secret: str) -> str:
        self.count += secret not in ("", HIDDEN)
        return HIDDEN if secret else secret

    def _learn(self, value: str) -> None:
        # A word (of a message, a column's name) would take itself out of all code.
        if is_specific(value) and not _WORD.fullmatch(value):
            self.found.add(value)


class _Values:
    """Finds values that are known to be secret, in code too."""

    reads_code = True

    def __init__(self, known: KnownValues) -> None:
        self.count = 0
        self._known = known

    def may_find(self, document: bytes) -> bool:
        return self._known.are_in(document)

    def hide(self, text: str) -> str:
        return self._known.replace(text, self._hide)

    hide_in_key = hide

    def hides_value_of(self, key: str, value: Any) -> bool:
        return False

    def _hide(self, secret: str) -> str:
        self.count += 1
        return HIDDEN


def _texts_in(value: Any) -> list[str]:
    """The texts in a JSON value, at any depth."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts_in(item)]
