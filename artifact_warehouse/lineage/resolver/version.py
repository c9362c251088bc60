"""The version of the resolver. A lineage that another version resolved is resolved again."""

from __future__ import annotations

from importlib.metadata import version

RESOLVER_VERSION = 2
"""Raised with every change that alters the lineage of some SQL."""


def resolver_version() -> str:
    """The versions of the resolver and of sqlglot, its parser. Does not import sqlglot, which is slow."""
    return f"{RESOLVER_VERSION}, sqlglot {version('sqlglot')}"
