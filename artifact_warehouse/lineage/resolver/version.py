"""The version of the resolver. A lineage that another version resolved is resolved again."""

from __future__ import annotations

from importlib.metadata import version

RESOLVER_VERSION = 2
"""Raised with every change that alters the lineage of some SQL."""


def resolver_version() -> str:
    """The versions of the resolver and of the parser below it. Finds that one's out without importing it."""
    return f"{RESOLVER_VERSION}, sqlglot {version('sqlglot')}"
