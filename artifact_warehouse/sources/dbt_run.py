"""Runs dbt, and keeps the artifacts that this one invocation writes.

Several runs of dbt may share a target folder, where each overwrites the artifacts of the others. So every run gets a
mark of its own, which dbt writes into its artifacts, and these are copied while dbt runs, as soon as they change.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType

from artifact_warehouse.errors import DbtNotFound

_VARIABLE = "DBT_ENV_CUSTOM_ENV_ARTIFACT_WAREHOUSE_RUN"
"""dbt writes the variables of this prefix into `metadata.env` of its artifacts:
https://docs.getdbt.com/reference/dbt-jinja-functions/env_var#custom-metadata."""

_MARKED = ("manifest.json", "run_results.json", "catalog.json", "sources.json", "freshness.json")
_UNMARKED = ("semantic_manifest.json",)
"""Artifacts without metadata."""

_BETWEEN_LOOKS_SECONDS = 0.2


@dataclass(frozen=True)
class DbtRun:
    """A finished run of dbt."""

    exit_code: int
    """That of dbt; where a signal ended dbt, 128 and its number, as a shell shows it."""
    started_at: datetime
    completed_at: datetime
    artifacts: tuple[Path, ...]
    """The artifacts that it wrote: in the target folder, or copies of those that another run has overwritten since."""


def run_dbt(command: Sequence[str], target_folder: Path, copies: Path, variables: Mapping[str, str]) -> DbtRun:
    """Run a command line of dbt, with its input, output and signals untouched. `copies` is a folder for copies.

    Raises DbtNotFound where the program cannot be started.
    """
    mark = uuid.uuid4().hex
    kept = _KeptArtifacts(target_folder, copies, mark)
    started_at = datetime.now(timezone.utc)
    with _signals_for_child() as forward_to:
        try:
            process = subprocess.Popen(command, env={**variables, _VARIABLE: mark})
        except OSError as error:
            raise DbtNotFound(command[0], error.strerror or str(error)) from error
        forward_to(process)
        while True:
            kept.look()
            try:
                code = process.wait(_BETWEEN_LOOKS_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
    kept.look()
    completed_at = datetime.now(timezone.utc)
    return DbtRun(code if code >= 0 else 128 - code, started_at, completed_at, kept.files())


def artifacts_with(invocation_id: str, target_folder: Path) -> tuple[Path, ...]:
    """The artifacts of an invocation in a target folder."""
    files = [target_folder / name for name in _MARKED]
    return tuple(file for file in files if file.is_file() and invocation_id.encode() in file.read_bytes())


class _KeptArtifacts:
    """Copies of the artifacts of one run, made when the target folder has a new one."""

    def __init__(self, target_folder: Path, copies: Path, mark: str) -> None:
        self._target_folder = target_folder
        self._copies = copies
        self._mark = mark.encode()
        self._states = {name: self._state(name) for name in (*_MARKED, *_UNMARKED)}
        self._copied: dict[str, _State] = {}

    def look(self) -> None:
        """Copy what this run has written since the last look."""
        for name, before in self._states.items():
            state = self._state(name)
            if state is None or state == before:
                continue
            try:
                content = (self._target_folder / name).read_bytes()
            except OSError:  # it is being replaced
                continue
            self._states[name] = state
            if name in _UNMARKED or self._mark in content:
                (self._copies / name).write_bytes(content)
                self._copied[name] = state

    def files(self) -> tuple[Path, ...]:
        """The artifacts where dbt wrote them; the copy of each that is not there any more."""
        return tuple(
            (self._target_folder if self._state(name) == state else self._copies) / name
            for name, state in self._copied.items()
        )

    def _state(self, name: str) -> _State:
        """What changes when a file is written; None where there is no file."""
        try:
            found = (self._target_folder / name).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


_State = tuple[int, int, int] | None


class _Forwarder:
    """Passes signals on to a process."""

    process: subprocess.Popen[bytes] | None = None

    def __call__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def pass_on(self, number: int, _: FrameType | None) -> None:
        if self.process is not None and not (number == signal.SIGINT and _is_foreground()):
            self.process.send_signal(number)


@contextmanager
def _signals_for_child() -> Iterator[_Forwarder]:
    """During the block, SIGINT and SIGTERM are for the child: this process waits until the child has ended."""
    forwarder = _Forwarder()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, forwarder.pass_on) for number in numbers}
    try:
        yield forwarder
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_foreground() -> bool:
    """Whether Ctrl-C of a terminal reaches this process. It reaches its children then, too."""
    if sys.platform == "win32":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
