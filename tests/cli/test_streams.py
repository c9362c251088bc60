"""Standard streams that are closed, full, read by nobody or a terminal: what a command prints and returns then."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commandline import COMMAND, run_process
from disturbed import assert_intact
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse

RUN = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-03_01_build"
OTHER = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-04_01_build"
CLOSINGS = ("<&-", ">&-", "2>&-")
CONTROL = "a\x1b[31m\x07\x9b2J\u202e\u2066\u200f\x7fz"
SHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32" or shutil.which("bash") is None, reason="needs a POSIX shell"),
]
needs_dev_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("streams") / "wh.duckdb"
    Warehouse(path).load(RUN)
    return path


@pytest.fixture
def fresh(wh: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(wh, tmp_path / "wh.duckdb"))


def shell(*arguments: object, streams: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the package with the redirections of a shell."""
    program = f'set -o pipefail; "$@" {streams}'
    call = ["bash", "-c", program, "bash", *COMMAND, *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, timeout=120, check=False)


def artifact_count(path: Path) -> int:
    with Warehouse(path, read_only=True) as warehouse:
        return len(warehouse.view("artifacts").fetchall())


# Closed


ONE_CLOSED = ((closing,) for closing in itertools.combinations(CLOSINGS, 1))


@pytest.mark.parametrize("closed", [CLOSINGS[1:], CLOSINGS, *release_only(*ONE_CLOSED)])
def test_a_load_is_done_with_any_streams_closed(fresh: Path, closed: tuple[str, ...]) -> None:
    """A database that is opened under a standard descriptor would get the messages of the process."""
    before = artifact_count(fresh)
    done = shell("load", fresh, OTHER, streams=" ".join(closed))
    assert done.returncode == 0
    assert artifact_count(fresh) > before
    with Warehouse(fresh, read_only=True) as warehouse:
        assert warehouse.view("invocations").fetchall()
    assert_intact(fresh)
    if ">&-" not in closed:
        assert done.stdout.startswith("loaded ")
    elif "2>&-" not in closed:
        assert done.stderr.startswith("loaded ") and "stdout: cannot be written" in done.stderr


@pytest.mark.parametrize("closed", [*itertools.combinations(CLOSINGS, 1), CLOSINGS[1:], CLOSINGS])
def test_a_query_works_or_says_that_it_cannot(wh: Path, closed: tuple[str, ...]) -> None:
    done = shell("query", wh, "select 42 as x", "--format", "csv", streams=" ".join(closed))
    assert "Traceback" not in done.stderr
    if ">&-" in closed:
        assert done.returncode == 70
        assert done.stderr == ("" if "2>&-" in closed else "Error: stdout: cannot be written: Bad file descriptor\n")
    else:
        assert (done.returncode, done.stdout) == (0, "x\n42\n")


@pytest.mark.parametrize("verb", ["query", "load"])
def test_a_closed_stdin_that_is_to_be_read_is_said_so(fresh: Path, verb: str) -> None:
    done = shell(verb, fresh, "-", streams="<&-")
    assert done.returncode == 2
    assert "stdin: cannot be read" in done.stderr and "Traceback" not in done.stderr


def test_a_query_that_is_no_utf_8_is_said_so(wh: Path) -> None:
    done = shell("query", wh, "-", streams=r"< <(printf 'select \xff')")
    assert done.returncode == 2 and "stdin: is not UTF-8" in done.stderr


# Full, or read by nobody


@needs_dev_full
@pytest.mark.parametrize("arguments", [("query", "select 1"), ("status",), ("check", "--max-failing", "0"), ("views",)])
def test_a_result_that_cannot_be_printed_is_a_failure(wh: Path, arguments: tuple[str, ...]) -> None:
    done = shell(arguments[0], wh, *arguments[1:], streams="> /dev/full")
    assert (done.returncode, done.stderr) == (70, "Error: stdout: cannot be written: No space left on device\n")


@needs_dev_full
@pytest.mark.parametrize("verb", ["load", "columns", "migrate"])
def test_work_that_is_done_is_done_though_it_cannot_be_printed(fresh: Path, verb: str) -> None:
    arguments = (OTHER,) if verb == "load" else ()
    if verb == "migrate":
        from artifact_warehouse.storage.connection import SCHEMA

        with Warehouse(fresh) as warehouse:
            warehouse.connection.execute(f"UPDATE {SCHEMA}.meta SET value = 'older' WHERE key = 'views'")
    done = shell(verb, fresh, *arguments, streams="> /dev/full")
    assert done.returncode == 0
    assert done.stderr.endswith("; stdout: cannot be written: No space left on device\n")
    assert done.stderr.startswith({"load": "loaded ", "columns": "resolved ", "migrate": "the warehouse was"}[verb])


@needs_dev_full
def test_quarantined_artifacts_are_told_by_the_exit_code_though_nothing_is_printed(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    done = shell("load", fresh, tmp_path / "manifest.json", streams="> /dev/full")
    assert done.returncode == 1
    assert "quarantined 1; stdout: cannot be written" in done.stderr


@needs_dev_full
def test_messages_that_nobody_takes_stop_nothing(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    for streams in ("2> /dev/full", "2> >(true)", "2>&-"):
        done = shell("load", fresh, tmp_path / "manifest.json", OTHER, "--verbose", streams=streams)
        assert done.returncode == 1
        assert done.stdout.endswith("quarantined 1\n")


@needs_dev_full
@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("load", "--help")])
def test_help_that_cannot_be_printed_is_no_crash(arguments: tuple[str, ...]) -> None:
    for streams in ("> /dev/full", ">&-"):
        done = shell(*arguments, streams=streams)
        assert done.returncode == 70
        assert re.fullmatch(r"Error: stdout: cannot be written: [\w ]+\n", done.stderr)


@needs_dev_full
def test_a_file_that_cannot_be_written_is_a_failure(wh: Path) -> None:
    done = shell("query", wh, "select 1", "-o", "/dev/full", "--format", "csv", streams="")
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr == "Error: /dev/full: cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "select unnest(range(200000))", "--format", "csv"),
        ("--help",),
        *release_only(
            (("query", "select unnest(range(200000))", "--format", "jsonl"),),
            (("query", "select unnest(range(50000))"),),
            (("query", "select unnest(range(200000)) as x, repeat('x', 50)", "--format", "parquet"),),
        ),
    ],
)
def test_a_reader_that_goes_away_ends_a_command_as_other_tools(wh: Path, arguments: tuple[str, ...]) -> None:
    call = arguments if arguments[0].startswith("-") else (arguments[0], wh, *arguments[1:])
    done = shell(*call, streams="| true")
    assert (done.returncode, done.stderr) in [(128 + signal.SIGPIPE, ""), (0, "")]
    if not arguments[0].startswith("-"):
        assert done.returncode == 128 + signal.SIGPIPE


def test_a_load_whose_reader_goes_away_is_done(fresh: Path) -> None:
    done = shell("load", fresh, OTHER, "--format", "json", streams="| true")
    assert (done.returncode, done.stderr) == (0, "")
    assert artifact_count(fresh) > 3


# Exit codes of what is not done


FAULTY = """
import os, sys
import artifact_warehouse.{module} as module
def fail(*_, **__):
    {statement}
module.{name} = fail
from artifact_warehouse.__main__ import main
main()
"""


def faulty(module: str, name: str, statement: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    program = FAULTY.format(module=module, name=name, statement=statement)
    call = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("options", [(), ("--log-format", "json")])
def test_a_fault_of_the_package_has_a_code_of_its_own_and_a_trace(fresh: Path, options: tuple[str, ...]) -> None:
    done = faulty("load.loader", "expand", "raise KeyError('a bug')", "load", fresh, OTHER, *options)
    assert (done.returncode, done.stdout) == (70, "")
    if options:
        [line] = map(json.loads, done.stderr.splitlines())
        assert (line["event"], line["exit_code"]) == ("failed", 70)
        assert "KeyError" in line["message"] and "Traceback" in line["trace"]
    else:
        assert done.stderr.startswith("Traceback")
        assert done.stderr.endswith("Error: a fault of artifact-warehouse, please report it: KeyError: 'a bug'\n")


@pytest.mark.parametrize("error", ["WorkerFailed", "PrunedMeanwhile"])
def test_what_may_succeed_the_next_time_has_a_code_of_its_own(fresh: Path, error: str) -> None:
    raising = f"from artifact_warehouse import errors; raise errors.{error}"
    done = faulty("load.loader", "expand", raising, "load", fresh, OTHER)
    assert (done.returncode, done.stdout) == (75, "")
    assert done.stderr.startswith("Error: ") and "is kept" in done.stderr and "Traceback" not in done.stderr


# Terminals


def on_a_terminal(*arguments: object, **environment: str) -> str:
    """What a command writes to a terminal, which is all three of its streams. The pager ends by itself."""
    import pty

    ours, theirs = pty.openpty()
    variables = {**os.environ, "PAGER": "cat", **environment}  # another pager waits for a key
    call = [*COMMAND, *map(str, arguments)]
    with subprocess.Popen(call, stdin=theirs, stdout=theirs, stderr=theirs, env=variables) as process:
        os.close(theirs)
        parts: list[bytes] = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # Linux: the other side is closed
            pass
        process.wait()
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("pager", "is_coloured"),
    [("less", True), *release_only(("less -S", False), ("cat", False), ("no-such-pager", False))],
)
def test_a_pager_gets_colours_where_it_shows_them(wh: Path, tmp_path: Path, pager: str, is_coloured: bool) -> None:
    """This less says what it was told. A pager that is missing leaves the text to the terminal."""
    less = tmp_path / "less"
    less.write_text('#!/bin/sh\necho "LESS is $LESS"\ncat\n')
    less.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    variables = {"PATH": path, "PAGER": pager, "LESS": "", "TERM": "xterm", "NO_COLOR": ""}
    run = json.loads((RUN / "run_results.json").read_bytes())["metadata"]["invocation_id"]
    shown = on_a_terminal("run", wh, run, **variables)
    assert ("LESS is -R" in shown) == (pager == "less")
    assert ("\x1b[3" in shown) == is_coloured


@pytest.mark.parametrize("output_format", ["table", "json", "jsonl", "csv", "md"])
def test_no_format_sends_control_characters_to_a_terminal(wh: Path, output_format: str) -> None:
    text = "||".join(f"chr({ord(character)})" for character in CONTROL)
    shown = on_a_terminal("query", wh, f'select {text} as "x\x1b[32m"', "--format", output_format)
    assert not SHOWN.search(shown)
    assert "202e" in shown and "1b" in shown
    if output_format.startswith("json"):
        [row] = json.loads(shown) if output_format == "json" else [json.loads(shown)]
        assert row == {"x\x1b[32m": CONTROL}


@pytest.mark.parametrize("output_format", ["json", "jsonl", "csv"])
def test_a_pipe_gets_every_value_exactly(wh: Path, output_format: str) -> None:
    text = "||".join(f"chr({ord(character)})" for character in CONTROL)
    call = ("query", wh, f"select {text} as x", "--format", output_format)
    piped = run_process(*call, text=False, check=True).stdout.decode()
    if output_format == "csv":
        assert piped == f"x\n{CONTROL}\n"
    else:
        [row] = json.loads(piped) if output_format == "json" else [json.loads(piped)]
        assert row == {"x": CONTROL} and "\x9b" in piped and "\u202e" in piped


@pytest.mark.release
@pytest.mark.parametrize(
    "arguments",
    [
        ("load", "WH", "HOSTILE", "--verbose"),
        ("diagnose", "WH", "x\x1b[31m"),
        ("query", "WH", "select 'x\x1b[31m"),
        ("load", "WH", "x\x1b[31m"),
        ("--x\x1b[31m",),
        ("status", "WH"),
        *release_only(
            (("status", "WH", "--format", "json"),),
            (("load", "WH", "HOSTILE", "--format", "csv"),),
            (("check", "WH", "--max-failing", "0", "--format", "json"),),
            (("diagnose", "WH", "--format", "json"),),
            (("query", "x\x1b[31m", "select 1"),),
            (("query", "WH", "select 1", "--format", "x\x1b[31m"),),
            (("query", "WH", "select 1", "-o", "x\x1b[31m/y"),),
            (("lineage", "WH", "x\x1b[31m", "--format", "json"),),
            (("load", "WH", "HOSTILE", "--publish", "x\x1b[31m/y"),),
            (("x\x1b[31m",),),
        ),
    ],
)
def test_no_message_and_no_result_steers_a_terminal(fresh: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    hostile = tmp_path / f"folder{CONTROL}"
    hostile.mkdir()
    results = json.loads((RUN / "run_results.json").read_bytes())
    results["metadata"]["invocation_id"] = f"id{CONTROL}"
    for result in results["results"]:
        result.update(unique_id=f"{result['unique_id']}{CONTROL}", message=CONTROL, status="error")
    (hostile / "run_results.json").write_text(json.dumps(results))
    (hostile / "manifest.json").write_text("{")
    Warehouse(fresh).load(hostile, environment=f"prod{CONTROL}")
    shown = on_a_terminal(*({"WH": fresh, "HOSTILE": hostile}.get(argument, argument) for argument in arguments))
    assert shown
    plain = re.sub(r"\x1b\[[0-9;?]*[mKhlA-G]", "", shown)  # colours, and the progress bar's moves
    assert not SHOWN.search(plain.replace("\r", ""))
    assert "\x1b[31m\\x07" not in shown and "x\x1b[31m" not in shown
