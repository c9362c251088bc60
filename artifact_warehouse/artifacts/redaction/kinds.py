"""`Kind`, a kind of secret, and the kinds of `tokens.tsv`, the tokens of known services.

The prefixes and lengths of tokens are facts from the rules of gitleaks (MIT) and detect-secrets (Apache 2.0), and
from the services' documentation; `source` names the page. Every repetition that could be tried from many places is
bounded, so that each expression takes time linear in the text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SECRET_GROUPS = ("quoted", "cut", "bare", "secret")
"""The named groups of a pattern that hold the secret. Without them the whole match is the secret."""

_TOKENS = Path(__file__).with_name("tokens.tsv")

_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
"""The place where a token may begin: not after a letter or digit, except after an escape of JSON or of a URL."""


Hint = str | tuple[str, str]
"""A lower-case word, or a pair of words. A text has a pair if it has both."""


@dataclass(frozen=True)
class Kind:
    """A kind of secret."""

    name: str
    hints: tuple[Hint, ...]
    """A text without any of these hints has no secret of this kind."""
    pattern: str
    source: str
    is_secret: Callable[[re.Match[str], str], bool] = lambda match, secret: True
    """Whether a match of the pattern is a secret, given the match and its secret part."""

    @cached_property
    def expression(self) -> re.Pattern[str]:
        return re.compile(self.pattern)


def read_tokens() -> Iterator[Kind]:
    """The kinds of `tokens.tsv`."""
    with _TOKENS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            hints = tuple(hint.replace("␣", " ") for part in row["hints"].split(" ") for hint in _expanded(part))
            yield Kind(row["name"], hints, f"{_START}(?:{row['pattern']})", row["source"])


def _expanded(hint: str) -> Iterator[str]:
    """The hint with each character of its class: `sk[0-9]` gives ten hints."""
    head, bracket, rest = hint.partition("[")
    if not bracket:
        yield hint
        return
    for code in range(ord(rest[0]), ord(rest[2]) + 1):
        yield from _expanded(f"{head}{chr(code)}{rest[4:]}")
