"""`dbt` runs dbt, and loads what that one run wrote."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import stand_in_dbt
from commandline import COMMAND, run, run_process
from testdata import SAMPLES

from artifact_warehouse import Warehouse
from artifact_warehouse.sources import DbtProject

pytestmark = pytest.mark.slow

RUN = next(path.parent for path in sorted(SAMPLES.rglob("run_results.json")))


@pytest.fixture
def dbt(tmp_path: Path) -> Path:
    """A program that stands for dbt."""
    program = tmp_path / "dbt"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {stand_in_dbt.__file__} "$@"\n')
    program.chmod(0o755)
    return program


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The environment of a call: it writes to `target`, and notes each invocation_id in `ids`."""
    own = {"STAND_IN_RUN": RUN, "STAND_IN_TARGET": tmp_path / "target", "STAND_IN_IDS": tmp_path / "ids"}
    return {**os.environ, **{name: str(value) for name, value in own.items()}}


def call(dbt: Path, *arguments: object) -> list[str]:
    return ["dbt", str(dbt.parent / "wh.duckdb"), "--dbt", str(dbt), *map(str, arguments)]


def started(dbt: Path, *arguments: object, **options: object) -> subprocess.Popen[str]:
    command = [*COMMAND, *call(dbt, *arguments)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def rows(dbt: Path, query: str) -> list[tuple[object, ...]]:
    with Warehouse(dbt.parent / "wh.duckdb", read_only=True) as wh:
        return wh.sql(query).fetchall()


def invocations(dbt: Path) -> list[str]:
    return [str(found) for (found,) in rows(dbt, "SELECT invocation_id FROM v1.invocations ORDER BY ALL")]


def test_output_and_exit_code_are_those_of_dbt_and_its_artifacts_are_loaded(
    dbt: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    shutil.copytree(RUN, tmp_path / "target")  # what an earlier run left
    done = run_process(
        *call(dbt, "--job", "nightly", "--", "build", "-t", "prod"),
        env=variables | {"STAND_IN_EXIT": "2"},
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (2, "1 of 1 OK\n")
    assert done.stderr.splitlines() == ["a warning", f"loaded 3, unchanged 0, quarantined 0 into {tmp_path}/wh.duckdb"]
    assert invocations(dbt) == (tmp_path / "ids").read_text().split()
    assert rows(dbt, "SELECT DISTINCT environment, job_name, uri FROM v1.artifacts ORDER BY ALL") == [
        ("prod", "nightly", str(tmp_path / "target" / name))
        for name in ("dbt_run.json", "manifest.json", "run_results.json")
    ]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("wh.duckdb.")]


def test_two_runs_in_one_folder_are_both_loaded(dbt: Path, variables: dict[str, str], tmp_path: Path) -> None:
    """The second run begins and ends after the first one has written its results, and before it ends."""
    steps = "manifest results touch:written wait:overwritten"
    first = started(dbt, "--", "build", env=variables | {"STAND_IN_STEPS": steps}, cwd=tmp_path)
    while not (tmp_path / "written").exists():
        time.sleep(0.01)
    time.sleep(1)  # five looks at the folder
    run_process(*call(dbt, "--", "build"), env=variables, cwd=tmp_path, check=True)
    (tmp_path / "overwritten").touch()
    assert first.wait(60) == 0
    assert invocations(dbt) == sorted((tmp_path / "ids").read_text().split())
    assert rows(dbt, "SELECT count(*), count(DISTINCT invocation_id) FROM v1.artifacts") == [(6, 2)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_goes_to_dbt_and_what_it_wrote_is_loaded(
    number: int, dbt: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    steps = {"STAND_IN_STEPS": "manifest touch:written wait:never"}
    call = started(dbt, "--", "build", env=variables | steps, cwd=tmp_path, start_new_session=True)
    while not (tmp_path / "written").exists():
        time.sleep(0.01)
    call.send_signal(number)
    _, messages = call.communicate(timeout=60)
    # The shell that starts the program is replaced by it; Python ends by SIGINT as by any other signal.
    assert call.returncode == 128 + number
    assert "loaded 2" in messages
    assert rows(dbt, "SELECT kind FROM v1.artifacts ORDER BY kind") == [("manifest",), ("run",)]
    assert rows(dbt, FAILED) == [("default", "build", False, 0)]


FAILED = "SELECT environment, command, is_success, result_count FROM v1.invocations"


@pytest.mark.parametrize("steps", ["kill", "manifest kill", ""])
def test_a_run_that_wrote_no_results_is_a_run_that_failed(
    steps: str, dbt: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    """It was killed before dbt parsed the project or after it, or dbt could not parse the project."""
    own = {"STAND_IN_STEPS": steps, "STAND_IN_EXIT": "2"}
    done = run_process(*call(dbt, "--", "build", "--target", "prod"), env=variables | own, cwd=tmp_path)
    assert done.returncode in (2, 137)
    assert rows(dbt, FAILED) == [("prod", "build", False, 0)]
    assert rows(dbt, "SELECT DISTINCT invocation_command FROM v1.invocations") == [("dbt build --target prod",)]
    with Warehouse(tmp_path / "wh.duckdb", read_only=True) as wh:
        assert wh.sql("SELECT sum(failure_count) FROM v1.run_success_rates").fetchall() == [(1,)]


def test_an_interrupted_run_without_results_failed(dbt: Path, variables: dict[str, str], tmp_path: Path) -> None:
    """dbt 1.11 writes an empty run_results when it is interrupted before any node has ended."""
    folder = tmp_path / "interrupted"
    shutil.copytree(RUN, folder)
    results = json.loads((folder / "run_results.json").read_text())
    (folder / "run_results.json").write_text(json.dumps({**results, "results": []}))
    own = {"STAND_IN_RUN": str(folder), "STAND_IN_EXIT": "2"}
    assert run_process(*call(dbt, "--", "build", "-t", "prod"), env=variables | own, cwd=tmp_path).returncode == 2
    assert rows(dbt, FAILED) == [("prod", "build", False, 0)]


def test_what_executes_nothing_is_no_run(dbt: Path, variables: dict[str, str], tmp_path: Path) -> None:
    done = run_process(*call(dbt, "--", "deps"), env=variables | {"STAND_IN_STEPS": ""}, cwd=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "dbt wrote no artifacts")
    assert not (tmp_path / "wh.duckdb").exists()


def test_a_killed_dbt_has_the_code_of_a_shell(dbt: Path, variables: dict[str, str], tmp_path: Path) -> None:
    steps = {"STAND_IN_STEPS": "manifest results kill"}
    done = run_process(*call(dbt, "--", "build"), env=variables | steps, cwd=tmp_path)
    assert done.returncode == 128 + signal.SIGKILL
    assert invocations(dbt) == (tmp_path / "ids").read_text().split()


def test_a_load_that_fails_does_not_fail_dbt_unless_asked_and_keeps_the_artifacts(
    dbt: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "wh.duckdb").write_text("no database")
    for options, code in ((), 0), (("--fail-on-load-error",), 3):
        done = run_process(*call(dbt, *options, "--", "build"), env=variables, cwd=tmp_path)
        assert done.returncode == code, done.stderr
        assert "load them later: artifact-warehouse load" in done.stderr
    (tmp_path / "wh.duckdb").unlink()
    for kept in tmp_path.glob("wh.duckdb.dbt-*"):
        run_process("load", tmp_path / "wh.duckdb", kept, check=True)
    assert invocations(dbt) == sorted((tmp_path / "ids").read_text().split())


def test_a_fault_of_the_load_does_not_hide_the_exit_code_of_dbt(
    dbt: Path, variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Warehouse, "fetch", fault)
    monkeypatch.chdir(tmp_path)
    for name, value in (variables | {"STAND_IN_EXIT": "1"}).items():
        monkeypatch.setenv(name, value)
    done = run(*call(dbt, "--", "build"))
    assert done.exit_code == 1
    assert "load them later" in done.stderr


def test_a_missing_program_is_told(tmp_path: Path) -> None:
    done = run_process("dbt", tmp_path / "wh.duckdb", "--dbt", "no-such-dbt", "--", "build")
    assert done.returncode == 2
    assert "no-such-dbt cannot be started" in done.stderr
    assert list(tmp_path.iterdir()) == []


PROFILES = """
cafe:
  target: "{{ env_var('CAFE_TARGET', 'dev') }}"
"""


@pytest.mark.parametrize(
    ("arguments", "variables", "target", "folder"),
    [
        ("build", {}, "dev", "out"),
        ("build", {"CAFE_TARGET": "staging"}, "staging", "out"),
        ("build", {"DBT_TARGET": "prod", "DBT_TARGET_PATH": "there"}, "prod", "there"),
        ("build --target prod --target-path elsewhere", {"DBT_TARGET_PATH": "there"}, "prod", "elsewhere"),
        ("build -t prod --target-path=elsewhere", {}, "prod", "elsewhere"),
        ("build --target=ci -- --target prod", {}, "ci", "out"),
        ("build --profile other", {}, None, "out"),
    ],
)
def test_target_and_folder_are_found_where_dbt_finds_them(
    arguments: str, variables: dict[str, str], target: str | None, folder: str, tmp_path: Path
) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: cafe\nprofile: cafe\ntarget-path: out\n")
    (tmp_path / "profiles.yml").write_text(PROFILES)
    project = DbtProject(arguments.split(), variables, tmp_path)
    assert (project.target, project.target_folder) == (target, tmp_path / folder)


def event(name: str, invocation_id: str = "", **arguments: str) -> SimpleNamespace:
    """An event of dbt as a callback gets it, with all arguments as texts."""
    return SimpleNamespace(
        info=SimpleNamespace(name=name, invocation_id=invocation_id), data=SimpleNamespace(args=arguments)
    )


def test_a_callback_loads_each_command_of_a_dbt_runner(
    variables: dict[str, str], dbt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wh = Warehouse(tmp_path / "wh.duckdb")
    callback: Callable[[object], None] = wh.dbt_callback(job="nightly")
    for _ in range(2):
        subprocess.run([dbt], env=variables, check=True, capture_output=True)
        *_, invocation_id = (tmp_path / "ids").read_text().split()
        callback(event("MainReportArgs", target="prod", target_path="target", profile="None"))
        callback(event("CommandCompleted", invocation_id))
    assert invocations(dbt) == sorted((tmp_path / "ids").read_text().split())
    assert rows(dbt, "SELECT DISTINCT environment, job_name FROM v1.invocations") == [("prod", "nightly")]
    (tmp_path / "wh.duckdb").write_text("no database")
    with pytest.warns(UserWarning, match="artifacts of dbt are not loaded"):
        callback(event("CommandCompleted", invocation_id))
