"""Whatever the bytes: they become rows that can be stored and asked for, or a reason, and nothing else happens.

What the fuzzers of tests/fuzz found is replayed here; see the README there.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import SAMPLES
from fuzz.mutations import HOSTILE_TEXTS
from fuzz.properties import check_digest, check_warehouse
from hypothesis import example, given, settings
from hypothesis import strategies as st

from artifact_warehouse import Warehouse, timestamps
from artifact_warehouse.cli import cli

GOOD = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-03_01_build" / "run_results.json"
FINDS = sorted((Path(__file__).parent / "fuzz" / "finds").iterdir())


@pytest.mark.parametrize("find", FINDS, ids=lambda find: find.stem)
def test_what_fuzzing_found_becomes_rows_or_a_reason(find: Path) -> None:
    check_digest(find.read_bytes())


def test_a_warehouse_of_all_that_fuzzing_found_is_sound_and_answers(tmp_path: Path) -> None:
    assert sum(check_warehouse(tmp_path / "wh.duckdb", FINDS).values()) == len(FINDS)


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


NAMES = [b"\xff\xfe.json", b"a\nb.json", b"'; DROP TABLE stored.artifacts; --.json", b'"quoted".json', b"\x1b[31m.json"]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_file_may_be_called_anything(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for content, prefix in ((GOOD.read_bytes(), b""), (b"{", b"manifest ")):
        try:
            Path(os.fsdecode(os.fsencode(folder) + b"/" + prefix + name)).write_bytes(content)
        except (OSError, ValueError):
            pytest.skip("this file system knows no such names")
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        assert str(wh.load(folder)) == "loaded 1, unchanged 0, quarantined 1"
        assert str(wh.load(folder)) == "loaded 0, unchanged 1, quarantined 1"
        as_text = name.decode() if b"\xff" not in name else "%FF%FE.json"
        uris = [str(folder / as_text), f"{folder}/manifest {as_text}"]
        assert wh.sql("SELECT uri FROM v1.artifacts ORDER BY uri").fetchall() == [(uri,) for uri in sorted(uris)]
        assert wh.verify() == []
    result = CliRunner().invoke(cli, ["load", str(tmp_path / "wh.duckdb"), str(folder), "--format", "json"])
    assert result.exit_code == 1
    assert {outcome["uri"] for outcome in json.loads(result.stdout)} == set(uris)


def test_members_of_an_archive_may_be_called_anything(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "in.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        for name in NAMES:
            member = tarfile.TarInfo(os.fsdecode(name))
            content = GOOD.read_bytes() + b" " * len(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        assert str(wh.load(tmp_path / "in.tar")) == f"loaded {len(NAMES)}, unchanged 0, quarantined 0"
        assert wh.verify() == []


LABELS = [
    "'; DROP TABLE stored.artifacts; --",
    '"quoted"',
    "a\x00b",
    "\x1b[31mred",
    " ",
    "../..",
    "x" * 10_000,
    "é\u202e",
]


@pytest.mark.parametrize("label", LABELS, ids=lambda label: repr(label[:20]))
def test_a_label_may_be_anything(tmp_path: Path, label: str) -> None:
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(GOOD, project=label, environment=label, job=label)
        query = "SELECT DISTINCT project_name, environment, job_name FROM v1.node_executions"
        assert wh.sql(query).fetchall() == [(label, label, label)]
        assert wh.sql("SELECT DISTINCT project_name FROM v1.artifacts WHERE environment = ?", [label]).fetchall()
        assert wh.verify() == []


def test_a_label_that_is_no_text_is_stored_as_one(tmp_path: Path) -> None:
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(GOOD, environment=os.fsdecode(b"\xff"))
        assert wh.sql("SELECT environment FROM v1.invocations").fetchall() == [("%FF",)]
