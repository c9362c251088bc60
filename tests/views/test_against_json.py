"""Every number of the views equals an independent count made straight from the JSON."""

from __future__ import annotations

import json
from pathlib import Path

import comparison
import pytest
from disturbed import assert_intact
from testdata import Loaded


@pytest.mark.parametrize("compare", comparison.COMPARISONS, ids=lambda compare: compare.__name__)
def test_views_equal_an_independent_count(loaded: Loaded, compare: comparison.Compare) -> None:
    assert compare(loaded.warehouse, loaded.oracle) == []


def is_of_dbt(path: Path) -> bool:
    """Whether a file names a schema of dbt: https://schemas.getdbt.com."""
    try:
        metadata = json.loads(path.read_bytes()).get("metadata", {})
        return metadata.get("dbt_schema_version", "").startswith("https://schemas.getdbt.com/dbt/")
    except (AttributeError, ValueError):
        return False


def test_every_file_has_an_outcome_that_the_oracle_agrees_with(loaded: Loaded) -> None:
    assert {o.uri for o in loaded.report.quarantined} == {str(path) for path in loaded.oracle.broken}
    foreign = {str(path): is_of_dbt(path) for path in loaded.oracle.foreign}
    assert {o.uri for o in loaded.report.unknown} == {uri for uri, is_of_dbt in foreign.items() if is_of_dbt}
    assert {o.uri for o in loaded.report.skipped} == {uri for uri, is_of_dbt in foreign.items() if not is_of_dbt}
    ids = {o.artifact_id for o in (*loaded.report.loaded, *loaded.report.unchanged)}
    assert ids == set(loaded.oracle.artifacts())


def test_the_warehouse_is_intact(loaded: Loaded) -> None:
    """The other half of `verify`, the grains of the views, has a test a view: test_sql_contract."""
    assert_intact(loaded.warehouse.path)
