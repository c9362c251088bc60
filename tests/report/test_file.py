"""The file of the report: its data equals the views, it forbids requests, and it is written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from builders import artifact, manifest, write
from commandline import run
from pages import part, rows

from artifact_warehouse import Warehouse
from artifact_warehouse.report import Report

pytestmark = pytest.mark.slow


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, bool):
        return int(value)
    return value


def alike(packed: Any, asked: Any) -> bool:
    if isinstance(asked, float) and packed is not None:
        return math.isclose(packed, asked, rel_tol=1e-5)
    return packed == plain(asked)


@pytest.fixture(scope="module")
def html(sample_report: Path) -> str:
    return sample_report.read_text()


def test_every_row_of_every_table_is_what_its_own_query_answers(html: str, sample_warehouse: Warehouse) -> None:
    """The query that the page shows runs in a plain shell, and answers the very rows that the page has."""
    queries = part(html, "core")["sql"]
    with duckdb.connect(str(sample_warehouse.path), read_only=True) as shell:
        shell.execute("SET TimeZone = 'UTC'")
        for name, sql in queries.items():
            cursor = shell.execute(sql)
            names = [column[0] for column in cursor.description]
            asked = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            found = rows(html, name)
            assert len(found) == len(asked), name
            for one, other in zip(found, asked, strict=True):
                assert {key: (one[key], other[key]) for key in one if not alike(one[key], other[key])} == {}, name
    assert len(queries) > 30


def test_the_numbers_equal_the_views(html: str, sample_warehouse: Warehouse) -> None:
    """Counted again by other statements than those of the report."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        return sample_warehouse.sql(sql).fetchall()

    runs = rows(html, "invocations")
    [(count, failures)] = ask("select count(*), sum(failure_count) from v1.invocations")
    assert (len(runs), sum(run["failure_count"] for run in runs)) == (count, failures)
    executions = {(row["invocation_id"], row["command"], row["unique_id"]): row for row in rows(html, "executions")}
    for *key, status, milliseconds in ask(
        "select invocation_id, command, unique_id, status, round(execution_seconds * 1000) from v1.node_executions"
    ):
        assert (executions[tuple(key)]["status"], executions[tuple(key)]["ms"]) == (status, milliseconds)
    timelines = rows(html, "timelines")
    [(bars,)] = ask("select count(*) from v1.run_timelines")
    assert (
        len(timelines) == bars == len({(row["invocation_id"], row["command"], row["unique_id"]) for row in timelines})
    )


def test_the_page_names_no_other_place_and_allows_only_its_own_script(html: str) -> None:
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    for tag, source in (("script", "script-src"), ("style", "style-src")):
        [inline] = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{source} 'sha256-{digest}'" in policy
    markup = re.sub(r"<script[^>]*>.*?</script>", "", html, flags=re.DOTALL)
    assert re.findall(r"(?:src|href)=\"(?!data:,\"|#main\")[^\"]*\"", markup) == []


@pytest.mark.release
def test_filters_leave_out_the_rest(sample_warehouse: Warehouse) -> None:
    report = sample_warehouse.report(project="harbor_cafe", environment="prod", job="nightly").html
    assert {(row["environment"], row["job_name"]) for row in rows(report, "invocations")} == {("prod", "nightly")}
    assert {row["environment"] for row in rows(report, "nodes")} == {"prod"}
    assert part(report, "core")["scopes"] == [["harbor_cafe", "prod"]]
    recent = rows(sample_warehouse.report(days=2).html, "invocations")
    [(count,)] = sample_warehouse.sql(
        "select count(*) from v1.invocations"
        " where generated_at >= (select max(generated_at) from v1.invocations) - interval 2 days"
    ).fetchall()
    assert 0 < len(recent) == count


def run_results(day: int, status: str, seconds: float) -> dict[str, Any]:
    started = f"2026-03-{day:02}T01:00:00Z"
    timing = [{"name": "execute", "started_at": started, "completed_at": f"2026-03-{day:02}T01:00:{seconds:09.6f}Z"}]
    result = {
        **{"unique_id": "model.shop.a", "status": status, "execution_time": seconds, "thread_id": "Thread-1"},
        **{"timing": timing, "adapter_response": {}, "message": "no", "failures": None},
    }
    about = {"invocation_id": f"run-{day:02}", "generated_at": f"2026-03-{day:02}T02:00:00Z", "project_name": "shop"}
    return artifact(
        "run_results", about, results=[result], elapsed_time=seconds, args={"which": "run", "target": "prod"}
    )


@pytest.fixture(scope="module")
def long_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """32 runs of a job. The second one has failed, and is one of the last 31."""
    home = tmp_path_factory.mktemp("history")
    history = home / "history"
    for day in range(1, 32):
        status = "error" if day == 1 else "success"
        write(history / str(day), "run_results", run_results(day, status, 1.2345678 + day / 1000))
    extra = run_results(2, "success", 12.345678)
    extra["metadata"]["invocation_id"] = "run-of-february"
    extra["metadata"]["generated_at"] = "2026-02-28T02:00:00Z"
    write(history / "february", "run_results", extra)
    Warehouse(home / "wh.duckdb").load(history)
    return home / "wh.duckdb"


@pytest.mark.release
def test_timelines_are_whole_for_the_last_30_runs_and_for_those_that_failed(long_history: Path) -> None:
    with Warehouse(long_history, read_only=True) as warehouse:
        shortened, full = warehouse.report().html, warehouse.report(is_full=True).html
    known = {row["invocation_id"] for row in rows(shortened, "timelines")}
    assert known == {f"run-{day:02}" for day in range(1, 32)}
    assert {row["invocation_id"]: row["is_whole"] for row in rows(shortened, "invocations")} == {
        "run-of-february": 0,
        **dict.fromkeys(known, 1),
    }
    times = {row["invocation_id"]: row["ms"] for row in rows(shortened, "executions")}
    assert (times["run-of-february"], times["run-05"]) == (12300, 1240)
    assert {row["invocation_id"]: row["ms"] for row in rows(full, "executions")}["run-of-february"] == 12346
    assert len(rows(full, "timelines")) == 32
    assert (part(shortened, "core")["wholeRuns"], part(full, "core")["wholeRuns"]) == (30, None)


def test_the_command_writes_a_file_beside_the_warehouse_and_never_the_warehouse(long_history: Path) -> None:
    result = run("report", long_history, "--title", "Shop <b>")
    assert (result.exit_code, result.stdout) == (0, "")
    written = long_history.with_suffix(".html")
    assert "<title>Shop &lt;b&gt;</title>" in written.read_text()
    assert f"wrote {written}" in result.stderr
    assert run("report", long_history, "-o", long_history).exit_code == 2
    assert run("report", long_history, "-o", long_history.parent / "missing" / "x.html").exit_code == 70
    assert run("report", long_history, "--days", "0").exit_code == 2


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "report.html"
    old.write_text("the old one")

    def full_disk(*arguments: Any, **options: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        report = Report("the new one")
        patched.setattr(Path, "write_text", full_disk)
        with pytest.raises(OSError, match="No space"):
            report.save(old)
    assert old.read_text() == "the old one"
    assert [file.name for file in tmp_path.iterdir() if "unfinished" in file.name] == []


def node(name: str, *parents: str, **fields: Any) -> dict[str, Any]:
    return {
        **{"unique_id": f"model.shop.{name}", "name": name, "resource_type": "model", "package_name": "shop"},
        **{"depends_on": {"nodes": [f"model.shop.{parent}" for parent in parents], "macros": []}},
        **{"original_file_path": f"models/{name}.sql", "config": {"materialized": "table"}, "raw_code": "select 1"},
        **fields,
    }


def test_the_graph_knows_when_each_node_and_edge_stood(tmp_path: Path) -> None:
    graphs = {
        "2026-03-01T00:00:00Z": [node("a"), node("b", "a")],
        "2026-03-02T00:00:00Z": [node("a"), node("b"), node("c", "b")],
        "2026-03-03T00:00:00Z": [node("a"), node("b", "a")],
    }
    for at, nodes in graphs.items():
        about = {"generated_at": at, "project_name": "shop", "invocation_id": at}
        write(tmp_path / at[:10], "manifest", manifest({one["unique_id"]: one for one in nodes}, about))
    with Warehouse(tmp_path / "wh.duckdb") as warehouse:
        warehouse.load(tmp_path)
        [graph] = part(warehouse.report().html, "core")["graphs"]
    first, second, third = (int(datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp() * 1000) for at in graphs)
    places = {identifier: str(place) for place, identifier in enumerate(graph["ids"])}
    assert graph["spans"] == {
        places["model.shop.a"]: [[first, None]],
        places["model.shop.b"]: [[first, None]],
        places["model.shop.c"]: [[second, third]],
    }
    edges = {
        (graph["ids"][a], graph["ids"][b]): str(k)
        for k, (a, b) in enumerate(zip(graph["from"], graph["to"], strict=True))
    }
    assert {pair: graph["edge_spans"][key] for pair, key in edges.items()} == {
        ("model.shop.a", "model.shop.b"): [[first, second], [third, None]],
        ("model.shop.b", "model.shop.c"): [[second, third]],
    }
