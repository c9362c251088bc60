"""A project of any size: a layered graph of models, with their tests, sources and exposures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from nodes import Node, exposure_content, new_model, new_test, source_content


@dataclass(frozen=True)
class Shape:
    """What a project is like; the defaults are those of a real one of 3,000 models, 7,277 tests and 500 sources."""

    models: int = 1000
    tests_per_model: float = 2.4
    columns: int = 11
    layers: int = 20
    parents: int = 3
    skip_share: float = 0.4
    models_per_source: int = 6
    models_per_exposure: int = 50


class Project:
    """`nodes` has them in an order in which dbt could build them: each model is followed by its tests."""

    def __init__(self, shape: Shape, seed: int) -> None:
        rng = Random(f"project {seed}")
        source_count = max(1, shape.models // shape.models_per_source)
        self.sources = [source_content(rng, i) for i in range(source_count)]
        self.models = self._models(rng, shape)
        exposure_count = shape.models // shape.models_per_exposure
        self.exposures = [exposure_content(i, rng.sample(self.models, 2)) for i in range(exposure_count)]
        tests = self._tests(rng, round(shape.models * shape.tests_per_model))
        self.nodes = [node for model in self.models for node in (model, *tests.get(model.unique_id, {}).values())]

    def change(self, rng: Random, nodes: list[Node], rate: float) -> None:
        """Change the raw code of a share of the nodes; the part of it that is less than a node is a chance of one."""
        whole, part = divmod(rate * len(nodes), 1)
        for node in rng.sample(nodes, int(whole) + (rng.random() < part)):
            node.revision += 1

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """unique_id to the unique_ids of the parents, of everything that has a place in the graph."""
        parents = {node.unique_id: node.parents for node in self.nodes}
        parents |= {exposure["unique_id"]: exposure["depends_on"]["nodes"] for exposure in self.exposures}
        return parents | {source["unique_id"]: [] for source in self.sources}

    @cached_property
    def parent_map(self) -> str:
        """`parents` as JSON."""
        return json.dumps(self.parents)

    @cached_property
    def child_map(self) -> str:
        """unique_id to the unique_ids of the children, as JSON."""
        children: dict[str, list[str]] = {unique_id: [] for unique_id in self.parents}
        for child, above in self.parents.items():
            for parent in above:
                children[parent].append(child)
        return json.dumps(children)

    def _models(self, rng: Random, shape: Shape) -> list[Node]:
        width = max(1, -(-shape.models // shape.layers))
        layers: list[list[Node]] = []
        for number in range(shape.models):
            if number % width == 0:
                layers.append([])
            above = self._parents(rng, shape, layers[:-1])
            source: dict[str, Any] = rng.choice(self.sources)
            layers[-1].append(new_model(rng, number, len(layers) - 1, above, source["unique_id"], shape.columns))
        return [model for layer in layers for model in layer]

    @staticmethod
    def _parents(rng: Random, shape: Shape, layers: list[list[Node]]) -> list[Node]:
        """Different models of the layer above, or, where the edge skips layers, of any."""
        found: dict[str, Node] = {}
        for _ in range(shape.parents if layers else 0):
            layer = rng.choice(layers) if rng.random() < shape.skip_share else layers[-1]
            parent = rng.choice(layer)
            found[parent.unique_id] = parent
        return [*found.values()]

    def _tests(self, rng: Random, count: int) -> dict[str, dict[str, Node]]:
        """Tests by their unique_id, by the unique_id of their model; no two are alike."""
        tests: dict[str, dict[str, Node]] = {}
        while count:
            test = new_test(rng, self.models)
            of_model = tests.setdefault(test.details["model"].unique_id, {})
            if test.unique_id not in of_model:
                of_model[test.unique_id] = test
                count -= 1
        return tests
