"""The HTML file: the modules of page/ as one script, the style and the data, under a policy that forbids requests."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from artifact_warehouse.drawing import shared_style

VENDORED = ("prism-core.min.js", "prism-sql.min.js", "prism-python.min.js", "marked.umd.js")
"""Libraries of others, with their licences in vendor/. Each sets one global name."""

MODULES = (
    "dom.js",
    "words.js",
    "data.js",
    "address.js",
    "tips.js",
    "marks.js",
    "axis.js",
    "table.js",
    "viewport.js",
    "timeline.js",
    "prose.js",
    "code.js",
    "changes.js",
    "history.js",
    "runs.js",
    "gantt.js",
    "threads.js",
    "compare.js",
    "run.js",
    "node_history.js",
    "node_columns.js",
    "overview.js",
    "node.js",
    "graph_layout.js",
    "graph.js",
    "graph_colours.js",
    "graph_canvas.js",
    "lineage_card.js",
    "lineage_controls.js",
    "lineage.js",
    "tests.js",
    "sources.js",
    "incidents.js",
    "costs.js",
    "rules.js",
    "search.js",
    "app.js",
)
"""In the order in which they run. They share one scope, so their top-level names must differ."""

_IMPORT = re.compile(r"^import [^;]*?;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|function|async|class)", re.MULTILINE)


def html_file(title: str, parts: Mapping[str, str]) -> str:
    """The page with these packed parts of its data. The title is text."""
    script, style = _script(), shared_style() + page_text("style.css")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    data = "\n".join(_data_block(name, text) for name, text in parts.items())
    marks = {"title": html.escape(title), "policy": policy, "style": style, "data": data, "script": script}
    return re.sub("|".join(f"@{name}@" for name in marks), lambda found: marks[found[0][1:-1]], page_text("page.html"))


def _data_block(name: str, text: str) -> str:
    """Scripts of a type that no browser runs hold data: https://html.spec.whatwg.org/#data-block."""
    return f'<script type="application/octet-stream" id="{name}">{text}</script>'


@cache
def _script() -> str:
    """One script. Libraries first; the modules without their import and export words."""
    libraries = [_inlined(page_text(name, "vendor")) for name in VENDORED]
    modules = [f"// {name}\n{_EXPORT.sub('', _IMPORT.sub('', page_text(name)))}" for name in MODULES]
    return "\n".join(["globalThis.Prism = { manual: true };", *libraries, '"use strict";(() => {', *modules, "})();"])


def _inlined(library: str) -> str:
    """A library without the address of its source map, and without what HTML could take for a comment in a script.

    https://html.spec.whatwg.org/#restrictions-for-contents-of-script-elements
    """
    return re.sub(r"^//# sourceMappingURL=.*$", "", library, flags=re.MULTILINE).replace("<!--", r"\x3C!--")


def page_text(name: str, folder: str = "page") -> str:
    """A file of the front end."""
    return (files("artifact_warehouse.report") / folder / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The source expression of an inline element: https://www.w3.org/TR/CSP3/#grammardef-hash-source."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
