"""Turns the bytes of an artifact into rows of the tables. Opens no file and no database.

An artifact passes three stages: `parse` recognises and decodes it, a `Redactor` hides its secrets, and `flatten`
turns it into rows.
"""

from artifact_warehouse.artifacts.artifact import (
    RUN_SCHEMA,
    artifact_key,
    content_id,
    documents,
    guessed_kind,
    parse,
)
from artifact_warehouse.artifacts.core import find as find_core
from artifact_warehouse.artifacts.flatteners import (
    USUAL_SHAPE,
    EntryCache,
    Rows,
    TextIds,
    command_of,
    flatten,
    quarantine,
)
from artifact_warehouse.artifacts.redaction import Redaction, Redactor

__all__ = [
    "RUN_SCHEMA",
    "USUAL_SHAPE",
    "EntryCache",
    "Redaction",
    "Redactor",
    "Rows",
    "TextIds",
    "artifact_key",
    "command_of",
    "content_id",
    "documents",
    "find_core",
    "flatten",
    "guessed_kind",
    "parse",
    "quarantine",
]
