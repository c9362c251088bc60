"""Names and texts may be anything: SQL, control characters, NULs, quotation marks, bytes that are no text."""

from __future__ import annotations

import io
import json
import os
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
from builders import metadata
from commandline import run
from disturbed import assert_intact
from mutations import HOSTILE_TEXTS
from properties import check_warehouse
from testdata import SAMPLES

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

GOOD = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-03_01_build" / "run_results.json"
FILE_NAMES = [
    b"\xff\xfe.json",
    b"a\nb.json",
    b"'; DROP TABLE stored.artifacts; --.json",
    b'"quoted".json',
    b"\x1b[31m.json",
]


def good(number: int) -> bytes:
    """A run_results of an invocation of its own."""
    artifact = json.loads(GOOD.read_bytes())
    artifact["metadata"]["invocation_id"] = f"invocation {number}"
    return json.dumps(artifact).encode()


def as_text(name: bytes) -> str:
    return os.fsdecode(name).replace("\udcff", "%FF").replace("\udcfe", "%FE")


def test_files_may_be_called_anything(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    uris = []
    for number, name in enumerate(FILE_NAMES):
        with suppress(OSError, ValueError):  # not every file system knows every name
            Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(good(number))
            Path(os.fsdecode(os.fsencode(folder) + b"/manifest " + name)).write_bytes(b"{" * (number + 1))
            uris += [f"{folder}/{as_text(name)}", f"{folder}/manifest {as_text(name)}"]
    half = len(uris) // 2
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        assert str(wh.load(folder)) == f"loaded {half}, unchanged 0, quarantined {half}"
        assert str(wh.load(folder)) == f"loaded 0, unchanged {half}, quarantined {half}"
        assert wh.sql("SELECT uri FROM v1.artifacts ORDER BY uri").fetchall() == [(uri,) for uri in sorted(uris)]
    assert_intact(tmp_path / "wh.duckdb")
    result = run("load", str(tmp_path / "wh.duckdb"), str(folder), "--format", "json")
    assert result.exit_code == 1
    assert {outcome["uri"] for outcome in json.loads(result.stdout)} == set(uris)


def test_members_of_an_archive_may_be_called_anything(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "in.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        for number, name in enumerate(FILE_NAMES):
            member = tarfile.TarInfo(os.fsdecode(name))
            member.size = len(good(number))
            archive.addfile(member, io.BytesIO(good(number)))
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        assert str(wh.load(tmp_path / "in.tar")) == f"loaded {len(FILE_NAMES)}, unchanged 0, quarantined 0"
        uris = {f"{tmp_path}/in.tar!/{as_text(name)}" for name in FILE_NAMES}
        assert {uri for (uri,) in wh.sql("SELECT uri FROM v1.artifacts").fetchall()} == uris


@pytest.mark.release
def test_labels_may_be_anything(tmp_path: Path) -> None:
    labels = ["'; DROP TABLE stored.artifacts; --", '"quoted"', "a\x00b", "\x1b[31mred", " ", "x" * 10_000, "é\u202e"]
    labels.append(os.fsdecode(b"\xff"))
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        for number, label in enumerate(labels):
            file = tmp_path / f"run_results {number}.json"
            file.write_bytes(good(number))
            wh.load(file, project=label, environment=label, job=label)
        labels[-1] = "%FF"
        query = "SELECT DISTINCT project_name, environment, job_name FROM v1.node_executions"
        assert set(wh.sql(query).fetchall()) == {(label, label, label) for label in labels}
        for label in labels:
            assert len(wh.sql("FROM v1.artifacts WHERE environment = ?", [label]).fetchall()) == 1
        assert wh.verify() == []


ODD_NAMES = [text for text in HOSTILE_TEXTS if text and not {"\ud800"} & set(text)]
"""Every hostile text that is Unicode; lone surrogates are none, and become U+FFFD."""


def project_of(name: str, number: int) -> dict[str, dict]:
    """The artifacts of a project in which everything has one name."""
    ids = {
        "invocation_id": f"{number} {name}",
        "generated_at": "2026-11-01T00:00:00Z",
        "project_name": f"{number} {name}",
    }
    node = f"model.shop.{name}"
    return {
        "manifest": {
            "metadata": metadata("manifest", **ids),
            "nodes": {
                node: {
                    "name": name,
                    "description": name,
                    "tags": [name],
                    "meta": {name: name},
                    "raw_code": name,
                    "columns": {name: {"name": name, "description": name}},
                    "depends_on": {"nodes": [f"source.shop.{name}"]},
                    name: name,
                }
            },
            "sources": {f"source.shop.{name}": {"name": name, "source_name": name}},
        },
        "run_results": {
            "metadata": metadata("run_results", **ids, env={name: name}),
            "args": {"which": "run", "target": name, "vars": {name: name}, "select": [name]},
            "results": [{"unique_id": node, "status": "success", "message": name, "thread_id": name}],
        },
        "catalog": {
            "metadata": metadata("catalog", **ids),
            "nodes": {node: {"metadata": {"owner": name}, "columns": {name: {"name": name, "type": name}}}},
        },
    }


READ_BACK = [
    "SELECT unique_id[12:], name, description, tags[1], raw_code FROM v1.models",
    "SELECT unique_id[12:], unnest(json_keys(meta)), json_extract_string(meta, '$.*')[1] FROM v1.models",
    "SELECT unique_id[13:], source_name, name FROM v1.sources",
    "SELECT unique_id[12:], column_name, description, data_type FROM v1.columns",
    "SELECT unique_id[12:], environment, message, thread_id FROM v1.node_executions",
    "SELECT target_name, unnest(json_keys(vars)), unnest(json_keys(env)) FROM v1.invocations",
    "SELECT parent_unique_id[13:], child_unique_id[12:] FROM v1.node_edges",
    "SELECT ancestor_unique_id[13:], unique_id[12:] FROM v1.node_ancestors",
    "SELECT unique_id[12:], catalog_owner FROM v1.models",
]
"""Every column of these is the name."""


def test_names_and_texts_are_read_back_as_they_were_whatever_is_in_them(tmp_path: Path) -> None:
    files = []
    for number, name in enumerate(ODD_NAMES):
        for kind, content in project_of(name, number).items():
            files.append(tmp_path / str(number) / f"{kind}.json")
            files[-1].parent.mkdir(exist_ok=True)
            files[-1].write_text(json.dumps(content))
    assert check_warehouse(tmp_path / "wh.duckdb", files, redact=False)["loaded"] == len(files)
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        for query in READ_BACK:
            rows = wh.sql(query).fetchall()
            assert sorted(rows) == sorted((name,) * len(rows[0]) for name in ODD_NAMES), query
        for name in ODD_NAMES[::6]:
            node, source = f"model.shop.{name}", f"source.shop.{name}"
            assert [row[2] for row in wh.ancestors(node).fetchall()] == [source]
            assert [row[2] for row in wh.descendants(source).fetchall()] == [node]
