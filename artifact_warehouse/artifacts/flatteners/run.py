"""Flattens a `run`: what the scheduler that started dbt knows of one invocation. It becomes a row of `invocations`.

dbt itself may have written nothing: it was killed, or failed while it parsed. Where dbt wrote results of the same
invocation, they come first (rule 9, docs/rules.md).
"""

from __future__ import annotations

from typing import Any

from artifact_warehouse.artifacts.artifact import Artifact
from artifact_warehouse.artifacts.flatteners.rows import Rows
from artifact_warehouse.artifacts.flatteners.run_results import SUBCOMMANDS
from artifact_warehouse.artifacts.flatteners.values import obj, text, to_json

KNOWN_SECTIONS = {
    *("metadata", "source", "outcome", "invocation_command", "started_at", "completed_at", "target"),
    *("project_id", "project_name", "env", "run", "step"),
}

_GROUPS = {"docs", "source"}
"""Words before a command: `dbt docs generate`, `dbt source freshness`."""
_NAMES = {"freshness": "source freshness", "snapshot-freshness": "source freshness", "ls": "list"}


def flatten(artifact: Artifact, rows: Rows) -> dict[str, Any]:
    """Add the row of an invocation. Returns its columns of `artifacts`."""
    line = text(artifact.section("invocation_command"))
    outcome = text(artifact.section("outcome"))
    command = command_of(line)
    rows.add(
        "invocations",
        artifact_key=artifact.artifact_key,
        started_at=text(artifact.section("started_at")),
        completed_at=text(artifact.section("completed_at")),
        is_full_refresh=bool({"--full-refresh", "-f"} & {*(line or "").split()}),
        is_retry=command == "retry",
        is_aborted=outcome == "error",
        outcome=outcome,
        invocation_command=line,
        env=to_json(obj(artifact.section("env"))),
        extra=to_json({name: artifact.section(name) for name in ("source", "run", "step") if artifact.section(name)}),
    )
    return {
        "command": command,
        "target_name": text(artifact.section("target")),
        "project_id": text(artifact.section("project_id")),
        "main_package": text(artifact.section("project_name")),
        "extra": to_json(artifact.unread_sections(KNOWN_SECTIONS)),
    }


def command_of(line: str | None) -> str:
    """The command in a command line, by the name that args.which has for it; `unknown` where it has none."""
    found = (word for word in (line or "").split()[1:] if word in SUBCOMMANDS | {"generate"} and word not in _GROUPS)
    word = next(found, "unknown")
    return _NAMES.get(word, word)
