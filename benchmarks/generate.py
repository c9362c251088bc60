"""Realistic dbt artifacts of any size, scaled from the committed sample runs, and seeded.

python benchmarks/generate.py OUT --models 1000 --runs 5 --change-rate 0.01 --failure-rate 0.01

Writes OUT/<run>/{manifest,run_results}.json, a folder for each run. The same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from hashlib import md5
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from project import BUILD, DATE, PROJECT, Content, Model, Node, Project, Shape, Test, sample

START = datetime(2025, 1, 1, 3)
FAILED_BUILD = "job=nightly/2026-11-06_01_build"
THREADS = 8
COMPILED = ("compiled", "compiled_code", "extra_ctes_injected", "extra_ctes")


@dataclass(frozen=True)
class History:
    """How the runs of a project follow each other.

    `change_rate`: the share of a run's nodes whose raw code changes before it. `failure_rate`: the share of executed
    nodes that end in error or fail (or in warn, where that is their severity). `results_per_file` splits the project
    into jobs of that many nodes, which take turns within a day; 0 builds everything in each run. `compilation`:
    `same` (a node's compiled code changes only with the node), `dated` (all compiled code differs in every run), or
    `alternating` (manifests of `dbt parse`, without compiled code, and of `dbt build` take turns, parse first).
    """

    change_rate: float = 0.01
    failure_rate: float = 0.01
    results_per_file: int = 0
    compilation: str = "same"


class Run:
    """One invocation: an id, a time, and the nodes that it builds. Take its artifacts before you make the next run."""

    def __init__(self, project: Project, history: History, number: int, seed: int = 1) -> None:
        rng = Random(f"run {seed} {number}")
        size = history.results_per_file or len(project.nodes)
        jobs = max(1, len(project.nodes) // size)
        day, job = divmod(number, jobs)
        self.project, self.history = project, history
        self.nodes = project.nodes[job * size :][:size]
        seconds = 86_000 * job / jobs + rng.random()
        self.started_at = START + timedelta(days=day, seconds=seconds)
        self.invocation_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self._is_parse = history.compilation == "alternating" and number % 2 == 0
        self._code_date = f"{self.started_at:%Y-%m-%d}" if history.compilation == "dated" else DATE
        if number:
            project.change(rng, self.nodes, history.change_rate)
        self._rng = rng

    def manifest(self) -> Content:
        """manifest.json."""
        project_names = {"project_name": PROJECT, "project_id": md5(PROJECT.encode()).hexdigest()}
        found, project, clock = sample(BUILD, "manifest"), self.project, count(self.started_at.timestamp(), 0.000173)
        macros = [macro for macro in found["macros"].values() if macro["package_name"] != "harbor_cafe"]
        return {section: {} for section in found} | {
            "metadata": self._metadata("manifest", 2.5) | project_names,
            "nodes": {node.unique_id: self._entry(node, next(clock)) for node in project.nodes},
            "sources": _entries(project.sources, clock),
            "macros": _entries(macros, clock),
            "docs": found["docs"],
            "exposures": _entries(project.exposures, clock),
            "parent_map": project.parent_map,
            "child_map": project.child_map,
        }

    def run_results(self) -> Content:
        """run_results.json. The tests of a failed model are skipped, and no other node."""
        clocks = [3.0] * min(THREADS, len(self.nodes))
        failed: set[str] = set()
        results = []
        for i, node in enumerate(self.nodes):
            thread = i % len(clocks)
            if isinstance(node, Test) and not failed.isdisjoint(node.parents):
                results.append(self._result(node, thread, is_skipped=True))
                continue
            is_failure = self._rng.random() < self.history.failure_rate
            if is_failure and isinstance(node, Model):
                failed.add(node.unique_id)
            seconds = self._rng.lognormvariate(node.typical_log_seconds, 0.3)
            started_at = self.started_at + timedelta(seconds=clocks[thread])
            times = [_iso(started_at + timedelta(seconds=part * seconds)) for part in (0.02, 0.18, 0.2, 0.98)]
            outcome = _outcome(node, is_failure, self._rng.randrange(1, 100_000))
            timing = [
                step | {"started_at": times[2 * i], "completed_at": times[2 * i + 1]}
                for i, step in enumerate(_sample_result()["timing"])
            ]
            results.append(self._result(node, thread) | {"timing": timing, "execution_time": seconds} | outcome)
            clocks[thread] += seconds + 0.01
        seconds = max(clocks, default=0.0) + 0.5
        return {
            "metadata": self._metadata("run_results", seconds),
            "results": results,
            "elapsed_time": seconds,
            "args": sample(BUILD, "run_results")["args"] | {"target": "prod", "project_dir": f"/srv/{PROJECT}"},
        }

    def _metadata(self, kind: str, seconds: float) -> Content:
        """The metadata of an artifact that is written `seconds` after the start."""
        metadata: Content = sample(BUILD, kind)["metadata"]
        return metadata | self.times(seconds)

    def times(self, seconds: float) -> Content:
        """The invocation's own part of the metadata."""
        times = {"generated_at": seconds, "invocation_started_at": 0.0}
        written = {name: _iso(self.started_at + timedelta(seconds=after)) for name, after in times.items()}
        return {"invocation_id": self.invocation_id, **written}

    def _code(self, node: Node) -> str:
        code: str = node.content["compiled_code"]
        return code if self._code_date == DATE else code.replace(DATE, self._code_date)

    def _entry(self, node: Node, created_at: float) -> Content:
        content = node.content | {"created_at": created_at}
        if not self._is_parse:
            return content | {"compiled_code": self._code(node)}
        depends_on = content["depends_on"] | {"macros": content["depends_on"]["macros"][:1]}
        parsed = content | {"compiled_path": None, "depends_on": depends_on}
        return {name: value for name, value in parsed.items() if name not in COMPILED}

    def _result(self, node: Node, thread: int, is_skipped: bool = False) -> Content:
        """The result of a node; of a skipped one it is complete."""
        code = None if is_skipped else self._code(node)
        return (
            {"status": "skipped", "timing": [], "thread_id": f"Thread-{thread + 1} (worker)", "execution_time": 0}
            | {"adapter_response": {}, "message": None, "failures": None, "unique_id": node.unique_id}
            | {"compiled": not is_skipped, "compiled_code": code, "relation_name": node.relation, "batch_results": None}
        )


def runs(shape: Shape, history: History, number: int, seed: int = 1) -> Iterator[Run]:
    """The runs of one project in turn. Take the artifacts of a run before you go on to the next."""
    project = Project(shape, seed)
    return (Run(project, history, i, seed) for i in range(number))


def write(out: Path, made: Iterable[Run], manifests: int = 1, has_results: bool = True) -> list[Run]:
    """Write the artifacts of runs, a folder each; every `manifests`-th run has a manifest, 0 for none."""
    written = []
    for number, run in enumerate(made):
        folder = out / f"{number:05d}"
        folder.mkdir(parents=True, exist_ok=True)
        if manifests and number % manifests == 0:
            (folder / "manifest.json").write_text(json.dumps(run.manifest()))
        if has_results:
            (folder / "run_results.json").write_text(json.dumps(run.run_results()))
        written.append(run)
    return written


def _outcome(node: Node, is_failure: bool, rows: int) -> Content:
    """status, adapter_response, message and failures of an executed node."""
    status, message, failures = "pass", None, 0
    if isinstance(node, Model):
        if is_failure:
            _, _, text = _sample_result("error")["message"].partition("\n")
            message = f"Runtime Error in model {node.name} (models/{node.path})\n{text}"
            return {"status": "error", "adapter_response": {}, "message": message, "failures": None}
        message = f"INSERT {rows}"
        response = {"_message": message, "code": "INSERT", "rows_affected": rows}
        return {"status": "success", "adapter_response": response, "message": message, "failures": None}
    if is_failure:
        status, failures = "warn" if isinstance(node, Test) and node.severity == "WARN" else "fail", rows
        message = f"Got {rows} results, configured to {status} if != 0"
    return {"status": status, "adapter_response": {"_message": "OK"}, "message": message, "failures": failures}


@cache
def _sample_result(status: str = "success") -> Content:
    """A real result of a model with this status, with all keys that any result has."""
    results = [*sample(BUILD, "run_results")["results"], *sample(FAILED_BUILD, "run_results")["results"]]
    return max((r for r in results if r["unique_id"].startswith("model.") and r["status"] == status), key=len)


def _entries(contents: list[Content], clock: Iterator[float]) -> Content:
    return {content["unique_id"]: content | {"created_at": next(clock)} for content in contents}


def _iso(time: datetime) -> str:
    return f"{time.isoformat(timespec='microseconds')}Z"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--manifests", type=int, default=1, help="every n-th run has a manifest; 0: none")
    parser.add_argument("--no-run-results", action="store_true")
    kinds: tuple[type[Any], ...] = (Shape, History)
    for field in [field for kind in kinds for field in fields(kind)]:
        choices = ("same", "dated", "alternating") if field.name == "compilation" else None
        name = f"--{field.name.replace('_', '-')}"
        parser.add_argument(name, type=type(field.default), choices=choices, default=field.default)
    given = vars(parser.parse_args())
    shape, history = (kind(**{field.name: given[field.name] for field in fields(kind)}) for kind in kinds)
    made = runs(shape, history, given["runs"], given["seed"])
    write(given["out"], made, given["manifests"], not given["no_run_results"])


if __name__ == "__main__":
    main()
