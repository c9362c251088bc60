"""Completion of what is in the warehouse: nodes, runs, views and labels."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from artifact_warehouse.cli.echo import escape_control_characters

COMPLETED = "artifact_warehouse.cli.completion"
"""The key of the call's warehouse in click's context. The parameter is not known while an option lacks its value."""

_HARMLESS = re.compile(r"[\w./:@%+,=~-]+")
"""Names that no shell reads as more than a name. The scripts of click put a name on the command line as it is."""

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete(kind: str) -> Complete:
    """Completes the names of a kind: nodes, runs, views, project, environment or job."""

    def items(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        warehouse = Path(ctx.meta.get(COMPLETED) or "")
        if not warehouse.is_file():
            return []
        from artifact_warehouse.process import skip_slow_imports

        skip_slow_imports()
        from artifact_warehouse.storage import completions

        found = completions(warehouse, kind, incomplete)
        return [
            CompletionItem(value, help=escape_control_characters(about or "").replace("\n", " ") or None)
            for value, about in found
            if _HARMLESS.fullmatch(value)
        ]

    return items
