"""Texts in Markdown, as GitHub shows it in comments and in summaries of jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from artifact_warehouse.cli.echo import escape_control_characters


def cell(text: str) -> str:
    """A text within a table."""
    return escape_control_characters(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; none where it has no rows. The cells are Markdown."""
    if rows:
        yield ""
        yield f"| {' | '.join(titles)} |".replace("|  |", "| |")
        yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
