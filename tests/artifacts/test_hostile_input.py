"""Whatever the bytes: they become rows that can be stored and asked for, or a reason, and nothing else happens.

What the fuzzers of tests/fuzz found is replayed here; see the README there.
"""

from __future__ import annotations

import functools
import json
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from builders import metadata
from fuzz_warehouse import batch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mutations import HOSTILE_TEXTS, mutant, parsed
from properties import check_digest, check_warehouse, digested
from seeds import seeds
from testdata import ROOT

from artifact_warehouse import Warehouse
from artifact_warehouse.schema import timestamps

pytestmark = pytest.mark.slow

FINDS = sorted((ROOT / "tests" / "fuzz" / "finds").iterdir())


@pytest.mark.parametrize("find", FINDS, ids=lambda find: find.stem)
def test_what_fuzzing_found_becomes_rows_or_a_reason(find: Path) -> None:
    check_digest(find.read_bytes())


@pytest.mark.release
def test_a_warehouse_of_all_that_fuzzing_found_is_sound_and_answers(tmp_path: Path) -> None:
    assert sum(check_warehouse(tmp_path / "wh.duckdb", FINDS).values()) == len(FINDS)


@functools.cache
def small_samples() -> list[bytes]:
    return [*seeds()]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(number=st.integers(0, 10_000), rng=st.randoms(use_true_random=False), changes=st.integers(1, 5))
def test_any_mutant_of_an_artifact_becomes_rows_or_a_reason(number: int, rng: Random, changes: int) -> None:
    originals = small_samples()
    donors = [parsed(data) for data in originals[number % 7 :: 7]]
    check_digest(mutant(originals[number % len(originals)], rng, donors, changes))


@settings(max_examples=200, deadline=None)
@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_become_rows_or_a_reason(data: bytes) -> None:
    check_digest(data)


def check_batches(tmp_path: Path, numbers: range) -> None:
    """Batches of mutants, all in one warehouse."""
    files = []
    for number in numbers:
        for content in batch(small_samples(), Random(number)):
            files.append(tmp_path / f"manifest {number} {len(files)}.json")
            files[-1].write_bytes(content)
    check_warehouse(tmp_path / "wh.duckdb", files)


def test_a_warehouse_of_mutants_is_sound_and_answers(tmp_path: Path) -> None:
    check_batches(tmp_path, range(1))


@pytest.mark.release
@pytest.mark.parametrize("first", range(0, 10, 2))
def test_warehouses_of_many_mutants_are_sound_and_answer(tmp_path: Path, first: int) -> None:
    check_batches(tmp_path, range(first, first + 2))


HERE = "@here@"
"""Stands in a document for the JSON that is put there."""


def manifest(entry: dict[str, Any], section: str = "nodes", unique_id: str = "model.a.b") -> dict[str, Any]:
    return {"metadata": metadata("manifest"), section: {unique_id: entry}}


def run_results(result: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {"metadata": metadata("run_results"), "results": [{"unique_id": "model.a.b", **result}], **sections}


def catalog(entry: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": metadata("catalog"), "nodes": {"model.a.b": entry}}


def sources(check: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": metadata("sources"), "results": [{"unique_id": "source.a.b.c", **check}]}


def filled(document: dict[str, Any], text: str) -> bytes:
    return json.dumps(document).replace(json.dumps(HERE), text).encode()


NESTED = {
    "metadata": run_results({}, metadata={**metadata("run_results"), "a": HERE}),
    "args": run_results({}, args={"a": HERE}),
    "vars": run_results({}, args={"vars": HERE}),
    "an unknown section": run_results({}, a=HERE),
    "adapter_response": run_results({"adapter_response": {"a": HERE}}),
    "an unknown field of a result": run_results({"a": HERE}),
    "batches": run_results({"batch_results": {"failed": [[HERE, 1]]}}),
    "a node of a result": run_results({"node": HERE}),
    "meta": manifest({"meta": HERE}),
    "config": manifest({"config": {"tags": HERE}, "tags": ["b"]}),
    "columns": manifest({"columns": {"a": {"name": "a", "constraints": HERE}}}),
    "an unknown field of a node": manifest({"a": HERE}),
    "depends_on": manifest({"depends_on": {"nodes": HERE}}),
    "compilation": manifest({"extra_ctes": HERE}),
    "disabled": {"metadata": metadata("manifest"), "disabled": {"a": [{"meta": HERE}]}},
    "a catalog": catalog({"metadata": HERE}),
    "a statistic": catalog({"stats": {"a": {"value": HERE}}}),
    "a check": sources({"a": HERE}),
    "a semantic manifest": {"semantic_models": HERE, "metrics": [], "project_configuration": {}},
}


def nested(depth: int, start: str, end: str) -> str:
    return start * depth + "1" + end * depth


@pytest.mark.parametrize("start, end", [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
@pytest.mark.parametrize("place", NESTED)
def test_absurd_nesting_is_loaded_or_refused(place: str, start: str, end: str) -> None:
    for depth in (100, 300, 480, 700, 950, 985, 2_000, 20_000, 1_000_000):
        [outcome] = digested(filled(NESTED[place], nested(depth, start, end))).outcomes
        if depth <= 100:
            assert outcome.status == "loaded"
        elif depth >= 20_000:
            assert outcome.status == "quarantined"
            assert "nested too deeply" in (outcome.reason or "")
        else:  # how deep Python can go differs between its releases
            assert outcome.status in ("loaded", "quarantined")


@pytest.mark.parametrize("start, end", [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
def test_nothing_but_absurd_nesting_is_no_artifact(start: str, end: str) -> None:
    for depth in (1, 100, 900, 990, 20_000, 1_000_000):
        [outcome] = digested(nested(depth, start, end).encode()).outcomes
        assert outcome.status in ("skipped", "quarantined")


@pytest.mark.release
def test_a_warehouse_of_absurd_nesting_answers(tmp_path: Path) -> None:
    files = []
    for depth in (100, 450, 900, 3_000):
        for place, document in NESTED.items():
            files.append(tmp_path / f"manifest {place} {depth}.json")
            files[-1].write_bytes(filled(document, nested(depth, '[{"a":', "}]")))
    assert check_warehouse(tmp_path / "wh.duckdb", files)["loaded"] >= len(NESTED)
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        query = "SELECT min(meta) FROM stored.definitions WHERE length(meta) = ?"
        expected = nested(100, '[{"a":', "}]")
        assert wh.sql(query, [len(expected)]).fetchall() == [(expected,)]


NUMBERS = (
    *("1e400", "-1e400", "NaN", "-Infinity", "1.7976931348623157e308", "5e-324", "-0.0", "1" + "0" * 400, "1e30", "-1"),
    *("2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e18", "4.5", "true"),
)
NUMERIC = [
    run_results({"status": "success", "execution_time": HERE}),
    run_results({"status": "error", "execution_time": HERE}, elapsed_time=HERE),
    run_results({"unique_id": "test.a.b.c", "status": "fail", "failures": HERE}, args={"threads": HERE}),
    run_results({"adapter_response": {"rows_affected": HERE, "bytes_processed": HERE, "bytes_billed": HERE}}),
    catalog({"stats": {"rows": {"id": "row_count", "value": HERE}}, "columns": {"c": {"index": HERE}}}),
    sources({"max_loaded_at": "2026-11-01", "max_loaded_at_time_ago_in_s": HERE, "execution_time": HERE}),
    sources({"criteria": {"warn_after": {"count": HERE, "period": "day"}}}),
    manifest({"meta": {"n": HERE}, "version": HERE, "config": {"severity": HERE}, "resource_type": "test"}),
    manifest({"freshness": {"error_after": {"count": HERE, "period": "day"}}}, "sources", "source.a.b.c"),
]


@pytest.mark.release
def test_a_warehouse_of_huge_and_odd_numbers_answers(tmp_path: Path) -> None:
    files = []
    for document in NUMERIC:
        for number in NUMBERS:
            files.append(tmp_path / f"manifest {len(files)}.json")
            files[-1].write_bytes(filled({**document, "file": len(files)}, number))
    assert check_warehouse(tmp_path / "wh.duckdb", files)["loaded"] == len(files)


def test_a_number_without_a_column_is_read_back_as_it_was(tmp_path: Path) -> None:
    numbers = [2**63, 2**64, -(2**63) - 1, 10**30, 10**400, 0.1, 1e300, 5e-324]
    file = tmp_path / "run_results.json"
    file.write_text(json.dumps(run_results({"adapter_response": {"numbers": numbers}})))
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(file)
        [(response,)] = wh.sql("SELECT adapter_response FROM v1.node_executions").fetchall()
        assert json.loads(response) == {"numbers": numbers}


TIMES = st.one_of(
    st.from_regex(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}(:?[0-9]{2}(:?[0-9]{2}([.,][0-9]{1,12})?)?)?)?"
        r"( ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2}){0,2}))?",
        fullmatch=True,
    ),
    st.datetimes(datetime(1600, 1, 1)).map(lambda moment: f"{moment.isoformat()}Z"),
    st.sampled_from(HOSTILE_TEXTS).filter(lambda text: "\ud800" not in text and "\udfff" not in text),
)


@settings(max_examples=300, deadline=None)
@given(TIMES)
@example("1969-12-31T23:59:59.9999999Z")
@example("1690-01-01T00:00:00.000000Z")
@example("2026-01-01T00:00:00+05")
@example("2026-01-01 00Z")
def test_what_a_time_means_does_not_depend_on_its_neighbours(text: str) -> None:
    [alone] = timestamps.to_arrow([text]).to_pylist()
    assert timestamps.to_arrow([text, "no time"]).to_pylist() == [alone, None]
    assert timestamps.to_arrow(["2026-01-01T00:00:00Z", text]).to_pylist()[1] == alone
    if alone is not None:
        assert alone.year >= 1700
