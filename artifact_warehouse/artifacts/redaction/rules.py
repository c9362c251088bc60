"""Finds what looks like a secret in a text or in JSON.

A kind of secret has hints: words that a text with such a secret contains. One pass of Aho-Corasick finds all hints in
a text. Only the patterns of their kinds are tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.artifacts.redaction.contexts import CONTEXTS
from artifact_warehouse.artifacts.redaction.kinds import SECRET_GROUPS, Kind, read_tokens
from artifact_warehouse.artifacts.redaction.values import is_placeholder

_NONE: frozenset[int] = frozenset()


class _Rules(NamedTuple):
    """The kinds, the automaton of their hints, and the kinds of each hint."""

    kinds: tuple[Kind, ...]
    automaton: BytesAhoCorasick
    of_hint: list[frozenset[int]]
    with_partner: dict[int, dict[int, frozenset[int]]]
    """The kinds of each pair of hints: by the second hint, then by the first."""


@cache
def _rules() -> _Rules:
    kinds = (*CONTEXTS, *read_tokens())
    alone: dict[str, set[int]] = {hint: {len(kinds)} for hint in json_text.NEEDLESS_ESCAPES}
    pairs: dict[tuple[str, str], set[int]] = {}
    for index, kind in enumerate(kinds):
        for hint in kind.hints:
            if isinstance(hint, str):
                alone.setdefault(hint, set()).add(index)
            else:
                pairs.setdefault(hint, set()).add(index)
    words = list(dict.fromkeys([*alone, *(word for pair in pairs for word in pair)]))
    automaton = BytesAhoCorasick([word.encode() for word in words], implementation=Implementation.DFA)
    index_of = {word: index for index, word in enumerate(words)}
    with_partner: dict[int, dict[int, frozenset[int]]] = {}
    for (first, second), found in pairs.items():
        with_partner.setdefault(index_of[second], {})[index_of[first]] = frozenset(found)
    return _Rules(kinds, automaton, [frozenset(alone.get(word, ())) for word in words], with_partner)


def kinds_in(document: bytes) -> frozenset[int]:
    """The kinds of secrets whose hints a text or JSON has. Often there are none."""
    rules = _rules()
    matches = rules.automaton.find_matches_as_indexes(document.lower(), overlapping=True)
    if not matches:
        return _NONE
    hints = {match[0] for match in matches}
    found = _NONE.union(*(rules.of_hint[hint] for hint in hints))
    for second in rules.with_partner.keys() & hints:
        partners = rules.with_partner[second]
        found = found.union(*(partners[first] for first in partners.keys() & hints))
    return found


def hints() -> tuple[list[str], list[tuple[str, str]]]:
    """The words that hint at a secret by themselves, and the pairs of words that only hint together, in lower case.

    A text without any of them has no secret.
    """
    all_hints = {hint for kind in _rules().kinds for hint in kind.hints}
    alone = sorted(hint for hint in all_hints if isinstance(hint, str))
    pairs = sorted(hint for hint in all_hints if isinstance(hint, tuple) and not {*hint} & {*alone})
    return alone, pairs


def hide_secrets(text: str, kinds: Iterable[int], hide: Callable[[str], str]) -> str:
    """The text in which each secret of these kinds is replaced by `hide(secret)`."""
    rules = _rules()

    def hide_match(kind: Kind, match: re.Match[str]) -> str:
        start, end = _span_of_secret(match)
        secret = match.string[start:end]
        if is_placeholder(secret) or not kind.is_secret(match, secret):
            return match.group()
        return match.string[match.start() : start] + hide(secret) + match.string[end : match.end()]

    for index in sorted(kinds):
        if index < len(rules.kinds):
            kind = rules.kinds[index]
            text = kind.expression.sub(partial(hide_match, kind), text)
    return text


def _span_of_secret(match: re.Match[str]) -> tuple[int, int]:
    groups = match.re.groupindex
    return next((match.span(name) for name in SECRET_GROUPS if name in groups and match[name]), match.span())
