"""Shared by all cases: sizes, data that is made once, and the form of a result."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from measure import HERE, Command, Measured, alternate, ask, python, run_once, warehouse_command

ROOT = HERE.parent
_GENERATOR = ("words.json", "project.py", "generate.py", "data.py", "compiled.py")
_PACKAGE = ("artifact_warehouse/**/*.py", "sql/**/*.sql")


class Row(NamedTuple):
    """A line of the table: a subject against a baseline, in one unit.

    `goal` is the highest ratio that meets the goal; None where the row is information only.
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


@dataclass(frozen=True)
class Bench:
    """The work folder, which keeps data between runs, and the sizes of this run."""

    work: Path
    is_quick: bool
    repeats: int

    def pick(self, full: int, quick: int) -> int:
        """The size of a full or of a quick run."""
        return quick if self.is_quick else full

    def made(self, name: str, maker: str, *, of_package: bool = False, **arguments: Any) -> Path:
        """The folder that `maker` of data.py fills.

        It is made again when the arguments, the generator or (with `of_package`) the package have changed.
        """
        folder, made_by = self.work / name, self.work / f"{name}.made"
        sources = [HERE / name for name in _GENERATOR]
        sources += [file for pattern in _PACKAGE for file in sorted(ROOT.glob(pattern))] if of_package else []
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
        said = json.dumps([maker, arguments, digest])
        if not made_by.exists() or made_by.read_text() != said:
            say(f"  making {name}")
            for old in (folder, *self.work.glob(f"subsets/{name}-*")):
                shutil.rmtree(old, ignore_errors=True)
            folder.mkdir(parents=True)
            ask("data.py", folder, maker, json.dumps(arguments))
            made_by.write_text(said)
        return folder

    def subset(self, folder: Path, count: int) -> Path:
        """The first `count` runs of a folder, as hard links."""
        target = self.work / "subsets" / f"{folder.name}-{count}"
        if not target.exists():
            for run in sorted(folder.iterdir())[:count]:
                shutil.copytree(run, target / run.name, copy_function=os.link)
        return target

    def scratch(self, name: str) -> Path:
        """A path in the work folder; what was there is deleted."""
        path = self.work / "scratch" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(path)
        for file in (path, path.with_name(path.name + ".wal")):
            file.unlink(missing_ok=True)
        return path

    def copy(self, warehouse: Path, name: str) -> Path:
        """A copy of a warehouse that may be written to."""
        return Path(shutil.copyfile(warehouse, self.scratch(name)))

    def load(self, name: str, *paths: Path) -> Command:
        """The command line that loads the paths into a fresh file scratch/NAME."""
        target = self.work / "scratch" / name
        return Command(warehouse_command("load", target, *paths), before=lambda: self.scratch(name))

    def loaded(self, name: str, *paths: Path) -> Path:
        """The file of `load`, loaded now."""
        run_once(self.load(name, *paths))
        return self.work / "scratch" / name

    def against_orjson(
        self, name: str, *paths: Path, check: str, others: Mapping[str, Command] = MappingProxyType({})
    ) -> dict[str, Measured]:
        """`load`, a fresh load of the paths, in turn with `orjson`, orjson.loads of every file, and `others`.

        All turns read from the page cache. `check` names a function of checks.py that compares the loaded file.
        """
        commands = {"load": self.load(name, *paths), "orjson": orjson_loads(*paths), **others}
        run_once(commands["orjson"])
        found = alternate(commands, self.repeats)
        ask("checks.py", check, self.work / "scratch" / name, *paths)
        return found


def orjson_loads(*paths: Path) -> Command:
    """Reading and orjson.loads of every file."""
    return Command(python("baselines.py", "loads", *paths))


def constant(value: float, unit: str = "bytes", peak_bytes: int | None = None) -> Measured:
    """A value that needs no repeats."""
    return Measured((value,), peak_bytes=peak_bytes, unit=unit)


def say(text: str) -> None:
    """Print progress."""
    print(text, file=sys.stderr, flush=True)
