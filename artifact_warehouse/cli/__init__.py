"""The command `artifact-warehouse`: a file for each group of verbs, their shared options, and how results are shown."""

from artifact_warehouse.cli.app import cli, main

__all__ = [
    "cli",
    "main",
]
