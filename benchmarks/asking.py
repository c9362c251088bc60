"""How long answers of GraphQL take: `python benchmarks/asking.py WAREHOUSE TURNS` prints {query: [seconds]}.

The eight queries are those of dbt's guide to its Metadata API, in short; the ninth is a whole environment.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from artifact_warehouse.serve import RequestLimits
from artifact_warehouse.serve.graphql import answer
from artifact_warehouse.serve.snapshots import Follower

QUERIES = {
    "catalog": "{ models(jobId: JOB) { uniqueId type columns { name description type } status compiledSql owner } }",
    "metrics": "{ metrics(jobId: JOB) { uniqueId name calculation_method expression dimensions dependsOn } }",
    "lineage": '{ model(jobId: JOB, uniqueId: "NODE") { dependsOn childrenL1 parentsModels { name dependsOn } '
    "parentsSources { name } } }",
    "tests": "{ tests(jobId: JOB) { name columnName state status fail error dependsOn } }",
    "source": "{ sources(jobId: JOB) { name state maxLoadedAt snapshottedAt stats { id value } } }",
    "model": '{ model(jobId: JOB, uniqueId: "NODE") { columns { name } stats { id value } tests { name status } } }',
    "runs": '{ modelByEnvironment(environmentId: ENV, uniqueId: "NODE", lastRunCount: 10) { runResults { status } } }',
    "last run": '{ modelByEnvironment(environmentId: ENV, uniqueId: "NODE", lastRunCount: 1) { executionTime } }',
}
WHOLE = """{ environment(id: ENV) { applied { models(first: 100000) { edges { node { uniqueId name description tags meta
    executionInfo { lastRunId lastRunStatus lastRunError executionTime executeCompletedAt } } } } } } }"""


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def main(warehouse: str, turns: str) -> None:
    limits = RequestLimits(seconds=3600, page=100_000)
    follower = Follower(Path(warehouse), limits.memory_bytes, every=3600)
    found: dict[str, list[float]] = {}
    with follower.snapshot() as snapshot:
        [job] = answer(snapshot, "{ jobs { id environmentId } }")["data"]["jobs"]
        numbers = {"JOB": str(job["id"]), "ENV": str(job["environmentId"])}
        models = answer(snapshot, f"{{ models(jobId: {job['id']}) {{ uniqueId }} }}", limits=limits)["data"]["models"]
        for turn in range(int(turns)):
            for name, text in {**QUERIES, "whole": WHOLE}.items():
                words = {**numbers, "NODE": models[turn * 7 % len(models)]["uniqueId"]}  # another one each time
                asked = _filled(text, words)
                began = time.perf_counter()
                answered = answer(snapshot, asked, limits=limits)
                found.setdefault(name, []).append(time.perf_counter() - began)
                assert "errors" not in answered, answered["errors"]
    follower.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
