"""Columns of generated projects are changed in DuckDB: the resolver must have foretold what changes with them."""

from __future__ import annotations

from typing import Any

import pytest
from generated_models import make_project
from perturbation import Project, judge_chains, judge_projects

from artifact_warehouse.lineage.resolver import Resolution, resolve

pytestmark = pytest.mark.slow

SEED = 2024


@pytest.mark.release
def test_every_influence_of_one_column_on_another_is_an_edge_or_a_use() -> None:
    findings = judge_projects(300, SEED)
    assert not findings.missed, "\n\n".join(findings.missed)
    assert len(findings.observed) >= 300
    assert len(findings.held_by_edge_alone) >= 50


def test_what_a_change_to_a_seed_changes_far_below_is_foretold_by_the_models_between() -> None:
    changes, missed = judge_chains(1, SEED)
    assert changes >= 50
    assert not missed, "\n\n".join(missed)


def test_the_columns_of_generated_models_are_those_of_the_database() -> None:
    for seed in range(SEED, SEED + 5):
        project = Project(make_project(seed))
        for model in project.maker.models:
            if model.name in project.resolutions:
                found = resolve(model.sql, "duckdb", project.relation)  # without being told them
                assert [name.lower() for name in found.columns] == [name.lower() for name in model.columns], model.sql


def test_a_resolver_that_forgets_edges_is_found_out() -> None:
    def forgetful(*args: Any) -> Resolution:
        found = resolve(*args)
        return Resolution(found.columns, tuple(e for e in found.edges if e.kind != "transform"), ())

    assert judge_projects(20, SEED, forgetful, brief=True).missed
