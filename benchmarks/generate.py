"""Realistic dbt artifacts of any size, scaled from the committed sample runs, and seeded.

python benchmarks/generate.py OUT --models 1000 --runs 5 --change-rate 0.01 --failure-rate 0.01

Writes OUT/<run>/{manifest,run_results,catalog}.json, a folder for each run. The same arguments give the same bytes.
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

from nodes import DATE, PROJECT, Node, template
from project import Project, Shape
from templates import BUILD, DOCS, sample, sample_result

START = datetime(2025, 1, 1, 3)
THREADS = 8


@dataclass(frozen=True)
class History:
    """How the runs of a project follow each other.

    `change_rate`: the share of a run's nodes whose raw code changes before it. `failure_rate`: the share of executed
    nodes that end in error or fail (or in warn, where that is their severity). `results_per_file` cuts the project
    into jobs of so many nodes that take turns, all of them in a day; 0 builds everything in each run. `compilation`:
    `same` (a node's compiled code changes only with the node), `dated` (all compiled code differs in every run), or
    `alternating` (every other manifest, the first one too, is of `dbt parse`: nothing is compiled).
    """

    change_rate: float = 0.01
    failure_rate: float = 0.01
    results_per_file: int = 0
    compilation: str = "same"
    compiled_results: bool = True


class Run:
    """One invocation: an id, a time, and the nodes that it builds. Take its artifacts before the next run is made."""

    def __init__(self, project: Project, history: History, number: int, seed: int) -> None:
        rng = Random(f"run {seed} {number}")
        size = history.results_per_file or len(project.nodes)
        jobs = max(1, len(project.nodes) // size)
        day, job = divmod(number, jobs)
        self.project, self.history = project, history
        self.nodes = project.nodes[job * size :][:size]
        seconds = 86_000 * job / jobs + rng.random()
        self.started_at = START + timedelta(days=day, seconds=seconds)
        self.invocation_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self.is_parse = history.compilation == "alternating" and number % 2 == 0
        self.code_date = f"{self.started_at:%Y-%m-%d}" if history.compilation == "dated" else DATE
        if number:
            project.change(rng, self.nodes, history.change_rate)
        self._rng = rng

    def manifest(self) -> bytes:
        """manifest.json."""
        metadata = self._metadata(BUILD, "manifest", 2.5) | {
            "project_name": PROJECT,
            "project_id": md5(PROJECT.encode()).hexdigest(),
        }
        project, clock = self.project, count(self.started_at.timestamp(), 0.000173)
        nodes = ", ".join(f'"{node.unique_id}": {self._node(node, next(clock))}' for node in project.nodes)
        sections = dict.fromkeys(sample(BUILD, "manifest"), "{}") | {
            "metadata": json.dumps(metadata),
            "nodes": f"{{{nodes}}}",
            "sources": _entries(project.sources, clock),
            "macros": _macro_template() % tuple(next(clock) for _ in _macros()),
            "docs": json.dumps(sample(BUILD, "manifest")["docs"]),
            "exposures": _entries(project.exposures, clock),
            "parent_map": project.parent_map,
            "child_map": project.child_map,
        }
        return _object(sections)

    def run_results(self) -> bytes:
        """run_results.json. The tests of a model that failed are skipped, and nothing else is."""
        clocks = [3.0] * min(THREADS, len(self.nodes))
        failed: set[str] = set()
        results = []
        for i, node in enumerate(self.nodes):
            thread = i % len(clocks)
            code = node.rendering.compiled_code.replace(DATE, self.code_date)
            if node.kind == "test" and not failed.isdisjoint(node.parents):
                results.append(self._skipped(node, thread))
                continue
            is_failure = self._rng.random() < self.history.failure_rate
            if is_failure and node.kind == "model":
                failed.add(node.unique_id)
            seconds = self._rng.lognormvariate(node.typical_log_seconds, 0.3)
            started_at = self.started_at + timedelta(seconds=clocks[thread])
            times = [started_at + timedelta(seconds=part * seconds) for part in (0.02, 0.18, 0.2, 0.98)]
            outcome = _outcome(node, is_failure, self._rng.randrange(1, 100_000))
            head = _result_head() % (outcome[0], *map(_iso, times), thread + 1, repr(seconds), *outcome[1:])
            results.append(head + self._result_end(node, "true", code))
            clocks[thread] += seconds + 0.01
        seconds = max(clocks, default=0.0) + 0.5
        args = sample(BUILD, "run_results")["args"] | {"target": "prod", "project_dir": f"/srv/{PROJECT}"}
        sections = {
            "metadata": json.dumps(self._metadata(BUILD, "run_results", seconds)),
            "results": f"[{', '.join(results)}]",
            "elapsed_time": repr(seconds),
            "args": json.dumps(args),
        }
        return _object(sections)

    def catalog(self) -> bytes:
        """catalog.json: every model with its columns and a statistic."""
        found = sample(DOCS, "catalog")
        base = next(iter(found["nodes"].values()))
        column = next(iter(base["columns"].values()))
        nodes = {}
        for model in self.project.models:
            relation = {"schema": f"main_{model.details['folder']}", "name": model.name, "database": PROJECT}
            names = enumerate(model.details["columns"], 1)
            nodes[model.unique_id] = base | {
                "metadata": base["metadata"] | relation,
                "columns": {name: column | {"index": i, "name": name} for i, name in names},
                "unique_id": model.unique_id,
            }
        metadata = self._metadata(DOCS, "catalog", 4.0)
        return json.dumps({**found, "metadata": metadata, "nodes": nodes, "sources": {}}).encode()

    def _metadata(self, run: str, kind: str, seconds: float) -> dict[str, Any]:
        """The metadata block of an artifact that was written so many seconds after the start."""
        found: dict[str, Any] = sample(run, kind)["metadata"]
        return found | {
            "generated_at": _iso(self.started_at + timedelta(seconds=seconds)),
            "invocation_id": self.invocation_id,
            "invocation_started_at": _iso(self.started_at),
        }

    def _node(self, node: Node, created_at: float) -> str:
        rendering = node.rendering
        macros, compilation = rendering.macros, f'"compiled_path": "{rendering.compiled_path}", '
        if self.is_parse:
            macros, compilation = rendering.parsed_macros, '"compiled_path": null, '
        else:
            code = rendering.compiled_code.replace(DATE, self.code_date)
            compilation += f'"compiled": true, "compiled_code": {code}, "extra_ctes_injected": true, "extra_ctes": [], '
        return rendering.text % {"created_at": created_at, "macros": macros, "compilation": compilation}

    def _result_end(self, node: Node, compiled: str, code: str) -> str:
        relation = json.dumps(node.relation)
        compilation = f'"compiled": {compiled}, "compiled_code": {code}, "relation_name": {relation}, '
        return (
            f'"unique_id": "{node.unique_id}", {compilation if self.history.compiled_results else ""}'
            '"batch_results": null}'
        )

    def _skipped(self, node: Node, thread: int) -> str:
        return (
            f'{{"status": "skipped", "timing": [], "thread_id": "Thread-{thread + 1} (worker)", "execution_time": 0, '
            f'"adapter_response": {{}}, "message": null, "failures": null, {self._result_end(node, "false", "null")}'
        )


def runs(shape: Shape, history: History, count_: int, seed: int = 1) -> Iterator[Run]:
    """The runs of one project, one after the other; take from each what you need before you go on."""
    project = Project(shape, seed)
    for number in range(count_):
        yield Run(project, history, number, seed)


def write(out: Path, made: Iterable[Run], manifests: int = 1, catalogs: int = 0, has_results: bool = True) -> list[Run]:
    """Write the artifacts of runs, a folder each; a manifest and a catalog with every so many runs, 0 for none."""
    written = []
    for number, run in enumerate(made):
        folder = out / f"{number:05d}"
        folder.mkdir(parents=True, exist_ok=True)
        if manifests and number % manifests == 0:
            (folder / "manifest.json").write_bytes(run.manifest())
        if catalogs and number % catalogs == 0:
            (folder / "catalog.json").write_bytes(run.catalog())
        if has_results:
            (folder / "run_results.json").write_bytes(run.run_results())
        written.append(run)
    return written


def _outcome(node: Node, is_failure: bool, rows: int) -> tuple[str, str, str, str]:
    """status, adapter_response, message and failures, the last three as JSON."""
    if node.kind == "model":
        if is_failure:
            error = f"Runtime Error in model {node.name} (models/{node.details['path']})\n{_error_text()}"
            return "error", "{}", json.dumps(error), "null"
        response = f'{{"_message": "INSERT {rows}", "code": "INSERT", "rows_affected": {rows}}}'
        return "success", response, f'"INSERT {rows}"', "null"
    if not is_failure:
        return "pass", '{"_message": "OK"}', "null", "0"
    status = "warn" if node.details["severity"] == "WARN" else "fail"
    return status, '{"_message": "OK"}', f'"Got {rows} results, configured to {status} if != 0"', str(rows)


@cache
def _error_text() -> str:
    message: str = sample_result("model", "error")["message"]
    return message.partition("\n")[2]


@cache
def _result_head() -> str:
    """A real result up to its unique_id, with its values left open for the % operator."""
    result = sample_result("model", "success")
    timing = [{**step, "started_at": "%s", "completed_at": "%s"} for step in result["timing"]]
    opened = {"status": "%s", "timing": timing, "thread_id": "Thread-%d (worker)"}
    values = dict.fromkeys(("execution_time", "adapter_response", "message", "failures"), "%")
    text = json.dumps({**result, **opened, **values})
    return text[: text.index('"unique_id"')].replace('"%"', "%s")


@cache
def _macros() -> dict[str, dict[str, Any]]:
    """The macros of dbt itself and its adapter: half of a small manifest, and the same in every project."""
    found = sample(BUILD, "manifest")["macros"]
    return {unique_id: macro for unique_id, macro in found.items() if macro["package_name"] != "harbor_cafe"}


@cache
def _macro_template() -> str:
    texts = [f'"{unique_id}": {template(macro)}' for unique_id, macro in _macros().items()]
    return f"{{{', '.join(texts)}}}".replace("%(created_at)s", "%s")


def _entries(contents: list[dict[str, Any]], clock: Iterator[float]) -> str:
    return json.dumps({content["unique_id"]: {**content, "created_at": next(clock)} for content in contents})


def _object(sections: dict[str, str]) -> bytes:
    return b"{" + b", ".join(f'"{name}": {text}'.encode() for name, text in sections.items()) + b"}"


def _iso(time: datetime) -> str:
    return f"{time.isoformat(timespec='microseconds')}Z"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--manifests", type=int, default=1, help="with every so many runs; 0: none")
    parser.add_argument("--catalogs", type=int, default=0, help="with every so many runs; 0: none")
    parser.add_argument("--no-run-results", action="store_true")
    for kind in (Shape, History):
        for field in fields(kind):
            name = f"--{field.name.replace('_', '-')}"
            if isinstance(field.default, bool):
                parser.add_argument(name, action=argparse.BooleanOptionalAction, default=field.default)
            else:
                choices = ("same", "dated", "alternating") if field.name == "compilation" else None
                parser.add_argument(name, type=type(field.default), choices=choices, default=field.default)
    given = vars(parser.parse_args())
    shape = Shape(**{field.name: given[field.name] for field in fields(Shape)})
    history = History(**{field.name: given[field.name] for field in fields(History)})
    made = runs(shape, history, given["runs"], given["seed"])
    write(given["out"], made, given["manifests"], given["catalogs"], not given["no_run_results"])


if __name__ == "__main__":
    main()
