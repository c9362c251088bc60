"""The command line, called within the process of the test, or as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

from click.testing import CliRunner, Result

from artifact_warehouse.cli import cli

COMMAND = (sys.executable, "-m", "artifact_warehouse")


def run(*arguments: object, **options: Any) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], **options)


def run_process(
    *arguments: object, text: bool = True, check: bool = False, timeout: float | None = 60, **options: Any
) -> subprocess.CompletedProcess[Any]:
    call = [*COMMAND, *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=text, check=check, timeout=timeout, **options)


def heed_interrupts() -> None:
    """Gives SIGINT its default action. A process that a script starts in the background ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
