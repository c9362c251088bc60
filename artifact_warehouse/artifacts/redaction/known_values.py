"""Finds values that are known to be secret, in time linear in the text and in the values.

The algorithm is Aho-Corasick: https://docs.rs/aho-corasick.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from urllib.parse import quote

from ahocorasick_rs import AhoCorasick, BytesAhoCorasick, MatchKind

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.artifacts.redaction.values import is_specific

_SHORTEST_PART = 8


class KnownValues:
    """Searches for values as they are, as JSON writes them, and as URLs encode them.

    A value of fewer than 8 characters is found only as a whole word.
    """

    def __init__(self, values: Iterable[str]) -> None:
        specific = [*filter(is_specific, values)]
        forms = {form: len(value) < _SHORTEST_PART for value in specific for form in _forms(value)}
        self._in_json = _automaton_of_bytes(forms)
        self._long = _automaton([form for form, is_short in forms.items() if not is_short], overlapping=False)
        self._short = _automaton([form for form, is_short in forms.items() if is_short], overlapping=True)

    def __bool__(self) -> bool:
        return self._in_json is not None

    def are_in(self, document: bytes) -> bool:
        """Whether JSON may hold one of the values."""
        return self._in_json is not None and bool(self._in_json.find_matches_as_indexes(document))

    def replace(self, text: str, hide: Callable[[str], str]) -> str:
        """The text with `hide` of each value in it."""
        if self._long:
            text = _replace(text, [(at, end) for _, at, end in self._long.find_matches_as_indexes(text)], hide)
        if self._short:
            found = self._short.find_matches_as_indexes(text, overlapping=True)
            text = _replace(text, _longest_first(text, [(at, end) for _, at, end in found]), hide)
        return text


def _forms(value: str) -> set[str]:
    return {value, json_text.encode(value)[1:-1], json.dumps(value)[1:-1], quote(value, safe="")}


def _automaton_of_bytes(forms: Iterable[str]) -> BytesAhoCorasick | None:
    """Finds each form in a JSON document, which may write it with escapes."""
    written = {*json_text.NEEDLESS_ESCAPES} if forms else set()
    written |= {in_json for form in forms for in_json in (json_text.encode(form)[1:-1], json.dumps(form)[1:-1])}
    patterns = sorted(text.encode() for text in written)
    return BytesAhoCorasick(patterns, matchkind=MatchKind.Standard) if patterns else None


def _automaton(forms: list[str], overlapping: bool) -> AhoCorasick | None:
    kind = MatchKind.Standard if overlapping else MatchKind.LeftmostLongest
    return AhoCorasick(sorted(forms), matchkind=kind) if forms else None


def _longest_first(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans that count as words, without those that overlap an earlier or a longer span."""
    words = [span for span in spans if not _is_word_at(text, span[0] - 1) and not _is_word_at(text, span[1])]
    chosen: list[tuple[int, int]] = []
    for at, end in sorted(words, key=lambda span: (span[0], -span[1])):
        if not chosen or at >= chosen[-1][1]:
            chosen.append((at, end))
    return chosen


def _is_word_at(text: str, index: int) -> bool:
    return 0 <= index < len(text) and (text[index].isalnum() or text[index] == "_")


def _replace(text: str, spans: list[tuple[int, int]], hide: Callable[[str], str]) -> str:
    if not spans:
        return text
    parts, done = [], 0
    for at, end in spans:
        parts += [text[done:at], hide(text[at:end])]
        done = end
    return "".join([*parts, text[done:]])
