"""What all cases share: the sizes, the data that is made once, and the form of a result."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from measure import HERE, Command, Measured, ask, run_once, warehouse_command

ROOT = HERE.parent
_GENERATOR = ("templates.py", "nodes.py", "project.py", "generate.py", "data.py", "compiled.py")


class Row(NamedTuple):
    """A line of the table: what was measured against what. Both have one unit, so their ratio has none.

    `goal` is the ratio that is to be reached at most; None where the row is there for information.
    """

    case: str
    baseline: str
    goal: float | None
    subject: Measured
    against: Measured
    stretch: float | None = None

    @property
    def ratio(self) -> float:
        return self.subject.value / self.against.value

    @property
    def cpu_ratio(self) -> float | None:
        return self.subject.cpu / self.against.cpu if self.subject.cpu and self.against.cpu else None

    @property
    def is_met(self) -> bool | None:
        return None if self.goal is None else self.ratio <= self.goal


@dataclass(frozen=True)
class Case:
    """One or more rows that are measured together. `run` also checks that the answers are the plain path's."""

    name: str
    about: str
    run: Callable[[Bench], Iterable[Row]]


@dataclass(frozen=True)
class Bench:
    """Where the data lies, and how much of it there is. All data is made once and kept in `work`."""

    work: Path
    is_quick: bool
    repeats: int

    def pick(self, full: int, quick: int) -> int:
        """A size: that of the goals, or the quick one."""
        return quick if self.is_quick else full

    def with_repeats(self, repeats: int) -> Bench:
        return replace(self, repeats=repeats)

    def made(self, name: str, script: str, *arguments: str | int, needs: str = "generator") -> Path:
        """A folder that `script FOLDER ARGUMENTS` filled, now or before.

        It is made again when the arguments, the generator or (with `needs="warehouse"`) the package have changed.
        """
        folder, made_by = self.work / name, self.work / f"{name}.made"
        said = json.dumps([script, *map(str, arguments), _fingerprint(needs)])
        if not made_by.exists() or made_by.read_text() != said:
            say(f"  making {name}")
            for old in (folder, *self._subsets.glob(f"{name}-*")):
                shutil.rmtree(old, ignore_errors=True)
            folder.mkdir(parents=True)
            ask(script, folder, *arguments)
            made_by.write_text(said)
        return folder

    def artifacts(self, name: str, *options: str | int) -> Path:
        """A folder with what generate.py makes with these options."""
        return self.made(name, "generate.py", *options)

    def subset(self, folder: Path, count: int) -> Path:
        """The first so many runs of a folder."""
        target = self._subsets / f"{folder.name}-{count}"
        if not target.exists():
            for run in sorted(folder.iterdir())[:count]:
                shutil.copytree(run, target / run.name, copy_function=os.link)
        return target

    @property
    def _subsets(self) -> Path:
        return self.work / "subsets"

    def scratch(self, name: str) -> Path:
        """A path in the work folder at which there is nothing."""
        path = self.work / "scratch" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        remove(path)
        return path

    def copy(self, warehouse: Path, name: str) -> Path:
        """A copy of a warehouse, to be written to."""
        return Path(shutil.copyfile(warehouse, self.scratch(name)))

    def load(self, name: str, *paths: Path) -> Command:
        """The command line loads the paths into a fresh file, named scratch/NAME."""
        target = self.work / "scratch" / name
        return Command(warehouse_command("load", target, *paths), before=lambda: self.scratch(name))

    def loaded(self, name: str, *paths: Path) -> Path:
        """The file that `load` of that name makes, made now."""
        run_once(self.load(name, *paths))
        return self.work / "scratch" / name


def _fingerprint(needs: str) -> str:
    """A hash of the sources that made data depends on."""
    sources = [HERE / name for name in _GENERATOR]
    if needs == "warehouse":
        sources += sorted([*(ROOT / "artifact_warehouse").rglob("*.py"), *(ROOT / "sql").rglob("*.sql")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def bytes_in(folder: Path) -> int:
    """The size of all JSON files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*.json"))


def remove(path: Path) -> None:
    """Delete a folder, or a warehouse file and what DuckDB may have left beside it."""
    if path.is_dir():
        shutil.rmtree(path)
        return
    for file in (path, path.with_name(path.name + ".wal")):
        file.unlink(missing_ok=True)


def constant(value: float, unit: str = "bytes", peak_bytes: int | None = None) -> Measured:
    """A size that needs no repeats."""
    return Measured((value,), peak_bytes=peak_bytes, unit=unit)


def say(text: str) -> None:
    """Progress, for the one who waits."""
    print(text, file=sys.stderr, flush=True)
