"""`prune`: old runs go, the rates and all that is current stay, nothing comes back, and the file is smaller."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import builders
import duckdb
import pytest
from commandline import run
from disturbed import STOPS, Moment, assert_intact, stop_at
from testdata import SAMPLES, Loaded, of_samples_daily, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.errors import PrunedMeanwhile, WarehouseLocked, WarehouseTooOld
from artifact_warehouse.load import LoadSettings

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 5, 12)
RATES = ("run_success_rates", "node_success_rates", "test_failure_rates", "node_success_rates_by_day")
STATE = {
    **dict.fromkeys(("definitions", "columns", "relation_stats", "node_edges", "unit_tests", "metrics", "macros"), "*"),
    **dict.fromkeys(("nodes", "models", "seeds", "snapshots", "tests", "sources", "exposures", "docs"), "*"),
}


@pytest.fixture
def path(tmp_path: Path, sample_warehouse: Warehouse) -> Path:
    return Path(shutil.copy(sample_warehouse.path, tmp_path / "wh.duckdb"))


def answers(path: Path, views: dict[str, str]) -> dict[str, list[str]]:
    """The rows of views as sorted texts."""
    with Warehouse(path, read_only=True) as wh:
        return {
            view: sorted(map(str, wh.sql(f"SELECT {columns} FROM v1.{view}").fetchall()))
            for view, columns in views.items()
        }


def rates(path: Path) -> dict[str, list[str]]:
    return answers(path, dict.fromkeys(RATES, "*"))


def tables(path: Path) -> dict[str, list[str]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'stored'").fetchall()
        return {name: sorted(map(str, connection.sql(f"FROM stored.{name}").fetchall())) for (name,) in names}


def invocations(path: Path) -> list[tuple]:
    with Warehouse(path, read_only=True) as wh:
        return wh.sql("SELECT invocation_id, command, generated_at FROM v1.invocations ORDER BY ALL").fetchall()


def last_checks(path: Path) -> set[str]:
    """The invocations of the last freshness check of each source, which is current state and stays."""
    with Warehouse(path, read_only=True) as wh:
        clock = "coalesce(snapshotted_at, generated_at), generated_at, invocation_id"
        checks = "FROM v1.source_freshness GROUP BY project_name, environment, unique_id"
        return {found for (found,) in wh.sql(f"SELECT max_by(invocation_id, ({clock})) {checks}").fetchall()}


class Unpruned(NamedTuple):
    """A warehouse's file, and what it answered before."""

    path: Path
    rates: dict[str, list[str]]
    state: dict[str, list[str]]
    runs: list[tuple]


@pytest.fixture(scope="session")
def unpruned(loaded: Loaded) -> Unpruned:
    path = loaded.warehouse.path
    return Unpruned(path, rates(path), answers(path, STATE), invocations(path))


@of_samples_daily
@pytest.mark.parametrize("share", [0.5, *release_only(0.1, 0.9, 1.1)])
def test_runs_go_and_rates_and_state_stay(unpruned: Unpruned, tmp_path: Path, share: float) -> None:
    path = Path(shutil.copy(unpruned.path, tmp_path / "wh.duckdb"))
    _, before, state, runs = unpruned
    clocks = sorted(at for *_, at in runs if at)
    cut = clocks[int(share * len(clocks))] if share < 1 else clocks[-1] + timedelta(seconds=1)
    with Warehouse(path) as wh:
        report = wh.prune(cut, keep_daily_rates=True, dry_run=False)
    assert rates(path) == before
    assert answers(path, STATE) == state
    kept = last_checks(unpruned.path)
    stays = [
        run for run in runs if run[2] is None or run[2] >= cut or (run[1] == "source freshness" and run[0] in kept)
    ]
    assert invocations(path) == stays
    gone = report.artifacts.get("run_results", 0) + report.artifacts.get("sources", 0)
    assert gone >= len(runs) - len(invocations(path))
    assert_intact(path)
    with Warehouse(path, read_only=True) as wh:
        assert wh.sql("SELECT count(*) FROM v1.node_executions WHERE run_generated_at < ?", [cut]).fetchall() == [(0,)]


def test_a_dry_run_changes_nothing_and_tells_what_the_real_one_does(path: Path) -> None:
    before = tables(path)
    with Warehouse(path) as wh:
        planned = wh.prune(NOON)
        assert planned.is_dry_run and planned.size_bytes_after is None
        assert tables(path) == before
        done = wh.prune(NOON, dry_run=False)
    assert (done.artifacts, done.tables) == (planned.artifacts, planned.tables)
    rows = {name: len(rows) for name, rows in tables(path).items()}
    assert rows == {**rows, **{t.table: t.rows - t.pruned_rows for t in done.tables}}
    assert done.size_bytes_after == path.stat().st_size < done.size_bytes_before


def test_the_file_is_smaller_by_what_went(path: Path) -> None:
    """As small as one that was never larger, but for the ledger, the history of definitions and DuckDB's blocks."""
    with Warehouse(path) as wh:
        wh.prune(datetime(2026, 12, 1), dry_run=False)
        assert wh.sql("SELECT count(*) FROM stored.node_executions").fetchall() == [(0,)]
    compact = path.stat().st_size
    with Warehouse(path) as wh:
        assert wh.prune(datetime(2026, 12, 1), dry_run=False).size_bytes_after == compact
    with duckdb.connect(str(path), read_only=True) as connection:
        [(used, free)] = connection.sql("SELECT used_blocks, free_blocks FROM pragma_database_size()").fetchall()
    assert free <= used // 10


def test_what_was_pruned_is_not_loaded_again(path: Path) -> None:
    with Warehouse(path) as wh:
        report = wh.prune(NOON, keep_daily_rates=True, dry_run=False)
    before, runs = rates(path), invocations(path)
    again = Warehouse(path).load(SAMPLES)
    assert not again.loaded and not again.quarantined
    assert (rates(path), invocations(path)) == (before, runs)
    with Warehouse(path, read_only=True) as wh:
        statuses = wh.sql("SELECT kind, count(*) FROM v1.artifacts WHERE status = 'pruned' GROUP BY kind").fetchall()
        assert dict(statuses) == report.artifacts
        assert wh.sql("FROM v1.artifacts WHERE (status = 'pruned') <> (pruned_at IS NOT NULL)").fetchall() == []


@pytest.mark.release
def test_pruning_in_steps_again_and_between_loads_keeps_the_rates(tmp_path: Path, path: Path) -> None:
    """Half of the runs, a prune, the other half (older ones among them), two prunes: the rates are those of all."""
    expected = rates(path)
    other = tmp_path / "other.duckdb"
    runs = sorted(SAMPLES.glob("*/*/*/"))
    with Warehouse(other) as wh:
        for half in (runs[::2], runs[1::2]):
            wh.load(half)
            for day in (4, 6, 6):
                wh.prune(datetime(2026, 11, day), keep_daily_rates=True, dry_run=False)
    assert rates(other) == expected
    assert_intact(other)


def test_without_the_rates_only_what_is_left_counts(path: Path) -> None:
    with Warehouse(path) as wh:
        wh.prune(NOON, dry_run=False)
        assert wh.sql("FROM v1.run_success_rates WHERE run_date < DATE '2026-11-05'").fetchall() == []
        counted = wh.sql("SELECT sum(executed_count) FROM v1.node_success_rates").fetchall()
        assert (
            counted
            == wh.sql(
                "SELECT sum(executed_count) FROM v1.invocations WHERE is_executing AND command <> 'source freshness'"
            ).fetchall()
        )


def test_another_upload_of_a_pruned_run_is_not_counted_again(tmp_path: Path, path: Path) -> None:
    run = next(SAMPLES.glob("*/*/2026-11-03*/run_results.json"))
    content = json.loads(run.read_text())
    content["elapsed_time"] += 1
    content["metadata"]["generated_at"] = "2026-11-03T23:00:00.000000Z"
    (tmp_path / "run_results.json").write_text(json.dumps(content))
    with Warehouse(path) as wh:
        wh.prune(NOON, keep_daily_rates=True, dry_run=False)
        before = rates(path)
        assert len(wh.load(tmp_path / "run_results.json").loaded) == 1
        assert rates(path) == before
        assert wh.sql("SELECT status FROM v1.artifacts WHERE uri LIKE ?", [f"{tmp_path}%"]).fetchall() == [
            ("superseded",)
        ]


def run_at(folder: Path, generated_at: str, **changes: object) -> Path:
    """A run of two nodes, written at a time."""
    fields = {"invocation_id": changes.get("invocation_id", "i1"), "generated_at": generated_at}
    status = changes.get("status", "success")
    results = [{"unique_id": f"model.p.{name}", "status": status, "message": f"{name} {status}"} for name in "ab"]
    name = f"{fields['invocation_id']} {generated_at[:19]}".replace(":", "_")
    content = builders.artifact("run_results", fields, results=results, args={"which": "run"})
    return builders.write(folder / name, "run_results", content)


def test_runs_of_one_invocation_go_together(tmp_path: Path) -> None:
    """The one that counts was written after the time, the one that it superseded before."""
    path = tmp_path / "wh.duckdb"
    files = [run_at(tmp_path, f"2026-01-0{day}T00:00:01Z") for day in (1, 2)]
    with Warehouse(path) as wh:
        wh.load(files)
        before = rates(path)
        assert wh.prune(datetime(2026, 1, 2), keep_daily_rates=True, dry_run=False).artifacts == {}
        assert rates(path) == before
        assert wh.prune(datetime(2026, 1, 3), keep_daily_rates=True, dry_run=False).artifacts == {"run_results": 2}
        assert rates(path) == before


@pytest.mark.parametrize("cut", [2, 3])
def test_results_of_one_moment_keep_their_order(tmp_path: Path, cut: int) -> None:
    """Without timings all results of runs that were written at one time are equally late."""
    path = tmp_path / "wh.duckdb"
    for number, status in enumerate(("error", "success", "warn", "success", "error")):
        run_at(tmp_path, "2026-01-01T00:00:01Z", invocation_id=f"i{number}", status=status)
    later = run_at(tmp_path, "2026-01-02T00:00:01Z", invocation_id="i9", status="warn")
    with Warehouse(path) as wh:
        wh.load([file for file in tmp_path.glob("*/run_results.json") if file != later])
        wh.load(later)
        last = "SELECT unique_id, last_status, last_executed_at FROM v1.node_success_rates ORDER BY ALL"
        before = rates(path)
        assert wh.prune(datetime(2026, 1, cut), keep_daily_rates=True, dry_run=False).artifacts
        assert rates(path) == before
        assert {status for _, status, _ in wh.sql(last).fetchall()} == {"warn"}


def test_labels_that_are_given_later_hold_for_what_was_pruned_too(tmp_path: Path, path: Path) -> None:
    with Warehouse(path) as wh:
        wh.prune(NOON, keep_daily_rates=True, dry_run=False)
        wh.load(SAMPLES, environment="moved", project="renamed")
        for view in RATES:
            assert wh.sql(f"SELECT DISTINCT project_name, environment FROM v1.{view}").fetchall() == [
                ("renamed", "moved")
            ]


def test_what_users_have_added_to_the_file_stays(path: Path) -> None:
    with Warehouse(path) as wh:
        wh.sql("CREATE TABLE main.notes AS SELECT 'mine' AS note")
        wh.sql("CREATE VIEW main.failing AS FROM v1.tests WHERE is_failing")
        wh.sql("COMMENT ON TABLE main.notes IS 'Mine.'")
        wh.prune(NOON, dry_run=False)
        assert wh.sql("FROM main.notes").fetchall() == [("mine",)]
        assert wh.sql("FROM main.failing").fetchall() is not None
        assert wh.sql("SELECT comment FROM duckdb_tables() WHERE table_name = 'notes'").fetchall() == [("Mine.",)]


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_the_file_stays_as_private_as_it_was(path: Path) -> None:
    path.chmod(0o600)
    Warehouse(path).prune(NOON, dry_run=False)
    assert path.stat().st_mode & 0o777 == 0o600


FULL_DISK = """
import resource, sys
from datetime import datetime
from artifact_warehouse import Warehouse
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
Warehouse(sys.argv[1]).prune(datetime(2026, 11, 5, 12), keep_daily_rates=True, dry_run=False)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits files as POSIX does")
@pytest.mark.parametrize("share", [0.8, *release_only(0.1, 0.4, 0.6, 1.5)])
def test_a_full_disk_costs_a_prune_nothing(path: Path, share: float) -> None:
    before, limit = rates(path), int(path.stat().st_size * share)
    subprocess.run([sys.executable, "-c", FULL_DISK, path, str(limit)], capture_output=True, check=False)
    assert [file.name for file in path.parent.iterdir() if not file.name.endswith(".wal")] == [path.name]
    assert rates(path) == before
    assert_intact(path)


def test_a_dry_run_brings_no_old_file_up_to_date(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE stored.meta SET value = 'older' WHERE key = 'views'")
    with pytest.raises(WarehouseTooOld, match="migrate"):
        Warehouse(path).prune(NOON)


@pytest.mark.release
def test_a_load_that_a_prune_came_into_ends_and_can_be_repeated(path: Path, tmp_path: Path) -> None:
    """Its later batches leave out what its earlier ones wrote, which the prune may have removed."""
    fresh = tmp_path / "fresh.duckdb"
    Warehouse(fresh).migrate()
    settings = LoadSettings(batch_bytes=1, part_bytes=500_000, max_workers=0)

    def prune_halfway(done: int, total: int) -> None:
        if done >= total // 2:
            Warehouse(fresh).prune(datetime(2026, 12, 1), dry_run=False)

    with pytest.raises(PrunedMeanwhile, match="run this command again"):
        Warehouse(fresh).load(SAMPLES, progress=prune_halfway, settings=settings)
    Warehouse(fresh).load(SAMPLES)
    assert_intact(fresh)


def test_quarantined_files_that_are_old_are_forgotten_and_found_again(path: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"metadata": ')
    with Warehouse(path) as wh:
        wh.load(tmp_path / "manifest.json")
        wh.prune(datetime(2100, 1, 1), dry_run=False)
        assert wh.sql("FROM v1.artifacts WHERE status = 'quarantined'").fetchall() == []
        assert len(wh.load(tmp_path / "manifest.json").quarantined) == 1


PRUNER = """
import sys
from datetime import datetime
from artifact_warehouse import Warehouse
for _ in range(int(sys.argv[2])):
    Warehouse(sys.argv[1], wait=120).prune(datetime(2026, 11, 5), keep_daily_rates=True, dry_run=False)
"""


@pytest.mark.parametrize("prunes", release_only(2, 8))
def test_loaders_beside_prunes_lose_nothing(tmp_path: Path, path: Path, prunes: int) -> None:
    """The file is exchanged by a prune while others wait for it: nobody may write to the old one."""
    shared = tmp_path / "shared.duckdb"
    Warehouse(shared).load(sorted(SAMPLES.glob("*/*/*/"))[0])
    pruner = subprocess.Popen([sys.executable, "-c", PRUNER, shared, str(prunes)])
    runs = sorted(SAMPLES.glob("*/*/*/"))
    loaders = []
    for start in range(3):
        program = (
            "import sys; from artifact_warehouse import Warehouse\n"
            "for run in sys.argv[2:]: Warehouse(sys.argv[1], wait=120).load(run)"
        )
        loaders.append(subprocess.Popen([sys.executable, "-c", program, shared, *map(str, runs[start::3])]))
    assert [process.wait() for process in (*loaders, pruner)] == [0, 0, 0, 0]
    Warehouse(shared).prune(datetime(2026, 11, 5), keep_daily_rates=True, dry_run=False)
    assert rates(shared) == rates(path)
    assert not Warehouse(shared).load(SAMPLES).loaded
    assert_intact(shared)


def test_a_file_that_is_open_in_this_process_is_not_pruned(path: Path) -> None:
    """Who has it open would go on writing to the old one."""
    before = tables(path)
    with Warehouse(path) as open_one:
        assert open_one.view("nodes").fetchall()
        with pytest.raises(WarehouseLocked, match="open elsewhere in this process"):
            Warehouse(path).prune(NOON, dry_run=False)
    assert tables(path) == before
    size = path.stat().st_size
    Warehouse(path).prune(NOON, dry_run=False)
    assert path.stat().st_size < size


@pytest.mark.parametrize(
    "moment, is_pruned",
    [
        (Moment("artifact_warehouse.storage.compaction._quoted", "call"), True),  # before the new file is written
        *release_only(
            (Moment("artifact_warehouse.retention._prune", "return"), False),  # before the commit
            (Moment("artifact_warehouse.storage.compaction.compact", "call"), True),  # after the commit
            (Moment("artifact_warehouse.storage.compaction.compact", "return"), True),
        ),
    ],
)
def test_a_prune_that_is_killed_has_pruned_or_not(path: Path, moment: Moment, is_pruned: bool) -> None:
    before = rates(path)
    call = [sys.executable, "-c", STOPS + PRUNER, path, "1"]
    killed = subprocess.run(call, env={**os.environ, **stop_at(moment, 9)}, capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr
    assert rates(path) == before
    assert_intact(path)
    with Warehouse(path) as wh:
        assert bool(wh.sql("FROM v1.artifacts WHERE status = 'pruned'").fetchall()) == is_pruned
        wh.prune(NOON, keep_daily_rates=True, dry_run=False)
    assert rates(path) == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.release
def test_a_prune_that_is_killed_at_any_moment_has_pruned_or_not(
    path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """At six moments between the start of the process and its end: before and after the commit, and while it writes."""
    call, start = [sys.executable, "-c", PRUNER], time.monotonic()
    subprocess.run([*call, shutil.copy(path, tmp_path_factory.mktemp("undisturbed")), "1"], check=True)
    seconds = time.monotonic() - start
    before, pruned = rates(path), 0
    for share in (0.2, 0.4, 0.6, 0.8, 1, None):
        process = subprocess.Popen([*call, path, "1"], stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(share and share * seconds)
        process.kill()
        process.wait()
        assert rates(path) == before
        assert_intact(path)
        with Warehouse(path, read_only=True) as wh:
            pruned += bool(wh.sql("FROM v1.artifacts WHERE status = 'pruned'").fetchall())
    assert pruned
    with Warehouse(path) as wh:
        wh.prune(NOON, keep_daily_rates=True, dry_run=False)
    assert rates(path) == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_command_says_first_what_would_go_and_asks(path: Path) -> None:
    before = tables(path)
    call = ["prune", str(path), "--before", "2026-11-05T12:00:00", "--format", "json"]
    dry = run(*call)
    assert dry.exit_code == 0 and "nothing was changed" in dry.stderr
    assert tables(path) == before
    real = run(*call, "--yes")
    assert real.exit_code == 0 and "pruned" in real.stderr
    assert real.stdout == dry.stdout
    said = {row["what"]: row["pruned_rows"] for row in json.loads(dry.stdout)}
    gone = len(before["node_executions"]) - len(tables(path)["node_executions"])
    assert said["stored.node_executions"] == gone > 0


def test_a_prune_that_cannot_write_the_new_file_has_pruned(path: Path) -> None:
    path = path.rename(path.with_name(f"{'w' * 230}.duckdb"))  # no room for the name of a file beside it
    result = run("prune", str(path), "--before", "2026-11-05", "--yes")
    assert result.exit_code == 3 and "keeps its size" in result.stderr
    assert_intact(path)
    with Warehouse(path, read_only=True) as wh:
        assert wh.sql("SELECT count(*) FROM v1.invocations WHERE generated_at < '2026-11-05'").fetchall() == [(0,)]


@pytest.mark.release
def test_a_prune_of_nothing_disturbs_no_load(tmp_path: Path) -> None:
    """Only a prune that takes something out makes a load, or `columns`, begin anew."""
    wh = tmp_path / "wh.duckdb"
    settings = LoadSettings(batch_bytes=1, step_bytes=1, part_bytes=1, max_workers=0)

    def prune(done: int, total: int) -> None:
        if done:
            Warehouse(wh).prune(datetime(2000, 1, 1), dry_run=False)

    report = Warehouse(wh).load(SAMPLES / "environment=dev", progress=prune, columns=True, settings=settings)
    assert len(report.loaded) > 3
    assert_intact(wh)
