"""The cost of a request: statements, depth, fields, pages, rows, time; and documents that are none."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from artifact_warehouse.serve import RequestLimits
from artifact_warehouse.serve.graphql import answer, cohorts
from artifact_warehouse.serve.snapshots import Snapshot

WIDE = """{ environment(id: "prod") { applied { models(first: %d) { edges { node { uniqueId
    executionInfo { lastRunStatus } catalog { columns { name } stats { id } }
    tests { uniqueId executionInfo { lastRunStatus } }
    parents { uniqueId } children { uniqueId } ancestors(types: [Model, Source]) { uniqueId }
} } } } } }"""
RUN = """{ job(id: "nightly") { models(first: %d) { uniqueId tests { status } parentsModels { uniqueId dependsOn }
    childrenL1 columns { name } } } }"""


@pytest.mark.parametrize("document", [WIDE, RUN], ids=["environment", "run"])
def test_the_number_of_statements_does_not_grow_with_the_nodes(
    document: str, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetch = cohorts.Request.fetch
    monkeypatch.setattr(
        cohorts.Request,
        "fetch",
        lambda self, name, *rest, **more: asked.append(name) or fetch(self, name, *rest, **more),
    )
    counts = []
    for first in (2, 7, 19):
        asked.clear()
        assert "errors" not in answer(snapshot, document % first)
        counts.append(len(asked))
    assert counts[0] == counts[1] == counts[2] <= 14


def message(found: dict) -> str:
    return found["errors"][0]["message"]


def test_a_document_that_is_too_deep_is_refused(snapshot: Snapshot) -> None:
    deep = "{ __schema { types { fields { type " + "{ ofType " * 40 + "{ name }" + " }" * 44
    assert "deeper than 16" in message(answer(snapshot, deep))
    assert "errors" in answer(snapshot, "{" * 100_000)


def test_a_document_that_selects_too_much_is_refused(snapshot: Snapshot) -> None:
    aliases = " ".join(f"a{n}: __typename" for n in range(1001))
    assert "more than 1000 fields" in message(answer(snapshot, f"{{ {aliases} }}"))
    doubled = "fragment f0 on Query { __typename } " + " ".join(
        f"fragment f{n} on Query {{ ...f{n - 1} ...f{n - 1} }}" for n in range(1, 40)
    )
    assert "more than 1000 fields" in message(answer(snapshot, "{ ...f39 } " + doubled))
    assert "spreads itself" in message(
        answer(snapshot, "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }")
    )


@pytest.mark.parametrize("first", [-1, 501, 2**31 - 1])
def test_a_page_has_a_greatest_size(snapshot: Snapshot, first: int) -> None:
    found = answer(
        snapshot, f'{{ environment(id: "prod") {{ applied {{ models(first: {first}) {{ totalCount }} }} }} }}'
    )
    assert "between 0 and 500" in message(found)


def test_rows_and_time_have_limits(snapshot: Snapshot) -> None:
    few = RequestLimits(rows=20)
    assert "more than 20 rows" in message(answer(snapshot, WIDE % 19, limits=few))
    soon = RequestLimits(seconds=0)
    assert "longer than 0 seconds" in message(answer(snapshot, WIDE % 3, limits=soon))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "}",
        "query",
        "{ nothing }",
        "mutation { environments { id } }",
        "subscription { environments { id } }",
        "{ environments }",
        "{ environment { applied { lastUpdatedAt } } }",
        "models(jobId: ",
        '{ environment(id: "x" ',
        "query A { __typename } query B { __typename }",
        "{ environments { id @include(if: $x) } }",
        "\u0000",
        "{ environment(id: true) { adapterType } }",
        "{ environment(id: 1.5) { adapterType } }",
        "{ environment(id: 99999999999999999999999999) { adapterType } }",
    ],
)
def test_what_is_no_valid_document_has_an_error_and_never_a_fault(client: TestClient, text: str) -> None:
    found = client.post("/graphql", json={"query": text})
    assert found.status_code == 200
    assert found.json()["errors"]
    assert "fault" not in found.text


def test_what_is_not_there_is_told(snapshot: Snapshot) -> None:
    assert "`environments` lists them" in message(answer(snapshot, "{ environment(id: 1) { adapterType } }"))
    assert "`jobs` lists them" in message(answer(snapshot, "{ models(jobId: 1) { name } }"))
    assert "has no run 1" in message(answer(snapshot, '{ job(id: "nightly", runId: 1) { runId } }'))
    assert "more than one job" in message(answer(snapshot, '{ job(id: "adhoc") { runId } }'))
    assert answer(snapshot, '{ job(id: "nightly") { model(uniqueId: "x") { name } } }')["data"]["job"]["model"] is None


def test_a_valid_document_is_never_repaired(snapshot: Snapshot) -> None:
    assert "extensions" not in answer(snapshot, "{ __typename }")
    assert "extensions" not in answer(snapshot, "query($unused: Int) { __typename }")
