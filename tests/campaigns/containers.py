"""Eight loaders in two PID namespaces on one file, beside readers, prunes, `columns` and `--publish`, for ten minutes.

    python containers.py FOLDER [SECONDS] [WAIT]

Needs Linux, and the right to make PID namespaces. Every load must end with 0 within its WAIT, 120 seconds. Then what
was written is compared with what is stored: each file by its hash, and the results that no prune may take by their
number.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from random import Random

import duckdb

sys.path.append(str(Path(__file__).parents[1] / "support"))

from histories import START, History

from artifact_warehouse import Warehouse

NAMESPACE = ("unshare", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc")
LOADERS = 4
OLD = datetime(2020, 1, 1, tzinfo=timezone.utc)
OLD_EVERY = 4
PRUNED_BEFORE = "2021-01-01"
PAUSE_SECONDS = {"prune": 10.0, "columns": 5.0, "publish": 20.0, "query": 0.5}
MAY_END_WITH = {"columns": {0, 75}}


class Container:
    """What runs in one namespace: loaders, readers, and two other commands."""

    def __init__(self, folder: Path, number: int, seconds: float, wait: float) -> None:
        self.folder, self.number, self.wait = folder, number, wait
        self.path = folder / "wh.duckdb"
        self.end = time.monotonic() + seconds
        self.lock = threading.Lock()

    def run(self) -> None:
        others = {1: self.prunes, 2: self.columns}[self.number]
        works: list[Callable[[], None]] = [self.queries, self.published_queries, others]
        works += [lambda place=place: self.loads(place) for place in range(LOADERS)]
        threads = [threading.Thread(target=work) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def call(self, verb: str, *more: str) -> None:
        command = [sys.executable, "-m", "artifact_warehouse", verb, str(self.path), *more, "--wait", str(self.wait)]
        start = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        ended = [verb, done.returncode, round(time.monotonic() - start, 2), done.stderr[-300:]]
        with self.lock, (self.folder / f"{self.number}.jsonl").open("a") as log:
            log.write(json.dumps(ended) + "\n")

    def repeated(self, name: str, work: Callable[[], None]) -> None:
        while time.monotonic() < self.end:
            work()
            time.sleep(PAUSE_SECONDS[name])

    def loads(self, place: int) -> None:
        project = f"shop_{self.number}_{place}"
        history = History(self.folder / "in" / project, project, Random(project))
        history.has_manifests = True
        nights = {True: OLD, False: START}
        number = 0
        while time.monotonic() < self.end:
            number += 1
            is_old = number % OLD_EVERY == 0
            history.now = nights[is_old]
            before = {*history.folder.rglob("*.json")}
            history.random_invocation()
            nights[is_old] = history.now
            new = sorted(map(str, {*history.folder.rglob("*.json")} - before))
            copy = ("--publish", str(self.folder / "copy.duckdb")) if place == 0 and number % 5 == 0 else ()
            self.call("load", *new, "--environment", "prod", *copy)

    def prunes(self) -> None:
        self.repeated("prune", lambda: self.call("prune", "--before", PRUNED_BEFORE, "--keep-daily-rates", "--yes"))

    def columns(self) -> None:
        self.repeated("columns", lambda: self.call("columns"))

    def queries(self) -> None:
        self.repeated("query", lambda: self.call("query", "select count(*) from v1.node_success_rates"))

    def published_queries(self) -> None:
        """Readers of the copy never wait."""

        def read() -> None:
            copy = self.folder / "copy.duckdb"
            if copy.exists():
                call = [sys.executable, "-m", "artifact_warehouse", "query", str(copy), "select 1", "--wait", "0"]
                assert subprocess.run(call, capture_output=True, check=False).returncode == 0

        self.repeated("publish", read)


def is_old(content: dict) -> bool:
    return str(content["metadata"]["generated_at"]) < PRUNED_BEFORE


def check(folder: Path) -> str:
    """Compare what was written with what is stored; what was compared."""
    files = {
        hashlib.sha256(f.read_bytes()).hexdigest(): json.loads(f.read_bytes()) for f in folder.rglob("in/**/*.json")
    }
    kept = {
        number: len(content["results"])
        for number, content in files.items()
        if "results" in content and not is_old(content)
    }
    with duckdb.connect(str(folder / "wh.duckdb"), read_only=True) as connection:
        stored = [number for (number,) in connection.execute("SELECT artifact_id FROM stored.artifacts").fetchall()]
        found = dict(
            connection.execute(
                "SELECT artifact_id, count(unique_id) FROM stored.artifacts LEFT JOIN stored.node_executions "
                "USING (artifact_key) WHERE kind = 'run_results' GROUP BY ALL"
            ).fetchall()
        )
        [(pruned,)] = connection.execute("SELECT count(*) FROM stored.artifacts WHERE pruned_at IS NOT NULL").fetchall()
    assert sorted(stored) == sorted(files), f"{len(stored)} stored, {len(files)} written"
    assert {number: found[number] for number in kept} == kept
    with Warehouse(folder / "wh.duckdb", read_only=True) as warehouse:
        assert warehouse.verify() == []
    left = {file.name for file in folder.iterdir()} - {"wh.duckdb", "copy.duckdb", "in", "1.jsonl", "2.jsonl"}
    assert not left, left
    return f"{len(files)} files, {sum(kept.values())} results that stay, {pruned} artifacts pruned: all there, verified"


def main() -> None:
    if sys.argv[1] == "--inside":
        Container(Path(sys.argv[2]), *(int(text) for text in sys.argv[3:])).run()
        return
    folder = Path(sys.argv[1]).resolve()
    seconds, wait = (int(text) for text in (*sys.argv[2:], *("600", "120")[len(sys.argv[2:]) :]))
    folder.mkdir(parents=True, exist_ok=True)
    Warehouse(folder / "wh.duckdb").migrate()
    call = [*NAMESPACE, sys.executable, __file__, "--inside", str(folder)]
    containers = [subprocess.Popen([*call, str(number), str(seconds), str(wait)]) for number in (1, 2)]
    assert [container.wait() for container in containers] == [0, 0]
    ended = [json.loads(line) for number in (1, 2) for line in (folder / f"{number}.jsonl").read_text().splitlines()]
    codes, longest = Counter((verb, code) for verb, code, *_ in ended), Counter[str]()
    for verb, _, took, _ in ended:
        longest[verb] = max(longest[verb], took)
    bad = [one for one in ended if one[1] not in MAY_END_WITH.get(one[0], {0})]
    print(f"{seconds} s, --wait {wait}: {dict(codes)}; longest {dict(longest)} s")
    print(check(folder))
    for one in bad[:20]:
        print("bad", one)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
