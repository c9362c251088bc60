"""Every block of the README runs, and prints what it shows."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(language, text) for language, text in BLOCK.findall((ROOT / "README.md").read_text())]


def commands(text: str) -> list[tuple[str, str]]:
    """The (command, output) pairs of a console block."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the README's commands expect around them."""
    path = tmp_path_factory.mktemp("readme")
    for name in ("sample_artifacts", "Makefile"):
        (path / name).symlink_to(ROOT / name)
    (path / "target").symlink_to(ROOT / "sample_artifacts" / "runs" / "environment=prod" / "job=nightly")
    return path


def run(command: str, folder: Path) -> str:
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "MAKEFLAGS": "-s"}
    if command.startswith("make "):
        command += f" BIN={shlex.quote(scripts)}"  # the environment that runs the tests is set up already
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "command, output", [pair for language, text in BLOCKS if language == "console" for pair in commands(text)]
)
def test_a_command_prints_what_the_readme_shows(folder: Path, command: str, output: str) -> None:
    printed = run(command, folder)
    # make prints the commands it runs as well
    assert "\n".join(line for line in printed.splitlines() if "/artifact-warehouse " not in line) == output.rstrip("\n")


@pytest.mark.parametrize("text", [text for language, text in BLOCKS if language == "pycon"])
def test_a_notebook_cell_prints_what_the_readme_shows(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    test = doctest.DocTestParser().get_doctest(text, {}, "README", "README.md", 0)
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("text", [text for language, text in BLOCKS if language == "cron"])
def test_a_line_for_cron_runs(folder: Path, text: str) -> None:
    [command] = [line.split(None, 5)[5] for line in text.splitlines()]
    assert "quarantined 0" in run(command, folder)


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    [command] = [text.strip() for language, text in BLOCKS if language == "sh"]
    assert command == (ROOT / ".ci" / "run").read_text().splitlines()[-1]
