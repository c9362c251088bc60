"""Data that takes more than one call of the generator: `python benchmarks/data.py FOLDER NAME ARGUMENTS`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import uuid
import venv
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random

from artifact_warehouse import Warehouse
from generate import START, History, Run, runs, write
from measure import ask, warehouse_command
from project import Project, Shape

RUNS_AT_ONCE = 25
DAYS = 30
"""Days, and runs, of the history that `multiply` repeats."""


def _start_load(warehouse: Path | str, *folders: Path) -> subprocess.Popen[bytes]:
    """Load in a process of its own, which gives its memory back."""
    command = [*map(str, warehouse_command("load", warehouse, *folders))]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _finish(load: subprocess.Popen[bytes], folder: Path | None = None) -> None:
    """Wait for a load and delete its folder."""
    if load.wait():
        raise subprocess.CalledProcessError(load.returncode, load.args)
    if folder:
        shutil.rmtree(folder)


def nightly(folder: Path, run_count: int, models: int) -> None:
    """`full.duckdb` with many small runs of a project, `empty.duckdb` without runs, and `next`, a run to load."""
    project, jobs = Project(Shape(models=models), seed=1), History(results_per_file=20)
    write(folder / "history", (Run(project, jobs, n) for n in range(run_count)), manifests=run_count // 10)
    after = run_count * 20 // len(project.nodes) + 1
    write(folder / "next", [Run(project, History(), after)])
    _finish(_start_load(folder / "full.duckdb", folder / "history"), folder / "history")
    with Warehouse(folder / "empty.duckdb") as warehouse:
        warehouse.migrate()


def unpack(folder: Path, archive: str) -> None:
    """manifest, run_results and catalog of the large project in the archive of real runs, a folder each."""
    with tarfile.open(archive) as files:
        for member in files:
            path = Path(member.name)
            source = files.extractfile(member) if path.parent.name == "1.10_docs" else None
            if source:
                (folder / path.stem).mkdir()
                (folder / path.stem / path.name).write_bytes(source.read())


def environment(folder: Path, *requirements: str) -> None:
    """A virtual environment with these packages, for peers whose pins conflict with those of the package."""
    venv.create(folder, with_pip=True, clear=True)
    command = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *requirements], check=True, stdout=sys.stderr)


def years(folder: Path, warehouse: str, run_count: int, models: int) -> dict[str, int]:
    """Load many runs of a project, a part at a time; the next part is written meanwhile.

    Answers the bytes of all JSON, the number of results, and the number of versions of all nodes.
    """
    made = runs(Shape(models=models), History(), run_count)
    json_bytes = 0
    load: tuple[subprocess.Popen[bytes], Path] | None = None
    for start in range(0, run_count, RUNS_AT_ONCE):
        part = folder / str(start)
        nodes = write(part, islice(made, RUNS_AT_ONCE))[-1].project.nodes
        json_bytes += sum(path.stat().st_size for path in part.rglob("*.json"))
        if load:
            _finish(*load)
        load = _start_load(warehouse, part), part
    if load:
        _finish(*load)
    versions = sum(1 + node.revision for node in nodes)
    return {"json_bytes": json_bytes, "results": run_count * len(nodes), "versions": versions}


def executions(folder: Path, models: int) -> None:
    """`runs`, 30 days of a project, and `1.duckdb`, a warehouse with them."""
    write(folder / "runs", runs(Shape(models=models), History(failure_rate=0.02), DAYS), manifests=10)
    _finish(_start_load(folder / "1.duckdb", folder / "runs"))
    ask("checks.py", "run_results", folder / "1.duckdb", folder / "runs")


def multiply(originals: Path, warehouse: str, first: int, last: int) -> None:
    """Load copies number `first` up to `last` of the run_results of 30 days, each 30 days after the one before.

    A copy has other invocation ids and dates, and the execution times of the original.
    """
    for number in range(first, last):
        copies = Path(f"{warehouse}.copies")
        for day, path in enumerate(sorted(originals.rglob("run_results.json"))):
            text = path.read_text()
            invocation_id = json.loads(text)["metadata"]["invocation_id"]
            date = START + timedelta(days=day)
            later = date + timedelta(days=number * DAYS)
            other_id = str(uuid.UUID(int=Random(f"{invocation_id} {number}").getrandbits(128), version=4))
            copy = copies / path.parent.name / path.name
            copy.parent.mkdir(parents=True)
            copy.write_text(text.replace(invocation_id, other_id).replace(f"{date:%Y-%m-%d}", f"{later:%Y-%m-%d}"))
        _finish(_start_load(warehouse, copies), copies)


def main() -> None:
    folder, name, *arguments = sys.argv[1:]
    all_makers: tuple[Callable[..., object], ...] = (nightly, unpack, environment, years, executions, multiply)
    makers = {maker.__name__: maker for maker in all_makers}
    said = makers[name](Path(folder), *(int(a) if a.isdigit() else a for a in arguments))
    print(json.dumps(said))


if __name__ == "__main__":
    main()
