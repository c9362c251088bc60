"""Nothing that an attacker writes into artifacts, names of files, options or settings reaches a terminal as it is."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import builders
import pytest
from click.shell_completion import BashComplete
from commandline import run
from screens import screen
from terminal_attack import ATTACK, IN_A_NAME, SENT, write_attack
from testdata import release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.cli import cli

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")]

OWN = re.compile("\x1b\\[(0|1|2|31;1|1;31|32|33|36|38;5;[0-9]+)?m|\x1b\\[\\?25[lh]|\r?\x1b\\[2K|\x1b\\[1A|\r(?=\x1b)")
"""What this package sends itself: styles, and what moves a progress bar. The attack has other ones."""

TEXT = ATTACK.replace("\0", "")
FORMATS = ("table", "json", "jsonl", "csv", "md")
DAILY: tuple[tuple[str, ...], ...] = (
    ("status", "WH"),
    ("show", "WH", "NODE"),
    ("diagnose", "WH", "--format", "text"),
    ("diagnose", "WH", "--format", "github"),
    ("lineage", "WH", "NODE"),
    ("query", "WH", "from v1.nodes", "--format", "csv"),
    ("query", "WH", f"select '{TEXT}' as \"{TEXT}\", error('{TEXT}')"),
    ("load", "WH", "NOWHERE"),
)
QUESTIONS = ("runs", "run", "failures", "slow", "flaky", "changes", "compare")
OTHERS: tuple[tuple[str, ...], ...] = (
    *((verb, "WH", "--format", name) for verb in QUESTIONS for name in FORMATS),
    *((verb, "WH", "--wide") for verb in QUESTIONS),
    *((verb, "WH", "--environment", TEXT) for verb in QUESTIONS),
    *(("query", "WH", f"from v1.{view}", "--format", name) for view in ("artifacts", "nodes") for name in FORMATS),
    *((verb, "WH", "--format", name) for verb in ("diagnose",) for name in ("json", "markdown", "junit")),
    *(("check", "WH", "--max-failing", "0", "--format", n) for n in ("text", "json", "github", "markdown", "junit")),
    *(("lineage", "WH", "NODE", "--format", name) for name in ("tree", *FORMATS)),
    *((verb, "WH", TEXT) for verb in ("show", "run", "diagnose", "lineage", "views", "tile", "ids")),
    ("compare", "WH", TEXT, TEXT),
    ("lineage", "WH", "NODE", "--column", TEXT),
    ("status", "WH", "--tables"),
    ("status", "NOWHERE"),
    ("load", "WH", "IN", "--verbose", "--columns"),
    ("load", "WH", "IN", "--format", "json"),
    ("load", "WH", "IN", "--redact", f"({TEXT}"),
    ("load", "WH", "IN", "--environment", TEXT, "--job", TEXT),
    ("load", "NOWHERE/w.duckdb", "IN"),
    ("prune", "WH", "--before", "2026-11-03"),
    ("prune", "WH", "--before", TEXT),
    *(("query", "WH", sql) for sql in (TEXT, f'select "{TEXT}"', f"from read_csv('{TEXT}')", f"select '{TEXT}'::int")),
    ("query", "WH", "select $x", "-p", f"x={TEXT}"),
    ("query", "WH", "-f", "NOWHERE"),
    ("query", "WH", "select 1", "-o", "NOWHERE/x.csv"),
    ("query", "WH", "select 1", "--format", TEXT),
    ("report", "WH", "-o", "NOWHERE/r.html"),
    ("ids", "WH"),
    ("verify", "WH"),
    ("fetch", "WH", "dbt-cloud", "--account", TEXT),
    ("fetch", "WH", TEXT),
    ("dbt", "WH", "--", f"no{IN_A_NAME}"),
    (TEXT,),
    (f"--{TEXT}",),
)
SETTINGS = (
    "bad = \x1b[31m",
    'warehouse = "\\u001b[31mx"',
    '[query]\nformat = "\\u001b[31m"',
    '[query]\n"no\\u202e" = 1',
    '["\\u001b[31m"]\nx = 1',
    '[alerts]\n"no\\u009b" = 1',
    '[alerts.channels."a\\u001b[31m"]\ntype = "no\\u202e"',
)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The places of a warehouse of attacked artifacts, and an attacked model of it."""
    folder = tmp_path_factory.mktemp("attack")
    source, path = folder / "in", folder / f"w{IN_A_NAME}.duckdb"
    write_attack(source)
    with Warehouse(path) as wh:
        assert len(wh.load(source).quarantined) == 1
        [node] = wh.sql("SELECT min(unique_id) FROM v1.nodes WHERE resource_type = 'model'").fetchall()[0]
        failed = wh.sql("FROM v1.node_executions WHERE status IN ('error', 'fail') AND contains(message, chr(27))")
        assert failed.fetchall() and SENT.search(node)
    return {"WH": str(path), "IN": str(source), "NODE": node, "NOWHERE": str(folder / f"no{IN_A_NAME}")}


def shown(attacked: dict[str, str], call: tuple[str, ...], **options: Any) -> str:
    places = [re.sub("^(WH|IN|NODE|NOWHERE)(?=/|$)", lambda place: attacked[place[1]], part) for part in call]
    return screen(*places, has_stderr=True, **options)


CALLS = [*DAILY, *release_only(*((other,) for other in OTHERS))]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: ascii(" ".join(call))[1:60])
def test_no_command_sends_an_attack_to_a_terminal(attacked: dict[str, str], call: tuple[str, ...]) -> None:
    for no_color in (True, False):
        text = shown(attacked, call, no_color=no_color)
        assert text and not SENT.search(OWN.sub("", text))


@pytest.mark.parametrize("setting", [SETTINGS[0], *release_only(*SETTINGS[1:])])
@pytest.mark.parametrize("call", [("config", "check"), *release_only((("status",),), (("query", "WH", "select 1"),))])
def test_no_setting_reaches_a_terminal_as_it_is(
    attacked: dict[str, str], call: tuple[str, ...], setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "artifact-warehouse.toml").write_text(setting)
    monkeypatch.chdir(tmp_path)
    assert not SENT.search(OWN.sub("", shown(attacked, call)))


def test_a_pipe_gets_the_attack_exactly(attacked: dict[str, str]) -> None:
    call = ("query", attacked["WH"], f"select '{TEXT}' as x")
    assert json.loads(run(*call, "--format", "json").stdout) == [{"x": TEXT}]
    _, [field] = csv.reader(io.StringIO(run(*call, "--format", "csv").stdout, newline=""))
    assert field == TEXT


def test_no_name_of_an_attacker_is_completed(attacked: dict[str, str], tmp_path: Path) -> None:
    """A shell would run `$(…)` of a name, and show its control characters."""
    names = ["model.p.good", "model.p.$(touch x)", "model.p.a;b", "model.p.\x1b[31m", "model.p.a b", "model.p.`x`"]
    nodes = {name: {"resource_type": "model", "name": name.split(".")[2], "package_name": "p"} for name in names}
    builders.write(tmp_path, "manifest", builders.artifact("manifest", {"project_name": "p"}, nodes=nodes))
    Warehouse(tmp_path / "wh.duckdb").load(tmp_path)
    for path, completed in ((tmp_path / "wh.duckdb", ["model.p.good"]), (attacked["WH"], [])):
        items = BashComplete(cli, {}, "aw", "_AW_COMPLETE").get_completions(["show", str(path)], "model.")
        assert [item.value for item in items] == completed
