"""Queries that clients of dbt's API send, the schema that they know, and answers that were recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, get_introspection_query, get_named_type
from serving import Numbers
from starlette.testclient import TestClient
from testdata import BESIDE

from artifact_warehouse import Warehouse
from artifact_warehouse.serve import schema_text
from artifact_warehouse.serve.graphql import answer
from artifact_warehouse.serve.snapshots import Follower, Snapshot

QUERIES = BESIDE / "discovery_api" / "queries"
FILES = sorted(file for file in QUERIES.rglob("*") if file.suffix in (".graphql", ".txt"))
BETA = {
    *("column_lineage", "longest_executed_models", "mesh_projects", "model_execution_history", "model_job_information"),
    *("most_executed_models", "most_execution_failed_models", "most_test_failed_models", "public_models"),
    *("recommendations", "search"),
}
"""Queries of fields that dbt's schema of 2026 does not have."""

TYPES = {
    "exposure": "Exposure",
    "macro": "Macro",
    "macros": "Macro",
    "seed": "Seed",
    "semantic": "SemanticModel",
    "snapshot": "Snapshot",
    "source": "Source",
    "test": "Test",
}
MODEL = "model.harbor_cafe.fct_cafe_days"


@pytest.fixture(scope="module")
def theirs(discovery: Path) -> GraphQLSchema:
    return build_schema((discovery / "discovery_2026.graphql").read_text())


def test_every_type_of_theirs_is_here_with_the_same_fields(theirs: GraphQLSchema) -> None:
    ours = build_schema(schema_text())
    differences = []
    for name, type_ in theirs.type_map.items():
        if name.startswith("__"):
            continue
        mine: Any = ours.type_map[name]
        for field, declared in getattr(type_, "fields", {}).items():
            if str(mine.fields[field].type) != str(declared.type):
                differences.append(f"{name}.{field}")
            arguments = {key: str(value.type) for key, value in getattr(declared, "args", {}).items()}
            ours_too = {key: str(value.type) for key, value in getattr(mine.fields[field], "args", {}).items()}
            assert ours_too == arguments | ({"asOf": "DateTime"} if name == "Query" else {})
        assert {i.name for i in getattr(type_, "interfaces", ())} == {i.name for i in getattr(mine, "interfaces", ())}
        assert {*getattr(type_, "values", ())} == {*getattr(mine, "values", ())}
    # The guide shows the word in lower case, which no value of the enum is.
    assert differences == ["SourceNode.state"]


def test_every_field_has_a_sentence() -> None:
    ours = build_schema(schema_text())
    bare = [
        f"{name}.{field}"
        for name, type_ in ours.type_map.items()
        if not name.startswith("__")
        and hasattr(type_, "fields")
        and type_.ast_node.kind != "input_object_type_definition"
        for field, declared in type_.fields.items()
        if not declared.description and not name.startswith("Known")
    ]
    assert bare == []


def variables(name: str, text: str, numbers) -> dict[str, Any]:
    """What a client would send along."""
    kind = name.removeprefix("get_").split("_")[0]
    known = {
        "environmentId": numbers.prod,
        "environment_id": numbers.prod,
        "jobId": numbers.freshness if "source_freshness" in name else numbers.nightly,
        "runId": None,
        "first": 10,
        "lastRunCount": 5,
        "withCatalog": False,
        "uniqueId": "source.harbor_cafe.pos.orders" if "source_freshness" in name else MODEL,
        "filter": {"types": [TYPES.get(kind, "Model")]},
        "modelsFilter": {"uniqueIds": [MODEL]},
        "types": ["Model", "Source"],
        "resource": "model",
        **{f"{list_}_first": 3 for list_ in ("model", "source", "exposure", "semantic_model", "test")},
    }
    return {key: known[key] for key in re.findall(r"\$(\w+)", text) if known.get(key) is not None}


@pytest.mark.corpus
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_query_of_a_client_is_answered(file: Path, snapshot: Snapshot, numbers) -> None:
    text = re.sub(r"environment\(id: \d+\)", f"environment(id: {numbers.prod})", file.read_text())
    text = re.sub(r"jobId: \d+", f"jobId: {numbers.nightly}", text)
    sent = variables(file.stem, text, numbers)
    if file.stem in ("04_job_run_deprecated", "05_job_run"):
        sent["runId"] = answer(snapshot, "{jobs{id lastRunId}}")["data"]["jobs"]
        [sent["runId"]] = [job["lastRunId"] for job in sent["runId"] if job["id"] == numbers.nightly]
    found = answer(snapshot, text, sent)
    if file.stem in BETA:
        assert "errors" in found
        return
    assert "errors" not in found, found["errors"]
    assert ("repaired" in found.get("extensions", {})) == (file.suffix == ".txt" and not file.stem.startswith("3_"))
    if "placeholder" not in text and "MODEL.PROJECT" not in text:
        assert any(found["data"].values())


@pytest.mark.corpus
@pytest.mark.parametrize("file", sorted(QUERIES.glob("guide/*.txt")), ids=lambda file: file.stem)
def test_a_query_as_the_guide_prints_it_is_answered_as_a_valid_one(file: Path, snapshot: Snapshot, numbers) -> None:
    printed = file.read_text()
    valid = file.with_name(file.name.replace(".as_printed.txt", ".graphql")).read_text()
    sent = variables(file.name, valid, numbers)
    assert answer(snapshot, printed, sent)["data"] == answer(snapshot, valid, sent)["data"]


@pytest.mark.corpus
@pytest.mark.release
@pytest.mark.parametrize("folder", ["projects", "real_runs"])
def test_queries_of_clients_are_answered_about_any_project(
    folder: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    Warehouse(tmp_path / "wh.duckdb").load(request.getfixturevalue(folder))
    follower = Follower(tmp_path / "wh.duckdb", 2 << 30, every=3600)
    try:
        with follower.snapshot() as found:
            for job in answer(found, "{ jobs { id environmentId lastRunId } }")["data"]["jobs"]:
                ask_everything(found, job)
    finally:
        follower.close()


def ask_everything(found: Snapshot, job: dict[str, Any]) -> None:
    models = answer(found, "query($id: BigInt!) { job(id: $id) { models { uniqueId } } }", {"id": job["id"]})
    model = next((row["uniqueId"] for row in models["data"]["job"]["models"]), "model.none.none")
    for file in FILES:
        if file.stem in BETA:
            continue
        text = re.sub(r"environment\(id: \d+\)", f"environment(id: {job['environmentId']})", file.read_text())
        text = re.sub(r"jobId: \d+", f"jobId: {job['id'] % 2**31}", text)
        if job["id"] >= 2**31 and "Int!" in text.replace("BigInt!", "") and "jobId" in text:
            continue  # dbt Cloud's own number, which the older queries could not send either
        sent = variables(file.stem, text, Numbers(job["environmentId"], job["id"], job["id"]))
        if "runId" in text:
            sent["runId"] = job["lastRunId"]
        sent = {key: model if value == MODEL else value for key, value in sent.items()}
        answered = answer(found, text, sent)
        wrong = [error["message"] for error in answered.get("errors", [])]
        assert not [message for message in wrong if "Int cannot represent" not in message], (file.stem, wrong)


RECORDED = {"GetLineage": "lineage", "GetMacros": "macros", "GetMetrics": "metrics", "GetModels": "models"}


@pytest.mark.corpus
@pytest.mark.parametrize("name", RECORDED)
def test_recorded_answers_have_the_same_keys_and_types(name: str, discovery: Path, snapshot: Snapshot, numbers) -> None:
    recorded = json.loads((discovery / "responses" / f"metaphor_get_{RECORDED[name]}.json").read_text())
    text = (discovery / "queries" / "metaphor" / f"{name}.graphql").read_text()
    sent = {"environmentId": numbers.prod, "first": 500}
    if name == "GetLineage":
        sent = {"environmentId": numbers.prod, "filter": {"types": ["Model", "Metric"]}}
    found = answer(snapshot, text, sent)
    assert "errors" not in found
    merged_theirs, merged_ours = shape(recorded), shape(found["data"])
    # The recording has a __typename that its query does not ask for, and lists without items.
    merged_theirs = {path: types for path, types in merged_theirs.items() if not path.endswith("node.__typename")}
    empty = [path for path, types in merged_theirs.items() if types == {"list"} and f"{path}.[]" not in merged_theirs]
    more = {path for path in merged_ours if path.startswith(tuple(f"{list_}." for list_ in empty))}
    assert merged_ours.keys() - more == merged_theirs.keys()
    for path, types in merged_theirs.items():
        assert types <= merged_ours[path] or types <= {"null"} or merged_ours[path] <= {"null"}, path


def shape(value: Any, path: str = "") -> dict[str, set[str]]:
    """The JSON types at each path; items of a list share one. What users put into meta is theirs."""
    words = {dict: "object", list: "list", str: "text", bool: "boolean", int: "number", float: "number"}
    found = {path: {words.get(type(value), "null")}}
    inner = (
        value.items()
        if isinstance(value, dict)
        else (("[]", item) for item in value)
        if found[path] == {"list"}
        else ()
    )
    if path.rpartition(".")[2] in ("meta", "typeParams", "filter"):
        return found
    for key, item in inner:
        for deeper, types in shape(item, f"{path}.{key}").items():
            found.setdefault(deeper, set()).update(types)
    return found


def test_the_schema_can_be_asked_for(client: TestClient) -> None:
    found = client.post("/graphql", json={"query": get_introspection_query()}).json()
    assert "errors" not in found
    names = {type_["name"] for type_ in found["data"]["__schema"]["types"]}
    assert {"ModelAppliedStateNode", "ExposureTileNode", "KnownJob"} <= names


def test_a_fragment_on_each_type_may_ask_alike(theirs: GraphQLSchema) -> None:
    """dbt's own example asks executionInfo of four types under one name: their nullability must be equal."""
    ours: Any = build_schema(schema_text())
    nested = [name for name in ours.type_map if name.endswith("AppliedStateNestedNode") and "Test" not in name]
    types = [
        ours.type_map[name].fields["executionInfo"].type
        for name in nested
        if "executionInfo" in ours.type_map[name].fields
    ]
    assert {str(type_).endswith("!") for type_ in types} == {False}
    assert {get_named_type(type_).name for type_ in types} == {
        f"{n}ExecutionInfoNode" for n in ("Model", "Seed", "Snapshot")
    }
