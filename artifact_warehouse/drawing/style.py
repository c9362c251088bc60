"""The style of figures, for the page and for pictures.

`tokens.css` names the colours and sizes, in light and dark. `marks.css` draws marks with them, on the page and in
pictures. `picture.css` has what only pictures need, and `html.css` what only the tables of notebooks need.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

SCOPE = "artifact-warehouse"
"""The class of every picture and table. Their rules name it: a notebook puts their style into its own page."""

_TOKEN = re.compile(r"--([\w-]+): ([^;]+);")
_SELECTOR = re.compile(r"^(?=[.\w])(.+?)(,| \{)$", re.MULTILINE)


def shared_style() -> str:
    """The part of the page's style sheet that pictures share."""
    return _file("tokens.css") + _file("marks.css")


@cache
def picture_style() -> str:
    """The style of a picture. Colours are written out, as programs that convert SVG know no CSS variables."""
    return _scoped("picture.css")


@cache
def html_style() -> str:
    """The style of the tables in a notebook."""
    return _scoped("html.css")


def _scoped(name: str) -> str:
    """The marks and the rules of a file, for what has the class SCOPE, in light and dark."""
    light, dark = _file("tokens.css").split("@media")
    rules = _SELECTOR.sub(rf".{SCOPE} \1\2", _without_comments(_file("marks.css") + _file(name)))
    tokens = dict(_TOKEN.findall(light))
    in_dark = _with_tokens(_only_tokens(rules), tokens | dict(_TOKEN.findall(dark)))
    return f"{_with_tokens(rules, tokens)}@media (prefers-color-scheme: dark) {{\n{in_dark}}}\n"


def _only_tokens(rules: str) -> str:
    """The rules with those declarations that differ between light and dark."""
    kept = re.sub(r"^  (?!.*var\(--(?!sans|mono|t\d)).*\n", "", rules, flags=re.MULTILINE)
    return re.sub(r"^.* \{\n\}\n", "", kept, flags=re.MULTILINE)


def _with_tokens(rules: str, tokens: dict[str, str]) -> str:
    return re.sub(r"var\(--([\w-]+)\)", lambda found: tokens[found[1]], rules)


def _without_comments(rules: str) -> str:
    return re.sub(r"/\*.*?\*/\n?", "", rules, flags=re.DOTALL)


def _file(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
