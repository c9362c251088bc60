"""A hook of MkDocs: a link to a file outside docs/ is plain text on the site. tests/docs checks such links."""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The text of a page without links that lead out of docs/."""
    return markdown if "/" in page.file.src_uri else _OUTSIDE.sub(r"\1", markdown)
