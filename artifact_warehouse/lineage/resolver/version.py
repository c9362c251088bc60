"""Which resolver it is: lineages of another one are not those of this one."""

from __future__ import annotations

from importlib.metadata import version

RESOLVER_VERSION = 2
"""Raised with every change after which some SQL is resolved otherwise."""


def resolver_version() -> str:
    """The versions of the resolver and of the parser below it. Finds that one's out without importing it."""
    return f"{RESOLVER_VERSION}, sqlglot {version('sqlglot')}"
