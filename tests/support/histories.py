"""Random histories of a small project, written as dbt would: manifests, run_results and sources, run by run."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import builders

START = datetime(2026, 3, 1, 3, tzinfo=timezone.utc)
PARENTS = {
    "source.{}.raw.orders": [],
    "seed.{}.rates": [],
    "model.{}.staged": ["source.{}.raw.orders"],
    "model.{}.inlined": ["model.{}.staged", "seed.{}.rates"],
    "snapshot.{}.kept": ["model.{}.inlined"],
    "test.{}.of_source": ["source.{}.raw.orders"],
    "test.{}.of_staged": ["model.{}.staged"],
    "test.{}.of_inlined": ["model.{}.inlined"],
    "test.{}.of_two": ["model.{}.staged", "snapshot.{}.kept"],
    "unit_test.{}.staged.adds_up": ["model.{}.staged"],
}
"""A project's nodes with their parents; `{}` is its name. `inlined` is ephemeral, and never in the results."""


def clock(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class History:
    """What a project goes through: every `step` is one invocation, or one freshness check."""

    def __init__(self, folder: Path, project: str, rng: Random) -> None:
        self.folder, self.project, self.rng = folder, project, rng
        self.parents = {key.format(project): [p.format(project) for p in found] for key, found in PARENTS.items()}
        self.code = dict.fromkeys(self.parents, 0)
        self.materialized = dict.fromkeys(self.parents, "table") | {f"model.{project}.inlined": "ephemeral"}
        self.materialized[f"model.{project}.staged"] = rng.choice(("table", "view", "incremental"))
        self.now = START
        self.loaded_at = START
        self.count = 0
        self.has_manifests = rng.random() < 0.9

    def metadata(self, kind: str, moment: datetime, **more: Any) -> dict[str, Any]:
        number = f"{self.project} {self.count}"
        return builders.metadata(kind, invocation_id=number, generated_at=clock(moment), **more)

    def place(self, environment: str, job: str | None) -> Path:
        self.count += 1
        labels = [f"environment={environment}", *([f"job={job}"] if job else [])]
        return self.folder.joinpath(*labels, f"{self.project}_{self.count}")

    def write_manifest(self, folder: Path, dbt_version: str = "1.10.1") -> None:
        nodes = {
            node: {
                "unique_id": node,
                "resource_type": node.split(".")[0],
                "package_name": self.project,
                "name": node.split(".")[2],
                "raw_code": f"select {self.code[node]}",
                "config": {"materialized": self.materialized[node]},
                "depends_on": {"nodes": parents},
            }
            for node, parents in self.parents.items()
        }
        metadata = self.metadata("manifest", self.now, project_name=self.project, dbt_version=dbt_version)
        is_source = {node: node.startswith("source.") for node in nodes}
        content = {
            "metadata": metadata,
            "nodes": {node: entry for node, entry in nodes.items() if not node.startswith(("source.", "unit_test."))},
            "sources": {node: {**entry, "source_name": "raw"} for node, entry in nodes.items() if is_source[node]},
            "unit_tests": {node: entry for node, entry in nodes.items() if node.startswith("unit_test.")},
        }
        builders.write(folder, "manifest", content)

    def invoke(self, folder: Path, results: list[dict[str, Any]], **options: Any) -> None:
        """Write the run_results of an invocation that ends `took` (a timedelta) after now, and let that time pass."""
        started, self.now = self.now, self.now + options.get("took", timedelta(seconds=60))
        version = options.get("dbt_version", "1.10.1")
        if self.has_manifests:
            self.write_manifest(folder, version)
        env = {"DBT_CLOUD_RUN_ID": options["cloud"]} if options.get("cloud") else {}
        metadata = self.metadata(
            "run_results", self.now, dbt_version=version, invocation_started_at=clock(started), env=env
        )
        command = options.get("command", "build")
        args = {
            "which": command,
            "invocation_command": f"dbt {'retry' if options.get('is_retry') else command}",
            "full_refresh": options.get("full_refresh", False),
            "select": options.get("select", []),
            "threads": options.get("threads", 4),
        }
        content = {"metadata": metadata, "args": args, "results": results, "elapsed_time": 12.5}
        builders.write(folder, "run_results", content)

    def result(self, node: str, status: str, completed: datetime | None, seconds: float = 1.0) -> dict[str, Any]:
        timing = []
        if completed and status != "skipped":
            begun = clock(completed - timedelta(seconds=min(seconds, 1)))
            timing = [{"name": "execute", "started_at": begun, "completed_at": clock(completed)}]
        return {"unique_id": node, "status": status, "execution_time": seconds, "timing": timing}

    def random_invocation(self) -> None:
        rng = self.rng
        folder = self.place(rng.choice(("prod", "prod", "dev")), rng.choice((None, "nightly", "nightly")))
        self.change_something()
        command = rng.choice(("build", "build", "run", "test", "compile"))
        is_aborted = rng.random() < 0.05
        is_timed = rng.random() < 0.9
        results = []
        completed = self.now
        for node in self.parents:
            kind = node.split(".")[0]
            wanted = {"run": ("model",), "test": ("test", "unit_test")}.get(command)
            if kind == "source" or node.endswith(".inlined") or (wanted and kind not in wanted) or rng.random() < 0.2:
                continue
            good, bad = ("pass", ("fail", "error", "warn")) if "test" in kind else ("success", ("error",))
            status = rng.choice((good, good, *bad, "skipped", "no-op" if rng.random() < 0.1 else good))
            completed += timedelta(seconds=rng.choice((0, 1, 2)))
            results.append(self.result(node, status, completed if is_timed else None))
        if is_aborted:
            results = [
                {"unique_id": row["unique_id"], "status": "error", "execution_time": 0, "message": "no"}
                for row in results
            ]
        self.invoke(
            folder,
            results,
            command=command,
            is_retry=rng.random() < 0.5,
            select=rng.choice(([], [], ["tag:x"])),
            cloud=rng.choice((None, None, None, "70", "71")),
            dbt_version="2.0.0" if is_aborted else "1.10.1",
            took=completed - self.now + timedelta(seconds=rng.choice((0, 1, 30))),
        )
        self.now += timedelta(minutes=rng.choice((-1, 0, 2, 30, 59, 70, 600, 1500)))

    def change_something(self) -> None:
        if self.rng.random() < 0.3:
            self.code[self.rng.choice(list(self.code))] += 1

    def random_check(self) -> None:
        """A freshness check, after which the source may or may not have new rows."""
        folder = self.place(self.rng.choice(("prod", "dev")), None)
        if self.rng.random() < 0.5:
            self.loaded_at = self.now - timedelta(minutes=self.rng.choice((0, 5, 90)))
        row = {
            "unique_id": f"source.{self.project}.raw.orders",
            "status": "pass",
            "max_loaded_at": clock(self.loaded_at),
            "snapshotted_at": clock(self.now),
            "max_loaded_at_time_ago_in_s": 1.0,
        }
        self.write_check(folder, row)
        self.now += timedelta(minutes=self.rng.choice((0, 1, 30)))

    def write_check(self, folder: Path, row: dict[str, Any]) -> None:
        """Write what a freshness check of one source found."""
        metadata = self.metadata("sources", self.now, dbt_version="1.10.1")
        builders.write(folder, "sources", {"metadata": metadata, "results": [row], "elapsed_time": 1.0})
        if self.has_manifests:
            self.write_manifest(folder)


def write_history(folder: Path, project: str, rng: Random, steps: int) -> None:
    """So many random invocations and freshness checks of a project, below a folder."""
    history = History(folder, project, rng)
    for _ in range(steps):
        history.random_check() if rng.random() < 0.15 else history.random_invocation()
