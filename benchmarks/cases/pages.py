"""The report: the size of its file, and how long it takes to write, to paint and to pan, against what it may take.

`dbt docs generate --static` puts a manifest and a catalog into dbt's own page: the same is done here with the page that
the package dbt-core ships, as the large project has come as artifacts, without the models that the command would read.
elementary's report is not measured: elementary-data 0.26 installs from PyPI, but `edr report` begins with a `dbt deps`
that fetches the dbt package elementary from hub.getdbt.com, and no package registry has that package.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

from bench import Bench, Row, constant
from cases.manifests import REAL
from measure import Command, Measured, ask, run_once, warehouse_command

DBT = "dbt-core==1.10.*"
SMALL, LARGE = (1.5, 3.0, 0.5), (12.0, 20.0, 2.0)
"""Megabytes, seconds to write and seconds to paint; a frame while panning may take 33 ms."""
FRAME = 0.033


def pages(bench: Bench) -> Iterator[Row]:
    """The report of 500 nodes and 300 runs, and of a real project of 10,277 nodes."""
    count = bench.pick(300, 30)
    runs = bench.made("pages", "runs", count=count, manifests=30, models=147, failure_rate=0.0001)
    yield from _measured(bench, f"500 nodes × {count} runs", bench.loaded("pages.duckdb", runs), SMALL)
    if not bench.is_quick and REAL.exists():
        real = bench.made("scale", "unpack_project", archive=str(REAL), project="scale_3000") / "scale_3000"
        page = yield from _measured(bench, "10,277 nodes", bench.loaded("scale.duckdb", real), LARGE)
        static = _dbt_page(bench, real / "1.10_docs")
        ours, theirs = (constant(path.stat().st_size) for path in (page, static))
        yield Row("size of the report, 10,277 nodes", "dbt docs generate --static", None, ours, theirs)


def _measured(
    bench: Bench, name: str, warehouse: Path, goals: tuple[float, float, float]
) -> Generator[Row, None, Path]:
    """Rows against the goals. Answers the page."""
    page = bench.scratch(f"{warehouse.stem}.html")
    turns = [run_once(Command(warehouse_command("report", warehouse, "-o", page))) for _ in range(bench.repeats)]
    megabytes, write_seconds, paint_seconds = goals
    found = [ask("painting.py", page)[str(page)] for _ in range(bench.repeats)]
    values = {
        "size of the report": (constant(page.stat().st_size), constant(megabytes * 1e6)),
        "writing it": (Measured(tuple(turn.seconds for turn in turns)), constant(write_seconds, "s")),
        "painting it": (Measured(tuple(one["paint"] for one in found)), constant(paint_seconds, "s")),
        "painting its whole lineage": (Measured(tuple(one["lineage"] for one in found)), constant(paint_seconds, "s")),
        "a frame while panning, p95": (Measured(tuple(one["pan"] for one in found)), constant(FRAME, "s")),
    }
    for what, (subject, goal) in values.items():
        yield Row(f"{what}, {name}", "the goal", 1.0, subject, goal)
    return page


def _dbt_page(bench: Bench, artifacts: Path) -> Path:
    """dbt's page with the manifest and the catalog in it, as dbt/task/docs/generate.py makes it."""
    installed = bench.made("dbt", "environment", requirements=[DBT])
    [index] = installed.glob("lib/python*/site-packages/dbt/task/docs/index.html")
    text = index.read_text()
    for kind in ("manifest", "catalog"):
        text = text.replace(f'"{kind.upper()}.JSON INLINE DATA"', (artifacts / f"{kind}.json").read_text())
    page = bench.scratch("dbt_docs.html")
    page.write_text(text)
    return page
