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
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random

from artifact_warehouse import Warehouse
from generate import START, History, Run, runs, write
from measure import Command, ask, run_once, warehouse_command
from project import Project, Shape

RUNS_AT_ONCE = 25
DAYS = 30
"""Days, and runs, of the history that `multiply` repeats."""


def load(warehouse: Path | str, folder: Path, *, delete: bool = True) -> int:
    """Load a folder in a process of its own, and delete it. Answers the bytes of its JSON."""
    run_once(Command(warehouse_command("load", warehouse, folder)))
    json_bytes = sum(path.stat().st_size for path in folder.rglob("*.json"))
    if delete:
        shutil.rmtree(folder)
    return json_bytes


def nightly(folder: Path, run_count: int, models: int) -> None:
    """`full.duckdb` with many small runs of a project, `empty.duckdb` without runs, and `next`, a run to load."""
    project, jobs = Project(Shape(models=models), seed=1), History(results_per_file=20)
    write(folder / "history", (Run(project, jobs, n) for n in range(run_count)), manifests=run_count // 10)
    after = run_count * 20 // len(project.nodes) + 1
    write(folder / "next", [Run(project, History(), after)])
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
    with ThreadPoolExecutor(1) as pool:
        loads: list[Future[int]] = []
        for start in range(0, run_count, RUNS_AT_ONCE):
            part = folder / str(start)
            nodes = write(part, islice(made, RUNS_AT_ONCE))[-1].project.nodes
            json_bytes += sum(done.result() for done in loads)
            loads = [pool.submit(load, warehouse, part)]
        json_bytes += sum(done.result() for done in loads)
    versions = sum(1 + node.revision for node in nodes)
    return {"json_bytes": json_bytes, "results": run_count * len(nodes), "versions": versions}


def executions(folder: Path, models: int) -> None:
    """`runs`, 30 days of a project, and `1.duckdb`, a warehouse with them."""
    write(folder / "runs", runs(Shape(models=models), History(failure_rate=0.02), DAYS), manifests=10)
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


def main() -> None:
    folder, name, *arguments = sys.argv[1:]
    all_makers: tuple[Callable[..., object], ...] = (nightly, unpack, environment, years, executions, multiply)
    makers = {maker.__name__: maker for maker in all_makers}
    said = makers[name](Path(folder), *(int(a) if a.isdigit() else a for a in arguments))
    print(json.dumps(said))


if __name__ == "__main__":
    main()
