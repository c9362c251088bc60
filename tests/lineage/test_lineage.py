"""The closure of any graph equals an independent graph library's, distances included, and ends on cycles."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import builders
import networkx as nx
import pytest
from click.testing import Result
from commandline import run
from testdata import Loaded, release_only

from artifact_warehouse import Warehouse, errors

pytestmark = pytest.mark.slow

Edge = tuple[str, str]


def manifest(edges: Iterable[Edge]) -> dict:
    """A manifest with a model for every end of an edge (parent, child)."""
    parents: dict[str, list[str]] = {}
    for parent, child in edges:
        parents.setdefault(parent, [])
        parents.setdefault(child, []).append(parent)
    nodes = {
        node: {
            "unique_id": node,
            "resource_type": "model",
            "package_name": "p",
            "name": node.split(".")[-1],
            "depends_on": {"nodes": sorted(above)},
        }
        for node, above in parents.items()
    }
    ids = {"generated_at": "2026-11-01T06:00:00.000000Z", "invocation_id": "7d4c57a2-0f59-4f5e-9d6a-5d6f0e9d6b11"}
    return builders.manifest(nodes, {**ids, "project_name": "p"})


def model(name: object) -> str:
    return f"model.p.{name}"


def layered(layers: int, width: int, parents: int, seed: int) -> list[Edge]:
    """Layers of models, each with parents in any earlier layer, mostly the last one."""
    rng = random.Random(seed)
    edges = set()
    for layer in range(1, layers):
        for i in range(width):
            for _ in range(parents):
                above = layer - 1 if rng.random() < 0.6 else rng.randrange(layer)
                edges.add((model(f"m{above}_{rng.randrange(width)}"), model(f"m{layer}_{i}")))
    return sorted(edges)


def diamond(layers: int, width: int) -> list[Edge]:
    """Every model of a layer depends on every one of the layer before: width ** layers paths."""
    return [
        (model(f"d{layer}_{a}"), model(f"d{layer + 1}_{b}"))
        for layer in range(layers)
        for a in range(width)
        for b in range(width)
    ]


GRAPHS = {
    "a cycle": [(model(i), model((i + 1) % 7)) for i in range(7)],
    "a self edge": [(model("a"), model("a")), (model("a"), model("b"))],
    "cycles within a graph": [
        *layered(6, 10, 2, seed=1),
        (model("m5_0"), model("m0_1")),
        (model("m3_2"), model("m1_3")),
    ],
    "two rings of 100, one above the other": [
        *((model(f"{name}{i}"), model(f"{name}{(i + 1) % 100}")) for name in "ab" for i in range(100)),
        (model("a5"), model("b7")),
    ],
    "a ring of 70 with two parents each": [(model(i), model((i + k) % 70)) for i in range(70) for k in (1, 2)],
    "a chain of 100": [(model(i), model(i + 1)) for i in range(100)],
    "a wide diamond": diamond(12, 12),
    "a layered graph": layered(12, 40, 3, seed=2),
    "65 parents": [(model(f"p{i}"), model("c")) for i in range(65)],
}


def expected(edges: Iterable[Edge]) -> set[tuple[str, str, int]]:
    """(node, ancestor, distance) by networkx."""
    upwards = nx.DiGraph((child, parent) for parent, child in edges)
    return {
        (node, ancestor, distance)
        for node, reached in nx.all_pairs_shortest_path_length(upwards)
        for ancestor, distance in reached.items()
        if node != ancestor
    }


def load(folder: Path, edges: Iterable[Edge]) -> Warehouse:
    Warehouse(folder / "wh.duckdb").load(builders.write(folder, "manifest", manifest(edges)))
    return Warehouse(folder / "wh.duckdb", read_only=True)


def closure(wh: Warehouse) -> list[tuple[str, str, int]]:
    return wh.sql("SELECT unique_id, ancestor_unique_id, distance FROM v1.node_ancestors").fetchall()


@pytest.mark.parametrize(
    "name", ["cycles within a graph", "two rings of 100, one above the other", "a wide diamond", *release_only(*GRAPHS)]
)
def test_the_closure_of_a_synthetic_graph(tmp_path: Path, name: str) -> None:
    edges = GRAPHS[name]
    with load(tmp_path, edges) as wh:
        found = closure(wh)
        assert len(found) == len(set(found))
        assert set(found) == expected(edges)
        nodes = sorted({node for edge in edges for node in edge})
        for node in random.Random(3).sample(nodes, min(5, len(nodes))):
            columns = "unique_id, distance"
            above = wh.sql(f"SELECT {columns} FROM v1.ancestors_of(?)", [node]).fetchall()
            below = wh.sql(f"SELECT {columns} FROM v1.descendants_of(?)", [node]).fetchall()
            assert sorted(above) == sorted((a, d) for n, a, d in found if n == node)
            assert sorted(below) == sorted((n, d) for n, a, d in found if a == node)


@pytest.mark.release
def test_a_graph_of_5000_nodes(tmp_path: Path) -> None:
    edges = layered(20, 250, 3, seed=4)
    with load(tmp_path, edges) as wh:
        upwards = nx.DiGraph((child, parent) for parent, child in edges)
        [(pairs, total)] = wh.sql("SELECT count(*), sum(distance)::BIGINT FROM v1.node_ancestors").fetchall()
        lengths = [d for _, reached in nx.all_pairs_shortest_path_length(upwards) for d in reached.values()]
        assert (pairs, total) == (len(lengths) - upwards.number_of_nodes(), sum(lengths))


def test_the_macros_equal_the_closure(loaded: Loaded) -> None:
    wh = loaded.warehouse
    query = "SELECT DISTINCT ancestor_unique_id FROM v1.node_ancestors USING SAMPLE 10 (reservoir, 1)"
    keys = "project_name, environment, unique_id, distance"
    for (node,) in wh.sql(query).fetchall():
        below = wh.sql(f"SELECT {keys} FROM v1.descendants_of(?) ORDER BY ALL", [node]).fetchall()
        assert (
            below
            == wh.sql(
                f"SELECT {keys} FROM v1.node_ancestors WHERE ancestor_unique_id = ? ORDER BY ALL", [node]
            ).fetchall()
        )


def test_lineage_is_that_of_the_project_and_environment(tmp_path: Path) -> None:
    """Two environments of one project, one node in both, with different parents."""
    Warehouse(tmp_path / "wh.duckdb").migrate()
    for environment, edges in (("dev", [("model.p.a", "model.p.c")]), ("prod", [("model.p.b", "model.p.c")])):
        file = tmp_path / f"{environment}.json"
        file.write_text(
            json.dumps({**manifest(edges), "metadata": {**manifest(edges)["metadata"], "invocation_id": environment}})
        )
        Warehouse(tmp_path / "wh.duckdb").load(file, environment=environment)
    with Warehouse(tmp_path / "wh.duckdb", read_only=True) as wh:
        found = wh.ancestors("model.p.c").fetchall()
    assert sorted(row[1:3] for row in found) == [("dev", "model.p.a"), ("prod", "model.p.b")]


def test_lineage_at_a_time(sample_warehouse: Warehouse) -> None:
    """rpt_ferry_week came on the fifth day, above fct_ferry_demand."""
    demand = "model.harbor_cafe.fct_ferry_demand"
    children = {
        day: {row["name"] for row in sample_warehouse.lineage(demand, ["down"], 1, day).rows.to_pylist()}
        for day in (datetime(2026, 11, 2), datetime(2026, 11, 8), None)
    }
    assert "rpt_ferry_week" not in children[datetime(2026, 11, 2)]
    assert "rpt_ferry_week" in children[datetime(2026, 11, 8)]
    assert children[None] == children[datetime(2026, 11, 8)]
    with pytest.raises(errors.UnknownNode):
        sample_warehouse.lineage("rpt_ferry_week", at=datetime(2026, 11, 2))
    eastern = datetime(2026, 11, 2, tzinfo=timezone(timedelta(hours=-5)))
    assert sample_warehouse.lineage(demand, ["down"], 1, eastern).rows.num_rows


SECTIONS = (
    "nodes",
    "sources",
    "exposures",
    "reports",
    "metrics",
    "semantic_models",
    "saved_queries",
    "unit_tests",
    "functions",
)


@pytest.mark.release
@pytest.mark.corpus
def test_the_closure_of_every_manifest_of_the_corpus(corpus: Path, tmp_path: Path) -> None:
    """Each in an environment of its own, so that all are current; against networkx, distances included."""
    manifests = [file for file in sorted(corpus.rglob("*.json")) if "manifest" in file.name]
    for number, file in enumerate(manifests):
        (tmp_path / "in" / f"environment={number:04}").mkdir(parents=True)
        (tmp_path / "in" / f"environment={number:04}" / "manifest.json").symlink_to(file)
    Warehouse(tmp_path / "wh.duckdb").load(tmp_path / "in")
    with Warehouse(tmp_path / "wh.duckdb", read_only=True) as wh:
        current = wh.sql(
            "SELECT environment FROM v1.artifacts WHERE kind = 'manifest' AND status = 'loaded'"
        ).fetchall()
        query = "SELECT environment, unique_id, ancestor_unique_id, distance FROM v1.node_ancestors"
        found: dict[str, list[tuple[str, str, int]]] = {}
        for environment, *pair in wh.sql(query).fetchall():
            found.setdefault(environment, []).append(tuple(pair))
    assert len(current) > 400
    for (environment,) in current:
        content = json.loads(manifests[int(environment)].read_bytes())
        edges = [
            (parent, child)
            for section in SECTIONS
            for child, entry in (content.get(section) or {}).items()
            for parent in (entry.get("depends_on") or {}).get("nodes") or []
            if parent
        ]
        pairs = found.get(environment, [])
        assert len(pairs) == len(set(pairs))
        assert set(pairs) == expected(edges), manifests[int(environment)]


def test_lineage_at_a_time_on_the_command_line(sample_warehouse: Warehouse) -> None:
    path = str(sample_warehouse.path)

    def down(*more: str) -> Result:
        return run("lineage", path, "fct_ferry_demand", "--down", "--depth", "1", *more)

    assert "rpt_ferry_week" in down().stdout
    assert "rpt_ferry_week" in down("--at", "2026-11-08T12:00:00").stdout
    then = down("--at", "2026-11-02")
    assert then.exit_code == 0
    assert "harbour_dashboard" in then.stdout and "rpt_ferry_week" not in then.stdout
    assert down("--at", "last week").exit_code == 2
