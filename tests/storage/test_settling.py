"""A load settles what its artifacts can change; the outcome is that of settling all, whatever was loaded before it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import builders
import duckdb
import pytest
from testdata import Loaded, of_samples_daily, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.storage import settling, transaction

pytestmark = pytest.mark.slow

START = datetime(2026, 1, 1)


@pytest.fixture(autouse=True)
def settles_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of some hundred artifacts a load would settle all: it takes less time."""
    monkeypatch.setattr(settling, "_FEW_ARTIFACTS", 0)


@pytest.fixture
def full_settlements(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """An item for each time that all artifacts were settled."""
    found: list[None] = []
    settle = settling.settle

    def counted(connection: duckdb.DuckDBPyConnection) -> None:
        found.append(None)
        settle(connection)

    monkeypatch.setattr(settling, "settle", counted)
    return found


def wrong_rows(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    found, all_settled = "stored.settled_artifacts", "internal.settled_artifacts"
    query = "FROM {} EXCEPT ALL FROM {}"
    return [
        *connection.execute(query.format(found, all_settled)).fetchall(),
        *connection.execute(query.format(all_settled, found)).fetchall(),
    ]


def a_part(connection: duckdb.DuckDBPyConnection, rng: Random) -> set[int]:
    """Artifacts that might have come last: one, some, those of an invocation, those of some hours."""
    query = "SELECT artifact_key, invocation_id, generated_at FROM stored.artifacts WHERE error IS NULL ORDER BY ALL"
    rows = connection.execute(query).fetchall()
    one, invocation, moment = rng.choice(rows)
    until = (moment or START) + timedelta(hours=rng.choice((1, 10, 100)))
    choices: dict[str, Callable[[int, str | None, datetime | None], bool]] = {
        "one": lambda key, *_: key == one,
        "some": lambda key, *_: key == one or rng.random() < 0.03,
        "an invocation": lambda key, other, _: key == one or other == invocation,
        "some hours": lambda key, _, at: key == one or (moment is not None and at is not None and moment <= at < until),
    }
    is_chosen = rng.choice([*choices.values()])
    return {row[0] for row in rows if is_chosen(*row)}


@of_samples_daily
@pytest.mark.parametrize("count", [6, *release_only(60)])
def test_artifacts_that_come_last_settle_as_all_together(
    loaded: Loaded, tmp_path: Path, count: int, full_settlements: list[None]
) -> None:
    path = Path(shutil.copy(loaded.warehouse.path, tmp_path / "wh.duckdb"))
    with Warehouse(path) as wh:
        connection, rng = wh.connection, Random(count)
        for _ in range(count):
            keys = a_part(connection, rng)
            with transaction(connection, keep=False):
                connection.execute("CREATE OR REPLACE TEMP TABLE late AS SELECT unnest(?) AS artifact_key", [[*keys]])
                for table in ("artifacts", "artifact_uris"):
                    rows = f"FROM stored.{table} WHERE artifact_key IN (FROM late)"
                    connection.execute(f"CREATE OR REPLACE TEMP TABLE late_{table} AS {rows}")
                    connection.execute(f"DELETE {rows}")
                settling.settle(connection)
                for table in ("artifacts", "artifact_uris"):
                    connection.execute(f"INSERT INTO stored.{table} FROM late_{table}")
                connection.execute("CREATE OR REPLACE TEMP TABLE merged AS FROM late")
                settling.settle_new(connection)
                assert wrong_rows(connection) == [], keys
    assert len(full_settlements) < 2 * count  # one for each part, and few more


def odd_artifact(folder: Path, number: int, rng: Random) -> Path:
    """An artifact that may have no project, time or id, or those of others."""
    project, package = rng.choice(["a", "a", "b", "c", None]), rng.choice(["a", "b", "d"])
    moment = START + timedelta(hours=rng.randrange(60))
    fields = {"dbt_version": rng.choice(["1.3.0", "1.4.1", "1.10.0"])}
    if rng.random() < 0.95:
        fields["generated_at"] = f"{moment.isoformat()}Z"
    if invocation := rng.choice([f"i{number}", f"i{number}", f"i{max(0, number - 1)}", "shared", None]):
        fields["invocation_id"] = invocation
    nodes = {f"model.{package}.n{i}": {"package_name": package, "raw_code": rng.choice("xyz")} for i in range(2)}
    kind = rng.choice(["manifest", "manifest", "run_results", "run_results", "sources", "catalog", "semantic_manifest"])
    if kind == "manifest" and project and rng.random() < 0.6:
        fields["project_name"] = project
    if kind == "manifest" and rng.random() < 0.5:
        fields["project_id"] = rng.choice([f"id of {project}", "id of all"])
    started = f"{(moment - timedelta(seconds=rng.randrange(4))).isoformat()}Z"
    timing = [{"name": "execute", "started_at": started, "completed_at": started}]
    results = [{"unique_id": node, "status": "success", "timing": timing} for node in nodes if rng.random() < 0.8]
    check = {
        "unique_id": f"source.{package}.r.s",
        "status": "pass",
        "snapshotted_at": started,
        "max_loaded_at": started,
    }
    args = {"which": rng.choice(["run", "build", "test"]), "target": rng.choice(["dev", "prod", None])}
    contents = {
        "manifest": lambda: builders.manifest(nodes, fields),
        "run_results": lambda: builders.artifact(kind, fields, results=results, args=args, elapsed_time=1.0),
        "sources": lambda: builders.artifact(kind, fields, results=[check], elapsed_time=1.0),
        "catalog": lambda: builders.artifact(kind, fields, nodes={}, sources={}),
        "semantic_manifest": lambda: {
            "semantic_models": [],
            "metrics": [],
            "project_configuration": {"time_spine_table_configurations": [], "number": number},
        },
    }
    place = folder / rng.choice([f"f{number}", f"f{max(0, number - 1)}", "target"])
    return builders.write(place, kind, contents[kind]())


@pytest.mark.parametrize("seed, loads", [(1, 8), *release_only((2, 60), (3, 60), (4, 60))])
def test_odd_artifacts_settle_as_all_together_load_by_load(
    tmp_path: Path, seed: int, loads: int, full_settlements: list[None]
) -> None:
    """With labels, and a prune now and then."""
    rng = Random(seed)
    for load in range(loads):
        files = {odd_artifact(tmp_path / "in", 5 * load + i, rng) for i in range(rng.choice((1, 1, 2, 5)))}
        labels = {"project": rng.choice("abc"), "environment": rng.choice(["dev", "prod"]), "job": "nightly"}
        with Warehouse(tmp_path / "wh.duckdb") as wh:
            wh.load(sorted(files), **{name: label for name, label in labels.items() if rng.random() < 0.3})
            if rng.random() < 0.03:
                wh.prune(START + timedelta(hours=rng.randrange(40)), keep_daily_rates=True, dry_run=False)
            assert wrong_rows(wh.connection) == [], (load, [json.loads(file.read_text()) for file in files])
    assert len(full_settlements) < loads


@pytest.mark.release
def test_the_samples_settle_as_all_together_file_by_file(samples: Path, tmp_path: Path) -> None:
    """In any order, with a prune in between."""
    files = sorted(path for path in samples.rglob("*.json") if path.is_file())
    Random(7).shuffle(files)
    for number, file in enumerate(files):
        with Warehouse(tmp_path / "wh.duckdb") as wh:
            wh.load(file, environment=next((p[12:] for p in file.parts if p.startswith("environment=")), None))
            if number == len(files) // 2:
                wh.prune(datetime(2026, 11, 4), keep_daily_rates=True, dry_run=False)
            assert wrong_rows(wh.connection) == [], file
