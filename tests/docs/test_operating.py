"""The recipes of docs/operating.md are what the shells, schedulers and the command line take."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from testdata import ROOT

from artifact_warehouse.cli import cli
from artifact_warehouse.cli.options import ExitCode

TEXT = (ROOT / "docs" / "operating.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(TEXT)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def calls(text: str) -> list[str]:
    """The calls of the command line in a text, however they are quoted."""
    text = re.sub(r'"\s*\n\s*" ', " ", text)  # a Python string over several lines
    return [call.strip() for call in re.findall(r"artifact-warehouse ((?:load|prune|query|status)\b[^\n;|`]*)", text)]


def arguments(call: str) -> list[str]:
    """As a shell would split it; a quote that was opened before the call ends it."""
    for end in (call, call.rstrip("\"'"), re.split(r"' 2>>", call)[0]):
        try:
            return shlex.split(re.sub(r"\$\([^)]*\)", "2026-01-01", end))
        except ValueError:
            continue
    raise AssertionError(call)


CALLS = [call for _, text in BLOCKS for call in calls(text)]


def test_the_recipes_are_there() -> None:
    assert [len(blocks(language)) for language in ("cron", "ini", "python", "yaml")] == [1, 2, 2, 1]
    headings = re.findall(r"^###? (.*)$", TEXT, re.MULTILINE)
    assert {"cron", "systemd", "Airflow", "Dagster", "GitHub Actions", "Object stores"} <= set(headings)
    assert len(CALLS) >= 9


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_one_that_the_command_line_takes(call: str) -> None:
    verb, *rest = arguments(call)
    cli.commands[verb].make_context(verb, rest)


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    assert codes == {code.value for code in ExitCode}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("text", [*blocks("sh"), *(line.split(None, 5)[5] for line in blocks("cron"))])
def test_shells_take_the_commands(text: str) -> None:
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def run_shell(first: int, second: int, folder: Path, *options: str) -> int:
    """The first recipe, where dbt and the load end as told."""
    for name, status in (("dbt", first), ("artifact-warehouse", second)):
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> {folder}/ran\nexit {status}\n")
        (folder / name).chmod(0o755)
    (folder / "ran").unlink(missing_ok=True)
    shell, path = shutil.which("sh"), f"{folder}:/usr/bin:/bin"
    assert shell is not None
    done = subprocess.run([shell, *options, "-c", blocks("sh")[0]], env={"PATH": path}, cwd=folder, check=False)
    return done.returncode


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell")
@pytest.mark.parametrize("options", [(), ("-e",)])
def test_the_first_recipe_loads_after_a_failed_dbt_and_lets_quarantined_files_pass(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    expected = {(0, 0): 0, (0, 1): 0, (1, 0): 1, (1, 1): 1, (2, 0): 2, (0, 2): 2, (0, 3): 3, (1, 3): 3, (0, 70): 70}
    for (dbt, load), status in expected.items():
        assert run_shell(dbt, load, tmp_path, *options) == status, (dbt, load)
        assert (tmp_path / "ran").read_text().split() == ["dbt", "artifact-warehouse"]
    for dbt in (0, 1):
        assert run_shell(dbt, 75, tmp_path, *options) == 75
        assert (tmp_path / "ran").read_text().split() == ["dbt", *["artifact-warehouse"] * 3]


@pytest.mark.parametrize("text", blocks("python"))
def test_the_python_compiles_and_calls_what_is_there(text: str) -> None:
    compile(text, "docs/operating.md", "exec")
    import inspect

    from artifact_warehouse import LoadReport, Warehouse

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load":
            inspect.signature(Warehouse.load).bind(None, *node.args, **{str(k.arg): k.value for k in node.keywords})
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "report":
            assert hasattr(LoadReport, node.attr)


def test_the_workflow_is_yaml_and_keeps_artifacts_of_failed_runs() -> None:
    yaml = pytest.importorskip("yaml")
    [text] = blocks("yaml")
    steps = yaml.safe_load(text)["jobs"]["dbt"]["steps"]
    after_dbt = steps[[step.get("run", "").startswith("dbt build") for step in steps].index(True) + 1 :]
    assert len(after_dbt) == 2 and all(step["if"] == "always()" for step in after_dbt)
    assert after_dbt[-1]["run"].startswith("aws s3 cp target/ ")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for text in blocks("ini"):
        name = text.split("\n")[0].removeprefix("# ")
        (tmp_path / name).write_text(text)
    units = sorted(tmp_path.iterdir())
    assert [unit.name for unit in units] == ["dbt-nightly.service", "dbt-nightly.timer"]
    command = ["systemd-analyze", "verify", "--man=no", *map(str, units)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    about_ours = [line for line in done.stderr.splitlines() if "dbt-nightly" in line]
    assert about_ours == []


def test_calls_are_found_with_their_whole_arguments() -> None:
    """What checks the recipes has to see them: every option that the text names is in some call."""
    words = {word for call in CALLS for word in arguments(call)}
    assert {"--environment", "--job", "--wait", "--log-format", "--publish", "--before", "--yes"} <= words
    assert {"s3://bucket/", "target/", "json", "nightly"} <= words
    assert isinstance(cli, click.Group)
