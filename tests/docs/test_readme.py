"""Every command and notebook cell of the README and of the pages for users runs, and prints what the page shows."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from screens import screen
from testdata import ROOT, release_only

pytestmark = pytest.mark.slow

PAGES = ("README.md", "docs/getting-started.md", "docs/everyday.md", "docs/operating.md", "docs/on-call.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAX_README_LINES = 130


def blocks(page: str) -> list[tuple[str, str]]:
    """The (language, text) of every block of a page, in order."""
    return BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


def commands(text: str) -> list[tuple[str, str]]:
    """The (command, output) pairs of a console block."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what the pages' commands expect around them."""
    for name in ("sample_artifacts", "Makefile"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "target").symlink_to(ROOT / "sample_artifacts" / "runs" / "environment=prod" / "job=nightly")
    return tmp_path


def run(command: str, folder: Path) -> str:
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "MAKEFLAGS": "-s"}
    if command.startswith("make "):
        command += f" BIN={shlex.quote(scripts)}"  # the environment that runs the tests is set up already
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    # make prints the commands that it runs as well
    return "\n".join(line for line in done.stdout.splitlines() if "/artifact-warehouse " not in line)


def differences(language: str, text: str, folder: Path) -> Iterator[object]:
    """What a block prints that it does not show; the blocks of a page run in order, in one folder."""
    if language == "console":
        for command, output in commands(text):
            printed = run(command, folder)
            if printed != output.rstrip("\n"):
                yield (command, printed, output)
    if language == "terminal":
        for command, output in commands(text):
            if (printed := screen(*shlex.split(command)[1:])) != output:
                yield (command, printed, output)
    if language == "pycon":
        test = doctest.DocTestParser().get_doctest(text, {}, "page", "page", 0)
        if failed := doctest.DocTestRunner().run(test).failed:
            yield (text, failed)


@pytest.mark.parametrize("page", [PAGES[0], *release_only(*PAGES[1:])])
def test_a_page_prints_what_it_shows(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert [found for block in blocks(page) for found in differences(*block, folder)] == []


def test_the_pages_show_commands_and_notebook_cells() -> None:
    """What checks the pages has to find their blocks."""
    shown = {page: [language for language, _ in blocks(page)] for page in PAGES}
    assert all({"console", "terminal"} & {*languages} for languages in shown.values())
    assert "pycon" in shown["README.md"] and "pycon" in shown["docs/getting-started.md"]
    assert any("make demo" in text for language, text in blocks("README.md") if language == "console")


@pytest.mark.skipif(shutil.which("flock") is None, reason="needs flock")
def test_a_line_for_cron_loads(folder: Path) -> None:
    """The whole line, in a folder of its own, after a dbt that failed."""
    [text] = [text for language, text in blocks("docs/operating.md") if language == "cron"]
    (folder / "dbt").write_text("#!/bin/sh\nexit 2\n")
    (folder / "dbt").chmod(0o755)
    command = text.split(None, 5)[5].replace("/srv/dbt", shlex.quote(str(folder))).strip()
    assert "quarantined 0" in run(f"PATH={shlex.quote(str(folder))}:$PATH; {command}", folder)


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    [command] = [text.strip() for language, text in blocks("README.md") if language == "sh"]
    assert command == (ROOT / ".ci" / "run").read_text().splitlines()[-1]


def test_the_readme_counts_the_views() -> None:
    views = [path for path in (ROOT / "sql" / "v1").glob("*.sql") if "CREATE OR REPLACE VIEW" in path.read_text()]
    assert f"{len(views)} documented views" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES
