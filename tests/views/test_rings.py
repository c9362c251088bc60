"""Rings of models, which dbt refuses: every view answers, and as a plain search does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import builders
import pytest

from artifact_warehouse import Warehouse
from artifact_warehouse.storage import sql_files

pytestmark = pytest.mark.slow

Parents = dict[str, list[str]]
SOURCE, ASIDE = "source.p.raw.orders", "source.p.raw.aside"
NIGHTS = [datetime(2026, 11, day, 6) for day in (1, 2, 3, 4)]
UNBUILT_AT_LAST = "model.p.r1"
VIEWS = [file.full_name for file in sql_files.sql_files() if file.schema == "v1" and file.kind == "view"]


def ring(size: int, name: str = "r") -> Parents:
    return {f"model.p.{name}{i}": [f"model.p.{name}{(i - 1) % size}"] for i in range(size)}


def tailed(size: int) -> Parents:
    """Two rings, the first above the second, a source above the first, and a tail below each."""
    upper, lower = ring(size), ring(size, "q")
    upper["model.p.r0"].append(SOURCE)
    lower["model.p.q0"].append(f"model.p.r{size // 2}")
    tails = {f"model.p.{name}_tail": [f"model.p.{name}{size // 3}"] for name in "rq"}
    return {**upper, **lower, **tails, "model.p.aside": [ASIDE]}


def clock(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"


def write(folder: Path, kind: str, at: datetime, **content: Any) -> None:
    fields = {"invocation_id": f"{at:%d %H}", "generated_at": clock(at), "project_name": "p"}
    builders.write(folder / f"{at:%d %H}", kind, builders.artifact(kind, fields, **content))


def write_project(folder: Path, parents: Parents) -> None:
    """Four nightly builds, the last without one model of the ring, each before a check of the sources."""
    nodes = {
        node: {
            "resource_type": "model",
            "package_name": "p",
            "name": node.split(".")[2],
            "config": {"materialized": "table"},
            "depends_on": {"nodes": above},
        }
        for node, above in parents.items()
    }
    sources = {id_: {"resource_type": "source", "source_name": "raw", "name": id_} for id_ in (SOURCE, ASIDE)}
    exposures = {
        f"exposure.p.{name}": {"resource_type": "exposure", "name": name, "depends_on": {"nodes": [f"model.p.{name}"]}}
        for name in ("r0", "q_tail", "aside")
        if f"model.p.{name}" in parents
    }
    for at in NIGHTS:
        built = [node for node in parents if at != NIGHTS[-1] or node != UNBUILT_AT_LAST]
        results = [
            {
                "unique_id": node,
                "status": "success",
                "execution_time": 1.0,
                "thread_id": "Thread-1",
                "timing": [{"name": "execute", "started_at": clock(at), "completed_at": clock(at)}],
            }
            for node in built
        ]
        write(folder, "manifest", at, nodes=nodes, sources=sources, exposures=exposures)
        write(folder, "run_results", at, results=results, args={"which": "build"}, elapsed_time=1.0)
        checks = [
            {
                "unique_id": id_,
                "status": status,
                "snapshotted_at": clock(at + timedelta(hours=1)),
                "max_loaded_at": clock(NIGHTS[0] - timedelta(days=1)),
                "max_loaded_at_time_ago_in_s": 1.0,
            }
            for id_, status in ((SOURCE, "error"), (ASIDE, "pass"))
        ]
        write(folder, "sources", at + timedelta(hours=1), results=checks, elapsed_time=1.0)


def distances(parents: Parents, node: str) -> dict[str, int]:
    """Every other node above one, with its distance."""
    found, step = {node: 0}, [node]
    while step:
        distance = found[step[0]] + 1
        step = [*dict.fromkeys(above for below in step for above in parents.get(below, []) if above not in found)]
        found.update(dict.fromkeys(step, distance))
    del found[node]
    return found


@pytest.fixture(scope="module", params=[30, pytest.param(1500, marks=pytest.mark.release)])
def project(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Warehouse, Parents]]:
    """Both rings together have 60 models, and 3,000 for a release."""
    folder, parents = tmp_path_factory.mktemp("rings"), tailed(request.param)
    write_project(folder / "target", parents)
    with Warehouse(folder / "wh.duckdb") as wh:
        wh.load(folder / "target", environment="prod")
        yield wh, parents


def test_every_model_below_a_ring_knows_the_source_above_it(project: tuple[Warehouse, Parents]) -> None:
    wh, parents = project
    found = dict(wh.sql("SELECT unique_id, list_contains(issues, 'upstream_sources_failed') FROM v1.health").fetchall())
    assert {node: found[node] for node in parents} == {node: node != "model.p.aside" for node in parents}
    assert set(found) - set(parents) == {SOURCE, ASIDE, "exposure.p.r0", "exposure.p.q_tail", "exposure.p.aside"}
    assert [found[f"exposure.p.{name}"] for name in ("r0", "q_tail", "aside")] == [True, True, False]


def test_a_tile_below_a_ring_names_the_source_above_it(project: tuple[Warehouse, Parents]) -> None:
    tiles = project[0].sql("SELECT name, freshness, reasons FROM v1.exposure_tiles ORDER BY name").fetchall()
    reasons = [f"{SOURCE}: error"]
    assert tiles == [("aside", "passed", []), ("q_tail", "stale", reasons), ("r0", "stale", reasons)]


def test_a_build_below_a_ring_is_complete_where_the_whole_ring_was_built(project: tuple[Warehouse, Parents]) -> None:
    """The first build has none before it. The second and third follow a complete one, and so does the last."""
    wh, parents = project
    found = wh.sql(
        "SELECT unique_id, executed_count, judged_count, wasted_count FROM v1.materialization_waste"
    ).fetchall()
    assert sorted(found) == sorted((node, *((3, 2, 2) if node == UNBUILT_AT_LAST else (4, 3, 3))) for node in parents)


def test_the_macros_go_round_a_ring_once(project: tuple[Warehouse, Parents]) -> None:
    wh, parents = project
    for node in ("model.p.q_tail", "model.p.r0"):
        expected = distances(parents, node)
        for across in ("", ", across := true"):
            query = f"SELECT unique_id, distance FROM v1.ancestors_of('{node}'{across})"
            assert dict(wh.sql(query).fetchall()) == expected
    below = wh.sql("SELECT unique_id FROM v1.descendants_of('model.p.q3') WHERE resource_type = 'model'").fetchall()
    lower = {node for node in parents if node.startswith("model.p.q")}
    assert {node for (node,) in below} == lower - {"model.p.q3"}


def test_every_view_of_a_ring_comes_to_an_end(project: tuple[Warehouse, Parents]) -> None:
    wh, parents = project
    counts = {name: wh.sql(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in VIEWS}
    exposed = {f"exposure.p.{name}": [f"model.p.{name}"] for name in ("r0", "q_tail", "aside")}
    graph = {**parents, **exposed}
    assert counts["v1.node_ancestors"] == sum(len(distances(graph, node)) for node in graph)
    assert counts["v1.node_edges"] == sum(map(len, graph.values()))
