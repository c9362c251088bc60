"""Fuzzing of the store and the views: many mutants in one warehouse, which must stay sound and answer everything.

    python fuzz_warehouse.py FINDS SECONDS [SEED]

Slower than fuzz_flatten.py, and not guided by coverage. Mutants that break something together go to a folder
of FINDS, as few of them as do it; the fuzzing goes on.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from mutations import mutant, parsed
from properties import OUTCOMES, check_warehouse
from seeds import seeds

MUTANTS = 120
SEEDS = 10


def batch(originals: Sequence[bytes], rng: Random) -> list[bytes]:
    """Mutants of a few artifacts that are neighbours, and so speak of the same nodes; some are left as they are."""
    start = rng.randrange(len(originals))
    some = [originals[(start + offset) % len(originals)] for offset in range(SEEDS)]
    donors = [parsed(data) for data in some]
    made = [mutant(rng.choice(some), rng, donors) for _ in range(MUTANTS)]
    return list(dict.fromkeys([*made, *rng.sample(some, 3)]))


def failure(contents: Sequence[bytes], counts: Counter[str] | None = None) -> str | None:
    """What is broken in a warehouse of the contents; None when all is well."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for index, content in enumerate(contents):
            files.append(Path(folder) / f"{index}.json")
            files[-1].write_bytes(content)
        try:
            outcomes = check_warehouse(Path(folder) / "wh.duckdb", files)
        except Exception as error:
            trace = "".join(traceback.format_exception(error)).replace(folder, "")
            return trace[-3000:]
    if counts is not None:
        counts.update(outcomes)
    return None


def kind_of(trace: str) -> str:
    """The failure's last line, without what differs between two of one kind."""
    lines = [line for line in trace.splitlines() if re.match(r"\w.*(Error|Exception)", line)]
    return re.sub(r"\W+", "_", re.sub(r"\d+|'[^']*'|\"[^\"]*\"", "", (lines or ["?"])[-1]))[:80]


def fewer(contents: list[bytes], is_broken: Callable[[list[bytes]], bool]) -> list[bytes]:
    """As few of the contents as still break it."""
    size = len(contents) // 2
    while size:
        start = 0
        while start < len(contents):
            rest = contents[:start] + contents[start + size :]
            if rest and is_broken(rest):
                contents = rest
            else:
                start += size
        size //= 2
    return contents


def main() -> None:
    finds, seconds, seed = Path(sys.argv[1]), float(sys.argv[2]), int((sys.argv[3:] or ["0"])[0])
    originals = [*seeds()]
    rng = Random(seed)
    counts: Counter[str] = Counter()
    batches = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        contents = batch(originals, rng)
        started = time.monotonic()
        trace = failure(contents, counts)
        batches += 1
        if (took := time.monotonic() - started) > 60:
            print(f"batch {batches} took {took:.0f} s", flush=True)
        if trace and not (folder := finds / kind_of(trace)).exists():
            kind = kind_of(trace)
            print(f"batch {batches}: {kind}\n{trace}", flush=True)
            folder.mkdir(parents=True)
            broken = fewer(contents, lambda some, kind=kind: kind_of(failure(some) or "") == kind)
            for index, content in enumerate(broken):
                (folder / f"{index}.json").write_bytes(content)
        if batches % 10 == 0:
            print(
                f"{batches} batches, " + ", ".join(f"{counts[status]} {status}" for status in sorted(OUTCOMES)),
                flush=True,
            )
    print(f"{batches} batches of {MUTANTS} mutants: {dict(counts)}")


if __name__ == "__main__":
    main()
