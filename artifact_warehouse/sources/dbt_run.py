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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType

from artifact_warehouse.artifacts import command_of
from artifact_warehouse.errors import DbtNotFound
from artifact_warehouse.extract import Input, Labels, Progress, Stored
from artifact_warehouse.limits import Limits
from artifact_warehouse.sources.dbt_project import DbtProject
from artifact_warehouse.sources.run_record import run_record

_VARIABLE = "DBT_ENV_CUSTOM_ENV_ARTIFACT_WAREHOUSE_RUN"
"""dbt writes the variables of this prefix into `metadata.env` of its artifacts:
https://docs.getdbt.com/reference/dbt-jinja-functions/env_var#custom-metadata."""

_WITH_FRESH_MARK = ("run_results.json", "catalog.json", "sources.json", "freshness.json")
_MANIFEST = "manifest.json"
"""Its mark is that of the run that parsed the project, which may be an earlier one. Its invocation_id is its own."""
_WITHOUT_METADATA = "semantic_manifest.json"
_RECORD = "dbt_run.json"

_INVOCATION_ID = re.compile(rb'"invocation_id"\s*:\s*"([0-9A-Za-z-]+)"')

_BETWEEN_LOOKS_SECONDS = 0.005


@dataclass(frozen=True)
class DbtRun:
    """A finished run of dbt: a source of what it wrote, and of a record of the run itself.

    The record tells of a run in which dbt wrote no results, as it was killed or could not parse the project.
    """

    exit_code: int
    """That of dbt; where a signal ended dbt, 128 and its number, as a shell shows it."""
    artifacts: Mapping[str, Path]
    """The copy of each artifact, by its path in the target folder."""
    labels: Labels

    root = "\0"
    """No uri begins with it: all artifacts of the run are new."""
    secret = ""

    def runs(self, stored: Mapping[str, Stored], limits: Limits, progress: Progress) -> Iterator[list[Input]]:
        """The artifacts of the run."""
        progress(0, 1)
        yield [Input(uri, copy.read_bytes(), is_named=True, labels=self.labels) for uri, copy in self.artifacts.items()]
        progress(1, 1)


def run_dbt(program: str, project: DbtProject, copies: Path, labels: Labels) -> DbtRun:
    """Run dbt, with its input, output and signals untouched. `copies` is a folder for copies of artifacts.

    Raises DbtNotFound where the program cannot be started.
    """
    mark = uuid.uuid4().hex
    kept = _KeptArtifacts(project.target_folder, copies, mark)
    started_at = datetime.now(timezone.utc)
    with _signals_for_child() as forward_to:
        try:
            process = subprocess.Popen([program, *project.arguments], env={**project.variables, _VARIABLE: mark})
        except OSError as error:
            raise DbtNotFound(program, error.strerror or str(error)) from error
        forward_to(process)
        while True:
            kept.look()
            try:
                returned = process.wait(_BETWEEN_LOOKS_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
    kept.look()
    exit_code = returned if returned >= 0 else 128 - returned
    artifacts = kept.files()
    line = " ".join(["dbt", *project.arguments])
    if command_of(line) != "unknown":
        record = copies / _RECORD
        record.write_bytes(
            run_record(
                kept.own or f"dbt-run-{mark}",
                completed_at := datetime.now(timezone.utc),
                source="dbt",
                outcome="error" if exit_code else "success",
                invocation_command=line,
                started_at=started_at,
                completed_at=completed_at,
                target=project.target,
                run={"exit_code": exit_code},
            )
        )
        artifacts[str(project.target_folder / _RECORD)] = record
    return DbtRun(exit_code, artifacts, labels)


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
        self._copied: set[tuple[str, str]] = set()
        """The invocation and the name of each copy."""
        self.own: str | None = None
        """The invocation of this run, once an artifact says it."""
        self._seen: dict[str, None] = {}
        """The invocations, in the order in which they appeared."""
        self._marked_manifests: list[str] = []

    def look(self) -> None:
        """Copy what was written since the last look."""
        for name, before in self._states.items():
            state = self._state(name)
            if state is None or state == before:
                continue
            try:
                self._copy(name, (self._target_folder / name).read_bytes())
            except OSError:  # it is being replaced, or the disk is full; dbt runs on, and the next look tries again
                continue
            self._states[name] = state

    def _copy(self, name: str, content: bytes) -> None:
        found = _INVOCATION_ID.search(content)
        invocation = "" if name == _WITHOUT_METADATA else found[1].decode() if found else None
        if invocation is None:  # it is being written
            return
        copy = self._copies / invocation / name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(content)
        self._copied.add((invocation, name))
        self._seen.setdefault(invocation)
        if self._mark in content and name in _WITH_FRESH_MARK:
            self.own = invocation
        elif self._mark in content:
            self._marked_manifests.append(invocation)

    def files(self) -> dict[str, Path]:
        """The copies of this run's artifacts, by their paths in the target folder. Those of other runs are removed."""
        self.own = self.own or self._own_by_manifest()
        for invocation, name in [key for key in self._copied if key[0] not in (self.own, "")]:
            (self._copies / invocation / name).unlink()
            self._copied.remove((invocation, name))
            with suppress(OSError):  # it has another artifact
                (self._copies / invocation).rmdir()
        return {str(self._target_folder / name): self._copies / invocation / name for invocation, name in self._copied}

    def _own_by_manifest(self) -> str | None:
        """The invocation of this run, where it wrote a manifest only.

        A manifest that dbt parsed in part has the mark of the run that parsed it first: the first one is its own.
        """
        seen = [invocation for invocation in self._seen if invocation]
        first = next(iter(self._marked_manifests), None)
        return first or (seen[0] if len(seen) == 1 else None)

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
