"""What a command shows on a terminal: it runs in this process, with its stdout on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import sys
import threading
import tty
from contextlib import suppress

import pytest

from artifact_warehouse.cli import cli

COLOUR = "\x1b["


def screen(
    *arguments: object,
    width: int = 80,
    height: int = 24,
    encoding: str = "utf-8",
    no_color: bool = True,
    has_stderr: bool = False,
) -> str:
    """The text of a terminal of this size. stdin is no terminal, so that no pager is started."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    shown: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, shown))
    reader.start()
    try:
        with pytest.MonkeyPatch.context() as patch, os.fdopen(theirs, "w", encoding=encoding) as stdout:
            patch.setattr(sys, "stdout", stdout)
            if has_stderr:
                patch.setattr(sys, "stderr", stdout)
            patch.setenv("COLUMNS", str(width))
            patch.setenv("LINES", str(height))
            patch.setenv("TERM", "xterm-256color")
            patch.setenv("NO_COLOR", "1" if no_color else "")
            with suppress(SystemExit):
                cli.main([str(argument) for argument in arguments], prog_name="artifact-warehouse")
    finally:
        reader.join()
        os.close(ours)
    return b"".join(shown).decode(encoding)


def _read(ours: int, shown: list[bytes]) -> None:
    with suppress(OSError):  # EIO where the other end is closed
        while part := os.read(ours, 65_536):
            shown.append(part)
