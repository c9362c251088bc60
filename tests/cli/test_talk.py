"""`--log-format json`: what a batch job says on stderr is a JSON object a line, whatever happens."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from commandline import run
from testdata import SAMPLES

from artifact_warehouse import Warehouse
from artifact_warehouse.load import loader

pytestmark = pytest.mark.slow

RUN = next(SAMPLES.glob("*/*/2026-11-03*/run_results.json"))


def call(*arguments: object) -> tuple[Result, list[dict[str, Any]]]:
    result = run(*arguments, "--log-format", "json")
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    for line in lines:
        assert {"time", "level", "event", "message"} <= line.keys()
        assert datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
        assert line["level"] in ("info", "warning", "error")
    return result, lines


def test_a_load_tells_what_is_quarantined_and_what_was_done(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"metadata": \x1b[31m')
    (tmp_path / "other.json").write_text("{}")
    path, copy = tmp_path / "wh.duckdb", tmp_path / "readers.duckdb"
    result, [quarantined, skipped, done] = call("load", path, tmp_path, RUN, "--publish", copy)
    assert (result.exit_code, result.stdout) == (1, "loaded 1, unchanged 0, quarantined 1\n")
    assert (quarantined["level"], quarantined["event"]) == ("warning", "quarantined")
    assert quarantined["uri"] == str(tmp_path / "manifest.json") and "is not JSON" in quarantined["reason"]
    assert skipped["skipped_count"] == 1
    assert [done[f"{name}_count"] for name in ("loaded", "unchanged", "quarantined")] == [1, 0, 1]
    assert (done["event"], done["warehouse"], done["published"]) == ("done", str(path), str(copy))


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["load", "{wh}", "{nowhere}"], 2),
        (["load", "{wh}", "{run}", "--max-artifact-size", "many"], 2),
        (["load", "{wh}"], 2),
        (["load", "{wh}", "{broken}", "--strict"], 1),
        (["load", "{broken}", "{run}"], 3),
        (["migrate", "{nowhere}"], 3),
        (["verify", "{nowhere}"], 3),
        (["prune", "{nowhere}", "--before", "2026-01-01"], 3),
    ],
)
def test_what_goes_wrong_is_told_with_its_exit_code(tmp_path: Path, arguments: list[str], exit_code: int) -> None:
    (tmp_path / "manifest.json").write_text('{"metadata": ')
    places = {"wh": "wh.duckdb", "nowhere": "nowhere", "broken": "manifest.json"}
    values = {name: tmp_path / file for name, file in places.items()} | {"run": RUN}
    verb, *rest = [argument.format(**values) for argument in arguments]
    result, [line] = call(verb, "--log-format", "json", *rest)
    assert result.exit_code == exit_code == line["exit_code"]
    assert (line["level"], line["event"]) == ("error", "failed")
    assert result.stdout == ""


def test_an_interrupt_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loader, "write", interrupt)
    result, [line] = call("load", tmp_path / "wh.duckdb", RUN)
    assert result.exit_code == 130 == line["exit_code"]
    assert line["message"] == "interrupted: kept 0 of 1 files; load again to continue"


@pytest.mark.release
def test_verify_and_prune_talk_alike(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN)
    _, [verified] = call("verify", path)
    assert verified["event"] == "verified"
    _, [planned] = call("prune", path, "--before", "2026-12-01")
    assert planned["event"] == "planned"
    _, [pruned] = call("prune", path, "--before", "2026-12-01", "--yes")
    assert pruned["size_bytes_after"] == path.stat().st_size


def test_verbose_tells_of_every_file(tmp_path: Path) -> None:
    _, lines = call("load", tmp_path / "wh.duckdb", RUN.parent, "--verbose")
    assert {line["event"] for line in lines} == {"loaded", "done"}
    assert {line["uri"] for line in lines if "uri" in line} == {str(file) for file in RUN.parent.glob("*.json")}
