"""The data of the cases: `python benchmarks/data.py FOLDER NAME JSON` calls the function NAME with the arguments."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import uuid
import venv
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import generate
from artifact_warehouse import Warehouse
from compiled import compiled
from generate import START, Run, write
from measure import Command, ask, run_once, warehouse_command
from project import Options, Project

RUNS_AT_ONCE = 25
DAYS = 30
"""Days, and runs, of the history that `multiply` repeats."""


def runs(folder: Path, count: int, manifests: int = 1, has_results: bool = True, **options: Any) -> None:
    """The artifacts of some runs of a project, a folder each."""
    write(folder, generate.runs(Options(**options), count), manifests, has_results)


def load(warehouse: Path | str, folder: Path, *, delete: bool = True) -> int:
    """Load a folder in a process of its own, and delete it. Answers the bytes of its JSON."""
    run_once(Command(warehouse_command("load", warehouse, folder)))
    json_bytes = sum(path.stat().st_size for path in folder.rglob("*.json"))
    if delete:
        shutil.rmtree(folder)
    return json_bytes


def nightly(folder: Path, count: int, models: int) -> None:
    """`full.duckdb` with many small runs of a project, `empty.duckdb` without runs, and `next`, a run to load."""
    jobs = Options(models=models, results_per_file=20)
    project = Project(jobs)
    write(folder / "history", (Run(project, jobs, n) for n in range(count)), manifests=count // 10)
    after = count * 20 // len(project.nodes) + 1
    write(folder / "next", [Run(project, replace(jobs, results_per_file=0), after)])
    load(folder / "full.duckdb", folder / "history")
    with Warehouse(folder / "empty.duckdb") as warehouse:
        warehouse.migrate()


def unpack(folder: Path, archive: str) -> None:
    """manifest.json and catalog.json of the large project in the archive of real runs."""
    with tarfile.open(archive) as files:
        for kind in ("manifest", "catalog"):
            [member] = (name for name in files.getnames() if name.endswith(f"/1.10_docs/{kind}.json"))
            source = files.extractfile(member)
            assert source
            (folder / f"{kind}.json").write_bytes(source.read())


def unpack_project(folder: Path, archive: str, project: str) -> None:
    """All artifacts of a project in the archive of real runs."""
    with tarfile.open(archive) as files:
        files.extractall(folder, [file for file in files if file.name.startswith(f"./{project}/")], filter="data")


def environment(folder: Path, requirements: list[str]) -> None:
    """A virtual environment with these packages, for peers whose pins conflict with those of the package."""
    venv.create(folder, with_pip=True, clear=True)
    command = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *requirements], check=True, stdout=sys.stderr)


def years(folder: Path, warehouse: str, count: int, models: int) -> dict[str, int]:
    """Load many runs of a project, a part at a time. Answers the bytes of all JSON, and how many results there are."""
    made, json_bytes, results = generate.runs(Options(models=models), count), 0, 0
    while part := write(folder / "part", islice(made, RUNS_AT_ONCE)):
        results += sum(len(run.nodes) for run in part)
        json_bytes += load(warehouse, folder / "part")
    return {"json_bytes": json_bytes, "results": results}


def executions(folder: Path, models: int) -> None:
    """`runs`, 30 days of a project, and `1.duckdb`, a warehouse with them."""
    runs(folder / "runs", DAYS, manifests=10, models=models, failure_rate=0.02)
    load(folder / "1.duckdb", folder / "runs", delete=False)
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
        load(warehouse, copies)


if __name__ == "__main__":
    makers: tuple[Callable[..., Any], ...] = (
        *(runs, nightly, unpack, unpack_project, environment, years, executions, multiply, compiled),
    )
    by_name = {maker.__name__: maker for maker in makers}
    print(json.dumps(by_name[sys.argv[2]](Path(sys.argv[1]), **json.loads(sys.argv[3]))))
