"""Loading in any order, in any batches, any number of times, gives the same rows (rules 6, 8 and 9, docs/rules.md)."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from disturbed import contents
from testdata import SAMPLES, SOME_PROJECTS, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.storage import views

pytestmark = pytest.mark.slow

VOLATILE = {"loaded_at"}
"""What a view may say of the loading itself."""


def public_rows(path: Path) -> dict[str, list[str]]:
    """The rows of every public view, sorted."""
    with Warehouse(path, read_only=True) as wh:
        found = {}
        for file in views.public_views():
            if file.kind == "view":
                relation = wh.view(file.name)
                kept = [place for place, column in enumerate(relation.columns) if column not in VOLATILE]
                found[file.name] = sorted(repr([row[place] for place in kept]) for row in relation.fetchall())
        return found


def load_in_processes(path: Path, files: list[Path], most: int, seed: int) -> None:
    """In shuffled order, up to `most` files a load, in three processes after each other."""
    dice = random.Random(seed)
    shuffled = dice.sample(files, len(files))
    loads = []
    while shuffled:
        size = dice.randint(1, most)
        loads.append([str(file) for file in shuffled[:size]])
        shuffled = shuffled[size:]
    program = (
        "import json, sys; from artifact_warehouse import Warehouse\n"
        "wh = Warehouse(sys.argv[1])\nfor files in json.load(sys.stdin): wh.load(files)"
    )
    for part in range(3):
        text = json.dumps(loads[part::3])
        subprocess.run([sys.executable, "-c", program, str(path)], input=text, text=True, check=True)


def assert_same(expected: dict[str, list[str]], actual: dict[str, list[str]]) -> None:
    for name, rows in expected.items():
        assert actual[name] == rows, f"v1.{name} differs"


@pytest.mark.parametrize("most", [26, *release_only(8, 1)])
def test_the_samples_in_shuffled_order_in_three_processes(tmp_path: Path, most: int) -> None:
    files = sorted(SAMPLES.rglob("*.json"))[:: 2 if most == 26 else 1]
    Warehouse(tmp_path / "at_once.duckdb").load(files)
    load_in_processes(tmp_path / "shuffled.duckdb", files, most, seed=1)
    assert_same(public_rows(tmp_path / "at_once.duckdb"), public_rows(tmp_path / "shuffled.duckdb"))


@pytest.mark.release
@pytest.mark.corpus
@pytest.mark.parametrize("most", [20, 1])
def test_a_part_of_the_corpus_in_shuffled_order_in_three_processes(tmp_path: Path, corpus: Path, most: int) -> None:
    files = sorted(path for name in SOME_PROJECTS for path in (corpus / name).rglob("*.json"))
    Warehouse(tmp_path / "at_once.duckdb").load(files)
    load_in_processes(tmp_path / "shuffled.duckdb", files, most, seed=3)
    assert_same(public_rows(tmp_path / "at_once.duckdb"), public_rows(tmp_path / "shuffled.duckdb"))


def test_loading_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    first = Warehouse(path).load(SAMPLES)
    content = path.read_bytes()

    again = Warehouse(path).load(SAMPLES)

    assert len(again.unchanged) == len(first.loaded) + len(first.unchanged)
    assert not again.loaded
    assert path.read_bytes() == content


def test_the_same_content_at_another_place_is_unchanged_and_adds_no_row(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(SAMPLES)
    rows = contents(path)
    shutil.copytree(SAMPLES, tmp_path / "zz_copy" / "runs")
    report = Warehouse(path).load(tmp_path / "zz_copy")
    assert not report.loaded
    actual = contents(path)
    assert len(actual.pop("artifact_uris")) > len(rows.pop("artifact_uris"))
    assert actual == rows


def test_half_of_an_invocation_first(tmp_path: Path) -> None:
    """A run without its manifest is usable; when the manifest comes, the definitions settle."""
    run = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-05_01_build"
    path = tmp_path / "wh.duckdb"
    query = "SELECT count(*), count(definition_id), count(name) FROM v1.node_executions"
    Warehouse(path).load(run / "run_results.json")
    with Warehouse(path, read_only=True) as wh:
        [(results, defined, named)] = wh.sql(query).fetchall()
        assert (defined, named) == (0, results)
    Warehouse(path).load(run / "manifest.json")
    with Warehouse(path, read_only=True) as wh:
        [(results, defined, named)] = wh.sql(query).fetchall()
        # Exposures, saved queries and hooks have definitions too.
        assert (defined, named) == (results, results)


def labelled(path: Path, rows: Iterable[str] = ("environment", "job_name", "project_name")) -> list[tuple]:
    with Warehouse(path, read_only=True) as wh:
        return wh.sql(f"SELECT DISTINCT {', '.join(rows)} FROM v1.artifacts ORDER BY ALL").fetchall()


def test_labels_come_from_options_then_folders_then_args(tmp_path: Path) -> None:
    run = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-05_01_build"
    plain = tmp_path / "plain"
    shutil.copytree(run, plain)

    Warehouse(tmp_path / "folders.duckdb").load(run)
    assert labelled(tmp_path / "folders.duckdb") == [("prod", "nightly", "harbor_cafe")]
    Warehouse(tmp_path / "options.duckdb").load(run, environment="e", job="j", project="p")
    assert labelled(tmp_path / "options.duckdb") == [("e", "j", "p")]
    Warehouse(tmp_path / "args.duckdb").load(plain)
    [(environment, job, _), *more] = labelled(tmp_path / "args.duckdb")
    assert (environment, job, more) == ("prod", None, [])  # the run was made with --target prod


def test_a_label_that_is_given_again_at_the_same_place_replaces_the_first(tmp_path: Path) -> None:
    file = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-05_01_build" / "run_results.json"
    wh = Warehouse(tmp_path / "wh.duckdb")
    wh.load(file, environment="prdo")
    assert wh.load(file, environment="production").loaded == ()
    assert labelled(tmp_path / "wh.duckdb", ["environment"]) == [("production",)]
