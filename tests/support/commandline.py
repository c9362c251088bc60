"""The command line, called within the process of the test."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner, Result

from artifact_warehouse.cli import cli


def run(*arguments: object, **options: Any) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], **options)
