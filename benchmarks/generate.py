"""The runs of a generated project as artifacts of any size. The same options and seed give the same bytes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from hashlib import md5
from itertools import count
from pathlib import Path
from random import Random

from project import BUILD, DATE, PROJECT, Content, Model, Node, Options, Project, Test, sample

START = datetime(2025, 1, 1, 3)
FAILED_BUILD = "job=nightly/2026-11-06_01_build"
THREADS = 8
COMPILED = ("compiled", "compiled_code", "extra_ctes_injected", "extra_ctes")


class Run:
    """One invocation: an id, a time, and the nodes that it builds. Take its artifacts before you make the next run."""

    def __init__(self, project: Project, options: Options, number: int) -> None:
        self._rng = rng = Random(f"run {options.seed} {number}")
        size = options.results_per_file or len(project.nodes)
        jobs = max(1, len(project.nodes) // size)
        day, job = divmod(number, jobs)
        self.project, self.nodes = project, project.nodes[job * size :][:size]
        self.failure_rate = options.failure_rate
        self.started_at = START + timedelta(days=day, seconds=86_000 * job / jobs + rng.random())
        self.invocation_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self._is_parse = options.compilation == "alternating" and number % 2 == 0
        self._code_date = f"{self.started_at:%Y-%m-%d}" if options.compilation == "dated" else DATE
        if number:  # a fraction of a node is the chance of one more
            whole, part = divmod(options.change_rate * len(self.nodes), 1)
            for node in rng.sample(self.nodes, int(whole) + (rng.random() < part)):
                node.change()

    def manifest(self) -> Content:
        """manifest.json."""
        project_names = {"project_name": PROJECT, "project_id": md5(PROJECT.encode()).hexdigest()}
        found, project, clock = sample(BUILD, "manifest"), self.project, count(self.started_at.timestamp(), 0.000173)
        macros = [macro for macro in found["macros"].values() if macro["package_name"] != "harbor_cafe"]
        return {section: {} for section in found} | {
            "metadata": found["metadata"] | self.times(2.5) | project_names,
            "nodes": {node.unique_id: self._entry(node, next(clock)) for node in project.nodes},
            "sources": _entries(project.sources, clock),
            "macros": _entries(macros, clock),
            "docs": found["docs"],
            "parent_map": project.parent_map,
            "child_map": project.child_map,
        }

    def run_results(self) -> Content:
        """run_results.json. The tests of a failed model are skipped, and no other node."""
        found, clocks = sample(BUILD, "run_results"), [3.0] * min(THREADS, len(self.nodes))
        failed: set[str] = set()
        results = []
        for i, node in enumerate(self.nodes):
            thread = i % len(clocks)
            if isinstance(node, Test) and not failed.isdisjoint(node.parents):
                results.append(self._result(node, thread, is_skipped=True))
                continue
            is_failure = self._rng.random() < self.failure_rate
            if is_failure and isinstance(node, Model):
                failed.add(node.unique_id)
            seconds = self._rng.lognormvariate(node.typical_log_seconds, 0.3)
            parts = (clocks[thread] + part * seconds for part in (0.02, 0.18, 0.2, 0.98))
            clock = (_iso(self.started_at + timedelta(seconds=after)) for after in parts)
            names = (step["name"] for step in _sample_result()["timing"])
            timing = [{"name": name, "started_at": next(clock), "completed_at": next(clock)} for name in names]
            outcome = _outcome(node, is_failure, self._rng.randrange(1, 100_000))
            results.append(self._result(node, thread) | {"timing": timing, "execution_time": seconds} | outcome)
            clocks[thread] += seconds + 0.01
        seconds = max(clocks, default=0.0) + 0.5
        return {
            "metadata": found["metadata"] | self.times(seconds),
            "results": results,
            "elapsed_time": seconds,
            "args": found["args"] | {"target": "prod", "project_dir": f"/srv/{PROJECT}"},
        }

    def times(self, seconds: float) -> Content:
        """The invocation's own part of the metadata of an artifact that is written `seconds` after the start."""
        written = {"generated_at": _iso(self.started_at + timedelta(seconds=seconds))}
        return {"invocation_id": self.invocation_id, **written, "invocation_started_at": _iso(self.started_at)}

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


def runs(options: Options, number: int) -> Iterator[Run]:
    """The runs of one project in turn. Take the artifacts of a run before you go on to the next."""
    project = Project(options)
    return (Run(project, options, i) for i in range(number))


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
    if isinstance(node, Test):
        status = "pass" if not is_failure else "warn" if node.severity == "WARN" else "fail"
        message = f"Got {rows} results, configured to {status} if != 0" if is_failure else None
        response: Content = {"_message": "OK"}
    elif is_failure:
        _, _, text = _sample_result("error")["message"].partition("\n")
        status, response = "error", {}
        message = f"Runtime Error in model {node.name} (models/{node.path})\n{text}"
    else:
        status, message = "success", f"INSERT {rows}"
        response = {"_message": message, "code": "INSERT", "rows_affected": rows}
    failures = rows * is_failure if isinstance(node, Test) else None
    return {"status": status, "adapter_response": response, "message": message, "failures": failures}


@cache
def _sample_result(status: str = "success") -> Content:
    """A real result of a model with this status, with all keys that any result has."""
    results = [*sample(BUILD, "run_results")["results"], *sample(FAILED_BUILD, "run_results")["results"]]
    return max((r for r in results if r["unique_id"].startswith("model.") and r["status"] == status), key=len)


def _entries(contents: list[Content], clock: Iterator[float]) -> Content:
    return {content["unique_id"]: content | {"created_at": next(clock)} for content in contents}


def _iso(time: datetime) -> str:
    return f"{time.isoformat(timespec='microseconds')}Z"
