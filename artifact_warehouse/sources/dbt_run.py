"""Runs dbt, and keeps the artifacts that this one invocation writes.

Several runs of dbt may share a target folder, where each overwrites the artifacts of the others. So every run gets a
mark of its own, which dbt writes into its artifacts. All artifacts are copied as soon as they change, while dbt runs.
Those of the invocation that has the mark are kept.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType

from artifact_warehouse.errors import DbtNotFound

_VARIABLE = "DBT_ENV_CUSTOM_ENV_ARTIFACT_WAREHOUSE_RUN"
"""dbt writes the variables of this prefix into `metadata.env` of its artifacts:
https://docs.getdbt.com/reference/dbt-jinja-functions/env_var#custom-metadata."""

_WITH_FRESH_MARK = ("run_results.json", "catalog.json", "sources.json", "freshness.json")
_MANIFEST = "manifest.json"
"""Its mark is that of the run that parsed the project, which may be an earlier one. Its invocation_id is its own."""
_WITHOUT_METADATA = "semantic_manifest.json"

_INVOCATION_ID = re.compile(rb'"invocation_id"\s*:\s*"([0-9A-Za-z-]+)"')

_BETWEEN_LOOKS_SECONDS = 0.02


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
    files = [target_folder / name for name in (*_WITH_FRESH_MARK, _MANIFEST)]
    return tuple(file for file in files if file.is_file() and invocation_id.encode() in file.read_bytes())


class _KeptArtifacts:
    """Copies of the artifacts that appear in the target folder, in a folder for each invocation."""

    def __init__(self, target_folder: Path, copies: Path, mark: str) -> None:
        self._target_folder = target_folder
        self._copies = copies
        self._mark = mark.encode()
        self._states = {name: self._state(name) for name in (*_WITH_FRESH_MARK, _MANIFEST, _WITHOUT_METADATA)}
        self._copied: dict[tuple[str, str], _State] = {}
        """The state of each file that was copied, by invocation and name."""
        self._own: str | None = None
        """The invocation of this run, once an artifact says it."""
        self._marked_manifests: list[str] = []

    def look(self) -> None:
        """Copy what was written since the last look."""
        for name, before in self._states.items():
            state = self._state(name)
            if state is None or state == before:
                continue
            try:
                content = (self._target_folder / name).read_bytes()
            except OSError:  # it is being replaced
                continue
            self._states[name] = state
            self._copy(name, content, state)

    def _copy(self, name: str, content: bytes, state: _State) -> None:
        found = _INVOCATION_ID.search(content)
        invocation = "" if name == _WITHOUT_METADATA else found[1].decode() if found else None
        if invocation is None:  # it is being written
            return
        copy = self._copies / invocation / name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(content)
        self._copied[invocation, name] = state
        if self._mark in content and name in _WITH_FRESH_MARK:
            self._own = invocation
        elif self._mark in content:
            self._marked_manifests.append(invocation)

    def files(self) -> tuple[Path, ...]:
        """The artifacts of this run where dbt wrote them, and the copy of each that is not there any more.

        The copies of other runs are removed.
        """
        own = self._own or self._own_by_manifest()
        for invocation, name in [key for key in self._copied if key[0] not in (own, "")]:
            (self._copies / invocation / name).unlink()
            del self._copied[invocation, name]
            with suppress(OSError):  # it has another artifact
                (self._copies / invocation).rmdir()
        return tuple(
            self._target_folder / name if self._state(name) == state else self._copies / invocation / name
            for (invocation, name), state in self._copied.items()
        )

    def _own_by_manifest(self) -> str | None:
        """The invocation of this run, where it wrote a manifest only.

        A manifest that dbt parsed in part has the mark of the run that parsed it first: the first one is its own.
        """
        seen = dict.fromkeys(invocation for invocation, _ in self._copied if invocation)
        first = next(iter(self._marked_manifests), None)
        return first or (next(iter(seen)) if len(seen) == 1 else None)

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
