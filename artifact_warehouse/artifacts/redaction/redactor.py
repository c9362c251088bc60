"""Redacts an artifact: the stage between parsing and flattening."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.artifacts.artifact import Artifact
from artifact_warehouse.artifacts.redaction.keys import is_secret_key, is_weak_key
from artifact_warehouse.artifacts.redaction.known_values import KnownValues
from artifact_warehouse.artifacts.redaction.layouts import LAYOUTS
from artifact_warehouse.artifacts.redaction.rules import hide_secrets, kinds_in
from artifact_warehouse.artifacts.redaction.values import is_placeholder, is_specific, is_word, looks_random
from artifact_warehouse.artifacts.redaction.walk import HIDDEN, Search, hide_in_fields
from artifact_warehouse.errors import InvalidPattern, MalformedArtifact

SECRET_VARIABLES = "DBT_ENV_SECRET"
"""dbt hides the values of environment variables whose names begin like this."""


class Redaction(NamedTuple):
    """The settings: known secret values, and further patterns. What looks like a secret is always hidden."""

    patterns: tuple[str, ...] = ()
    """Regular expressions. A text that one matches is hidden, and so is the value of a key that one matches."""
    values: tuple[str, ...] = ()
    is_on: bool = True
    reads_code: bool = False
    """Whether code is searched for what looks like a secret. Known values are hidden in code in any case."""

    @classmethod
    def of(cls, redact: bool | Iterable[str], environment: Mapping[str, str], reads_code: bool = False) -> Redaction:
        """The settings of the option `redact`: whether to redact, or further patterns. Raises InvalidPattern."""
        patterns = () if isinstance(redact, bool) else tuple(redact)
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise InvalidPattern(f"{pattern!r} is not a regular expression: {error}") from error
        values = tuple(value for name, value in environment.items() if name.startswith(SECRET_VARIABLES) and value)
        return cls(patterns, values, is_on=redact is not False, reads_code=reads_code)


class Redactor:
    """Hides the secrets of artifacts. Keeps nothing from one artifact to the next."""

    def __init__(self, redaction: Redaction = Redaction()) -> None:  # noqa: B008 (immutable)
        self._is_on = redaction.is_on
        self._reads_code = redaction.reads_code
        self._patterns = [re.compile(pattern) for pattern in redaction.patterns]
        self._values = frozenset(redaction.values)
        self._known = KnownValues(self._values)

    @property
    def is_by_hints(self) -> bool:
        """Whether every secret that it would find has a hint of `rules.hints`, or is a known value in plain ASCII."""
        return not self._patterns and not self._reads_code and all(map(_is_plain, self._values))

    @property
    def is_on(self) -> bool:
        return self._is_on

    def may_have_known_value(self, document: bytes) -> bool:
        """Whether JSON may hold a known secret value. The values are in plain ASCII."""
        return self._is_on and self._known.are_in(document)

    def hides_in(self, text: str) -> bool:
        """Whether a text has something that looks like a secret."""
        search = _RuleSearch(self._patterns, self._reads_code)
        search.hide(text)
        return search.count > 0

    def redact(self, artifact: Artifact) -> Artifact:
        """The artifact without its secrets. `redaction_count` has their number. Raises MalformedArtifact."""
        if not self._is_on or artifact.kind not in LAYOUTS:
            return artifact
        document = {**artifact.sections, "metadata": artifact.metadata}
        by_rules = _RuleSearch(self._patterns, self._reads_code)
        try:
            document = _without_secrets(document, artifact, by_rules)
            known = KnownValues(self._values | by_rules.found) if by_rules.found else self._known
            by_values = _ValueSearch(known)
            document = _without_secrets(document, artifact, by_values) if known else document
        except RecursionError as error:  # msgspec decodes deeper nesting than Python code can walk
            raise MalformedArtifact(artifact.uri, json_text.TOO_DEEP) from error
        count = by_rules.count + by_values.count
        if not count:
            return artifact
        sections = {name: document[name] for name in artifact.sections}
        return replace(artifact, sections=sections, metadata=document["metadata"], redaction_count=count)


def _without_secrets(document: Mapping[str, Any], artifact: Artifact, search: Search) -> dict[str, Any]:
    """The sections of an artifact without the secrets that a search finds. Raises MalformedArtifact."""
    hidden: dict[str, Any] = {}
    for name, section in document.items():
        try:
            hidden |= hide_in_fields({name: section}, LAYOUTS[artifact.kind], search)
        except ValueError as error:
            raise MalformedArtifact(artifact.uri, f"section {name!r} {error}") from error
    return hidden


class _RuleSearch:
    """Finds secrets by their keys and forms. `found` collects the values, to hide them elsewhere too."""

    def __init__(self, patterns: list[re.Pattern[str]], reads_code: bool) -> None:
        self.count = 0
        self.reads_code = reads_code
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
        return hide_secrets(key, kinds, self._hide) if kinds else key

    def hides_value_of(self, key: str, value: Any) -> bool:
        if not self._is_secret_key(key, value):
            return False
        if value is None or isinstance(value, bool) or value in (HIDDEN, [], {}):
            return False
        texts = [*_texts_in(value)]
        if texts and all(map(is_placeholder, texts)):
            return False
        if isinstance(value, int | float) and key.lower().endswith(("tokens", "pass")):
            return False  # a number of tokens of a language model, or of passed tests
        for text in texts:
            self._learn(text)
        self.count += 1
        return True

    def _is_secret_key(self, key: str, value: Any) -> bool:
        if is_secret_key(key) or any(pattern.search(key) for pattern in self._patterns):
            return True
        return is_weak_key(key) and isinstance(value, str) and looks_random(value)

    def _hide(self, secret: str) -> str:
        if secret in ("", HIDDEN):
            return secret
        self.count += 1
        self._learn(secret)
        return HIDDEN

    def _learn(self, value: str) -> None:
        if is_specific(value) and not is_word(value):
            self.found.add(value)


class _ValueSearch:
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


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable()


def _texts_in(value: Any) -> list[str]:
    """The texts in a JSON value, at any depth."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts_in(item)]
