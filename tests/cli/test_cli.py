"""The command line: what it prints where, its exit codes, and what it refuses."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from commandline import COMMAND, heed_interrupts, run, run_process
from packings import COMPRESS, packed
from pyarrow import parquet
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse, __version__
from artifact_warehouse.cli import cli
from artifact_warehouse.limits import size_of_text
from artifact_warehouse.load import batches
from artifact_warehouse.storage import writer
from artifact_warehouse.storage.format import SCHEMA

pytestmark = pytest.mark.slow

NIGHTLY = SAMPLES / "environment=prod" / "job=nightly"
GOOD = NIGHTLY / "2026-11-03_01_build" / "run_results.json"
OTHER = NIGHTLY / "2026-11-04_01_build" / "run_results.json"
VERBS = (
    *("changes", "check", "columns", "compare", "config", "dbt", "diagnose", "export", "failures", "fetch", "flaky"),
    *("ids", "import", "lineage", "load", "mcp", "migrate", "notify", "prune", "query", "report", "run", "runs"),
    *("serve", "show", "slow", "sql", "status", "tile", "verify", "views"),
)
OF_A_WAREHOUSE = tuple(verb for verb in VERBS if verb != "config")
FORMATS = ("table", "json", "jsonl", "csv", "parquet")
ORDERS = "model.harbor_cafe.fct_orders"
needs_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def rows_of(text: bytes, output_format: str) -> list[dict[str, Any]]:
    """What a machine reads from the output."""
    if output_format == "json":
        return json.loads(text)
    if output_format == "jsonl":
        return [json.loads(line) for line in text.splitlines()]
    if output_format == "csv":
        return list(csv.DictReader(io.StringIO(text.decode())))
    return parquet.read_table(io.BytesIO(text)).to_pylist()


@pytest.fixture
def wh(sample_warehouse: Warehouse) -> Path:
    """The samples, for reading."""
    return sample_warehouse.path


@pytest.fixture(scope="session")
def small_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.duckdb"
    Warehouse(path).load(GOOD)
    return path


@pytest.fixture
def small(small_warehouse: Path, tmp_path: Path) -> Path:
    """A warehouse of one artifact that a test may change."""
    return Path(shutil.copy(small_warehouse, tmp_path / "small.duckdb"))


@contextmanager
def held(path: Path, seconds: float = 60, read_only: bool = False) -> Iterator[int]:
    """Another process has the file open, for some seconds at most; its process id."""
    program = (
        f"import duckdb, time; connection = duckdb.connect({str(path)!r}, read_only={read_only})\n"
        f"print('held', flush=True); time.sleep({seconds})"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
            yield holder.pid
        finally:
            holder.kill()


def damaged(path: Path, statement: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)


# Help, version, completion


def test_the_help_lists_every_verb() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert tuple(sorted(cli.commands)) == VERBS
    for verb in VERBS:
        assert re.search(rf"^  {verb} +\w", result.stdout, re.MULTILINE)


@pytest.mark.parametrize("verb", OF_A_WAREHOUSE)
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    result = run(verb, "--help")
    assert run(verb, "-h").stdout == result.stdout
    assert (result.exit_code, result.stderr) == (0, "")
    assert re.search(rf"^  Example:\n    artifact-warehouse {verb} \S+\.duckdb", result.stdout, re.MULTILINE)
    assert "WH" in result.stdout.splitlines()[0]


@pytest.mark.parametrize("verb", OF_A_WAREHOUSE)
def test_the_example_of_the_help_is_a_call_that_the_verb_takes(verb: str) -> None:
    lines = [line for line in run(verb, "--help").stdout.splitlines() if line.startswith("    artifact-warehouse")]
    assert lines
    for line in lines:
        _, name, *arguments = shlex.split(line)
        assert name == verb
        cli.commands[verb].make_context(verb, arguments)


def test_the_module_is_the_command() -> None:
    result = run_process("--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"artifact-warehouse {__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["-h"], ["query", "--help"], ["load", "-h"]])
def test_what_needs_no_database_imports_none(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom artifact_warehouse.cli import cli\n"
        f"try: cli({arguments!r}, prog_name='artifact-warehouse')\n"
        "except SystemExit as end: print(end.code, *sorted({'duckdb', 'pyarrow', 'sqlglot', 'rich'} & {*sys.modules}))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "0"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_for_a_shell_is_printed(shell: str) -> None:
    environment = os.environ | {"_ARTIFACT_WAREHOUSE_COMPLETE": f"{shell}_source"}
    result = run_process(env=environment)
    assert result.returncode == 0
    assert "_artifact_warehouse_completion" in result.stdout
    assert f"_ARTIFACT_WAREHOUSE_COMPLETE={shell}_complete" in result.stdout


def test_a_verb_is_completed() -> None:
    environment = {"_ARTIFACT_WAREHOUSE_COMPLETE": "bash_complete", "COMP_WORDS": "aw st", "COMP_CWORD": "1"}
    result = run_process(env=os.environ | environment)
    assert (result.returncode, result.stdout) == (0, "plain,status\n")


# Exit codes


def test_exit_code_0_is_done(wh: Path) -> None:
    for call in (["status"], ["views"], ["query", "select 1"], ["lineage", ORDERS], ["migrate", "--list"]):
        result = run(call[0], wh, *call[1:])
        assert (call, result.exit_code) == (call, 0)


def test_exit_code_1_is_done_with_something_quarantined(small: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    result = run("load", small, tmp_path / "manifest.json", OTHER)
    assert result.exit_code == 1
    assert result.stdout == "loaded 1, unchanged 0, quarantined 1\n"
    assert f"quarantined {tmp_path / 'manifest.json'}: " in result.stderr


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["frobnicate", "{wh}"], "No such command 'frobnicate'"),
        (["load"], "Missing argument"),
        (["load", "{wh}"], "Missing argument"),
        (["load", "{wh}", "nowhere/"], "nowhere/: there is no such file or folder"),
        (["load", "{wh}", "nowhere/*.json"], "nowhere/*.json: there is no such file or folder"),
        (["load", "{folder}", str(GOOD)], "is a directory"),
        (["load", "{wh}", str(GOOD), "--format", "xml"], "'xml' is not one of"),
        (["load", "{wh}", str(GOOD), "--wait", "soon"], "'soon' is not a valid float"),
        (["query", "{wh}"], "give SQL, or a file with -f"),
        (["query", "{wh}", "selec 1"], "Parser Error"),
        (["query", "{wh}", "from v1.nothing"], "nothing"),
        (["query", "{wh}", "select 'x'::integer"], "Conversion Error"),
        (["query", "{wh}", "select 1", "--format", "tree"], "'tree' is not one of"),
        (["status", "{wh}", "--format", "csv"], "'csv' is not one of"),
        (["views", "{wh}", "nothing"], "there is no view 'nothing'"),
        (["lineage", "{wh}"], "Missing argument"),
        (["lineage", "{wh}", "nothing"], "no node is called 'nothing'"),
        (["lineage", "{wh}", ORDERS, "--depth", "0"], "0 is not in the range"),
        (["verify", "{wh}", "more"], "unexpected extra argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_code_2_is_a_call_that_cannot_be_carried_out(
    wh: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = run(*(a.format(wh=wh, folder=tmp_path) if "{" in a else a for a in arguments))
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


READING = {
    "status": ["status"],
    "views": ["views"],
    "views NAME": ["views", "nodes"],
    "query": ["query", "select 1"],
    "lineage": ["lineage", "orders"],
    "migrate": ["migrate"],
    "migrate --list": ["migrate", "--list"],
    "verify": ["verify"],
}


@pytest.mark.parametrize("call", READING.values(), ids=READING)
def test_exit_code_3_is_a_warehouse_that_does_not_exist_and_it_is_not_made(tmp_path: Path, call: list[str]) -> None:
    missing = tmp_path / "missing.duckdb"
    result = run(call[0], missing, *call[1:])
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"{missing}: there is no such warehouse" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", [*READING.values(), ["load", str(GOOD)]], ids=[*READING, "load"])
def test_exit_code_3_is_a_warehouse_of_a_newer_release(small: Path, call: list[str]) -> None:
    damaged(small, f"UPDATE {SCHEMA}.meta SET value = '999' WHERE key = 'format_version'")
    before = small.read_bytes()
    result = run(call[0], small, *call[1:])
    assert (result.exit_code, result.stdout) == (3, "")
    assert "upgrade artifact-warehouse" in result.stderr and "999" in result.stderr
    assert small.read_bytes() == before


@pytest.mark.parametrize("place", ["write", *release_only("read")])
def test_exit_code_130_is_an_interrupted_load(small: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(*{"read": (batches, "read_all"), "write": (writer, "settle_new")}[place], interrupt)
    result = run("load", small, OTHER)
    assert (result.exit_code, result.stdout) == (130, "")
    assert "interrupted" in result.stderr and "Traceback" not in result.stderr

    monkeypatch.undo()
    assert run("verify", small).exit_code == 0
    assert run("load", small, GOOD, OTHER).stdout == "loaded 1, unchanged 1, quarantined 0\n"


LOAD_IN_SMALL_STEPS = """
from artifact_warehouse.cli import main
from artifact_warehouse.load import LoadSettings
main(LoadSettings(batch_bytes=1, part_bytes=1))
"""


@pytest.mark.release
@needs_signals
def test_a_long_load_that_is_interrupted_keeps_what_it_has(tmp_path: Path, samples: Path) -> None:
    path = tmp_path / "wh.duckdb"
    command = [sys.executable, "-c", LOAD_IN_SMALL_STEPS, "load", str(path), str(samples), "-v"]
    Warehouse(path).migrate()
    start = path.stat().st_size
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    ) as process:
        deadline = time.monotonic() + 30
        while path.stat().st_size < start + 3_000_000 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        stdout, stderr = ended(process)

    assert (process.returncode, stdout) == (130, ""), stderr
    assert re.fullmatch(r"interrupted: kept [1-9]\d* of \d+ files; load again to continue\n", stderr)
    assert run("verify", path).exit_code == 0
    assert rows_of(run("query", path, "from v1.artifacts", "--format", "json").stdout_bytes, "json")
    assert run("load", path, OTHER).exit_code == 0


@needs_signals
def test_a_long_query_that_is_interrupted(wh: Path) -> None:
    # pandas too: DuckDB 1.5 imports it by itself, and swallows an interrupt that comes while it does
    imports = "import duckdb, pandas, pyarrow; from artifact_warehouse import cli, warehouse"
    program = f"{imports}; import artifact_warehouse.cli.formats\nprint(1, flush=True)\n"
    endless = "select count(*) from range(1000000000000) as numbers(n) where n % 7 = sqrt(n)"
    command = [sys.executable, "-c", f"{program}cli.main()", "query", str(wh), endless]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "1\n"
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        stdout, stderr = ended(process)
    assert "Traceback" not in stderr
    assert (process.returncode, stdout) == (130, "")


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What a process that was told to end printed; fails when it does not end."""
    try:
        return process.communicate(timeout=8)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail("the interrupted process goes on")


# Load


PACKINGS = (
    *("run_results.json", "run_results.json.gz", "run_results.json.zst"),
    *("runs.tar", "runs.tar.gz", "runs.tgz", "runs.tar.xz", "runs.tar.zst", "runs.zip"),
)


@pytest.mark.parametrize("name", ["run_results.json.gz", "runs.tar.zst", "runs.zip", *release_only(*PACKINGS)])
def test_an_artifact_is_loaded_from_any_packing(small: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "in" / name
    file.parent.mkdir()
    content, is_archive = OTHER.read_bytes(), name.startswith("runs.")
    alone = COMPRESS.get(file.suffix, bytes)(content)
    file.write_bytes(packed(name, {"target/run_results.json": content}) if is_archive else alone)
    result = run("load", small, file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "loaded 1, unchanged 0, quarantined 0\n"
    member = "!/target/run_results.json" if is_archive else ""
    with Warehouse(small, read_only=True) as opened:
        query = "SELECT uri FROM v1.artifacts WHERE uri NOT LIKE '%nightly%'"
        assert opened.sql(query).fetchall() == [(f"{file}{member}",)]
    assert run("load", small, OTHER).stdout == "loaded 0, unchanged 1, quarantined 0\n"


def test_an_artifact_is_loaded_from_stdin(small: Path) -> None:
    result = run("load", small, "-", "--environment", "ci", input=OTHER.read_bytes())
    assert (result.exit_code, result.stdout) == (0, "loaded 1, unchanged 0, quarantined 0\n")
    query = ["query", small, "select environment from v1.artifacts where uri = '-'", "--format", "json"]
    assert json.loads(run(*query).stdout) == [{"environment": "ci"}]


def test_nothing_on_stdin_is_quarantined(small: Path) -> None:
    result = run("load", small, "-", input=b"")
    assert (result.exit_code, result.stdout) == (1, "loaded 0, unchanged 0, quarantined 1\n")


def test_a_folder_and_globs_are_loaded(tmp_path: Path, samples: Path) -> None:
    globs = [f"{samples}/*/job=nightly/2026-11-0[12]*/run_results.json", f"{samples}/**/sources.json"]
    result = run("load", tmp_path / "wh.duckdb", *globs, NIGHTLY / "2026-11-02_01_build")
    assert (result.exit_code, result.stdout) == (0, "loaded 10, unchanged 0, quarantined 0\n")


def labels(path: Path) -> list[tuple[str, str, str]]:
    query = "SELECT DISTINCT project_name, environment, job_name FROM v1.artifacts ORDER BY ALL"
    with Warehouse(path, read_only=True) as opened:
        return opened.sql(query).fetchall()


def test_the_folders_of_the_path_label_what_is_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "project=cafe%20two" / "environment=stage" / "job=hourly"
    folder.mkdir(parents=True)
    shutil.copy(GOOD, folder)
    assert run("load", tmp_path / "wh.duckdb", tmp_path / "project=cafe%20two").exit_code == 0
    assert labels(tmp_path / "wh.duckdb") == [("cafe two", "stage", "hourly")]


def test_an_option_wins_over_the_folders_of_the_path(tmp_path: Path) -> None:
    options = ["--environment", "e", "--job", "j", "--project", "p"]
    for count in (2, 6):
        path = tmp_path / f"{count}.duckdb"
        assert run("load", path, GOOD, *options[:count]).exit_code == 0
        expected = ["e", "j", "p"][: count // 2] + ["prod", "nightly", "harbor_cafe"][count // 2 :]
        assert labels(path) == [(expected[2], expected[0], expected[1])]


def test_strict_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    result = run("load", tmp_path / "wh.duckdb", GOOD, tmp_path / "manifest.json", "--strict")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nothing was loaded" in result.stderr and "manifest.json" in result.stderr
    assert not (tmp_path / "wh.duckdb").exists()
    assert run("load", tmp_path / "wh.duckdb", GOOD, "--strict").stdout == "loaded 1, unchanged 0, quarantined 0\n"


def test_verbose_talks_about_every_file_on_stderr(small: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(OTHER, tmp_path / "in" / "run_results.json")
    shutil.copy(GOOD, tmp_path / "in" / "same.json")
    (tmp_path / "in" / "manifest.json").write_text("{")
    (tmp_path / "in" / "package.json").write_text('{"name": "web"}')
    result = run("load", small, tmp_path / "in", "-v")
    assert (result.exit_code, result.stdout) == (1, "loaded 1, unchanged 1, quarantined 1\n")
    said = [line.split(":")[0] for line in result.stderr.splitlines()]
    folder = tmp_path / "in"
    for line in ("loaded {}/run_results.json", "unchanged {}/same.json", "quarantined {}/manifest.json"):
        assert line.format(folder) in said
    assert f"skipped {folder}/package.json" in said


def test_without_verbose_only_what_is_wrong_is_talked_about(small: Path, tmp_path: Path) -> None:
    assert run("load", small, GOOD, OTHER).stderr == ""


@pytest.mark.parametrize("output_format", FORMATS[1:])
def test_the_outcomes_of_a_load_as_data(small: Path, tmp_path: Path, output_format: str) -> None:
    (tmp_path / "manifest.json").write_text("{")
    result = run("load", small, GOOD, OTHER, tmp_path / "manifest.json", "--format", output_format)
    assert result.exit_code == 1
    outcomes = rows_of(result.stdout_bytes, output_format)
    assert [(o["uri"], o["status"]) for o in outcomes] == [
        (str(GOOD), "unchanged"),
        (str(OTHER), "loaded"),
        (str(tmp_path / "manifest.json"), "quarantined"),
    ]
    assert list(outcomes[0]) == ["uri", "artifact_id", "kind", "status", "reason"]
    assert outcomes[2]["reason"] in result.stderr


@needs_a_terminal
def test_the_progress_bar_is_on_a_terminal_and_not_in_the_data(small: Path) -> None:
    stdout, terminal = in_a_terminal(["load", str(small), str(OTHER)], streams=["stderr"])
    assert stdout == "loaded 1, unchanged 0, quarantined 0\n"
    assert "loading" in terminal


@pytest.mark.parametrize(
    "names, message",
    [
        ((), ""),
        (("graph_summary.json", "perf_info.json", "osi_document.json", "graph_summary.json.gz"), ""),
        (("package.json",), "skipped a JSON file that is not an artifact of dbt\n"),
        (("package.json", "a.json", "perf_info.json"), "skipped 2 JSON files that are not an artifact of dbt\n"),
    ],
)
def test_files_that_dbt_writes_beside_its_artifacts_are_not_worth_a_line(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    shutil.copy(GOOD, target)
    (target / "partial_parse.msgpack").write_bytes(b"\x80")
    for name in names:
        content = b'{"linked": {"0": {"name": "model.a.b", "type": "model"}}}' + b" " * names.index(name)
        (target / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    result = run("load", tmp_path / "wh.duckdb", target)
    assert (result.exit_code, result.stderr) == (0, message)
    assert result.stdout == "loaded 1, unchanged 0, quarantined 0\n"


# Query


@pytest.mark.parametrize("output_format", FORMATS[1:])
def test_a_result_in_every_format(wh: Path, tmp_path: Path, output_format: str) -> None:
    sql = "select unique_id, distance from v1.ancestors_of('model.harbor_cafe.stg_orders') where environment = 'prod'"
    expected = [{"unique_id": "source.harbor_cafe.pos.orders", "distance": "1" if output_format == "csv" else 1}]
    printed = run("query", wh, sql, "--format", output_format)
    written = run("query", wh, sql, "--format", output_format, "-o", tmp_path / "out")
    for result in (printed, written):
        assert (result.exit_code, result.stderr) == (0, "")
    assert rows_of(printed.stdout_bytes, output_format) == expected
    assert written.stdout == ""
    assert (tmp_path / "out").read_bytes() == printed.stdout_bytes


def test_a_result_as_a_table(wh: Path, tmp_path: Path) -> None:
    expected = "name     count\n──────────────\norders       1\nnull\n"
    sql = "select * from (values ('orders', 1), ('null', null)) as t(name, count)"
    assert run("query", wh, sql).stdout == expected
    assert run("query", wh, sql, "-o", tmp_path / "out.txt").stdout == ""
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == expected


def test_the_query_is_read_from_stdin(wh: Path) -> None:
    result = run("query", wh, "-", "--format", "json", input="-- a comment\nselect 'ü' as letter;\n")
    assert json.loads(result.stdout) == [{"letter": "ü"}]


def test_json_columns_are_objects_in_json(wh: Path) -> None:
    sql = f"select config, tags, unique_id from v1.nodes where unique_id = '{ORDERS}' limit 1"
    for output_format in ("json", "jsonl"):
        [row] = rows_of(run("query", wh, sql, "--format", output_format).stdout_bytes, output_format)
        assert row["config"]["materialized"] and isinstance(row["tags"], list)
    [row] = rows_of(run("query", wh, sql, "--format", "csv").stdout_bytes, "csv")
    assert json.loads(row["config"])["materialized"]


@pytest.mark.parametrize(
    "statement",
    [
        f"insert into {SCHEMA}.meta values ('a', 'b')",
        f"delete from {SCHEMA}.artifacts",
        "create table mine as select 1",
        "create view v1.mine as select 1",
        "drop view v1.nodes",
        f"alter table {SCHEMA}.artifacts add column mine integer",
        "select 1; create table mine as select 1",
    ],
)
def test_a_query_cannot_write(small: Path, statement: str) -> None:
    before = small.read_bytes()
    result = run("query", small, statement)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "read-only" in result.stderr and "Traceback" not in result.stderr
    assert small.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1) to '{file}'",
        "attach '{file}' as other",
        "from read_csv('{file}')",
        "set enable_external_access = true",
        *release_only(
            "export database '{file}'",
            "from read_text('{file}')",
            "select * from glob('{file}')",
            "install httpfs from '{file}'",
        ),
    ],
)
def test_a_query_reaches_no_other_file(small: Path, tmp_path: Path, statement: str) -> None:
    """In a process of its own, as it is called: what is set there holds for all that opens the file."""
    for file in (tmp_path / "new", small.with_name("there.csv")):
        before = sorted(tmp_path.rglob("*"))
        result = run_process("query", small, statement.format(file=file))
        assert (result.returncode, result.stdout) == (2, "")
        assert "Error: " in result.stderr and "Traceback" not in result.stderr
        assert sorted(tmp_path.rglob("*")) == before


def test_a_result_that_cannot_be_written_is_a_clear_error(wh: Path, tmp_path: Path) -> None:
    result = run("query", wh, "select 1", "-o", tmp_path / "nowhere" / "out.csv", "--format", "csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(tmp_path / "nowhere" / "out.csv") in result.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "call enable_logging(storage='file', storage_path='{}/logs')",
        "call enable_logging(storage='stdout'); select 1",
        "set enable_logging = true",
        "set memory_limit = '1TB'",
        "from enable_logging('QueryLog', storage='file', storage_path='{}/logs.csv')",
    ],
)
def test_a_query_changes_no_setting(wh: Path, tmp_path: Path, statement: str) -> None:
    """In a process of its own: DuckDB aborts where the log of `enable_logging` cannot be written."""
    result = run_process("query", wh, statement.format(tmp_path))
    if result.returncode == 0:  # DuckDB before 1.5 does not lock the logging, and does not abort
        assert duckdb.__version__.startswith("1.4.")
    else:
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith("Error: ") and "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


ENDLESS = "select count(*) from range(10000000) a, range(10000000) b where a.range + b.range = -1"


def test_a_query_ends_at_its_timeout(wh: Path) -> None:
    started = time.monotonic()
    result = run("query", wh, ENDLESS, "--timeout", "0.5")
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert result.stderr == "Error: the query took longer than 0.5 seconds; raise --timeout\n"
    assert time.monotonic() - started < 300
    statements = f"{ENDLESS}; select 1"  # those before the last one are executed at once
    assert run("query", wh, statements, "--timeout", "0.5").exit_code == 2
    for unlimited in ("0", "600"):
        assert run("query", wh, "select 1 as x", "--timeout", unlimited, "--format", "csv").stdout == "x\n1\n"
    assert run("query", wh, "select 1", "--timeout", "-1").exit_code == 2


@pytest.mark.parametrize(
    "sql, complaint",
    [
        ("select range, repeat('x', 1000) as s from range(100000)", "the result is larger than 40MB"),
        ("select list(range::varchar || repeat('x', 1000)) from range(100000)", "Memory"),
    ],
)
def test_a_query_stays_within_its_memory(wh: Path, sql: str, complaint: str) -> None:
    result = run("query", wh, sql, "--memory-limit", "40MB")
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in result.stderr and "raise --memory-limit" in result.stderr
    assert run("query", wh, sql, "--memory-limit", "2GiB", "--format", "jsonl").exit_code == 0
    assert "is not a size" in run("query", wh, sql, "--memory-limit", "much").stderr


MB = 1024 * 1024
LONG_ROWS = "select repeat('x', 1000000) as s from range({})"
"""DuckDB makes the texts of 2,048 rows at a time, and does not count them."""


MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "artifact_warehouse", *sys.argv[2:]], stdout=open(sys.argv[1], "wb"))
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""
"""A process between: the peak of a child begins with what its parent has."""


def peak(tmp_path: Path, *call: object) -> tuple[int, str, int]:
    """The exit code, the messages and the most memory of a call, whose stdout goes to a file."""
    command = [sys.executable, "-c", MEASURE, tmp_path / "stdout", *map(str, call)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, bytes_used = done.stdout.split()
    return int(code), done.stderr, int(bytes_used)


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_DATA to count all memory")
@pytest.mark.parametrize("output_format", ["csv", *release_only(*(name for name in FORMATS if name != "csv"))])
def test_long_rows_stay_within_the_limit_of_memory(wh: Path, tmp_path: Path, output_format: str) -> None:
    limited = ("--memory-limit", "50MB", "--format", output_format)
    code, said, bytes_used = peak(tmp_path, "query", wh, LONG_ROWS.format(10_000), *limited)
    assert (code, (tmp_path / "stdout").stat().st_size) == (2, 0)
    assert "Memory" in said and said.endswith("raise --memory-limit\n") and "Traceback" not in said
    assert bytes_used < 400 * MB  # twice the limit, and what Python and the libraries take


@pytest.mark.release
@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_DATA to count all memory")
@pytest.mark.parametrize("output_format", ["jsonl", *release_only("csv", "json", "md", "parquet")])
def test_a_result_far_above_the_limit_is_written_as_it_comes(wh: Path, tmp_path: Path, output_format: str) -> None:
    sql = "select range, repeat('x', 1000) || range as s from range(300000)"
    call = ("query", wh, sql, "--memory-limit", "50MB", "--format", output_format)
    code, said, bytes_used = peak(tmp_path, *call)
    assert (code, said) == (0, "")
    assert bytes_used < 400 * MB
    if output_format == "jsonl":
        assert (tmp_path / "stdout").stat().st_size > 250 * MB


def test_a_file_of_a_query_that_fails_late_is_no_result(wh: Path, tmp_path: Path) -> None:
    late = "select case when range = 500000 then error('boom') end as x from range(1000000)"
    result = run("query", wh, late, "-o", tmp_path / "out.csv")
    assert result.exit_code == 2 and "boom" in result.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("value", ["error('boom')", "'boom'::int"])
def test_a_query_that_fails_at_a_later_row_is_no_fault_of_ours(wh: Path, value: str) -> None:
    result = run("query", wh, f"select case when range = 500000 then {value} end as x from range(1000000)")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "boom" in result.stderr and "Traceback" not in result.stderr


def test_a_query_has_a_limit_of_memory_without_asking(wh: Path) -> None:
    setting = "select current_setting('memory_limit')"
    [(of_duckdb,)] = duckdb.connect().sql(setting).fetchall()
    [row] = json.loads(run("query", wh, f"{setting} as x", "--format", "json").stdout)
    assert size_of_text(row["x"]) == pytest.approx(size_of_text(of_duckdb) / 2, rel=0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_reader_that_goes_away_is_no_crash(wh: Path) -> None:
    command = f"{sys.executable} -m artifact_warehouse query {wh} 'from range(200000)' --format jsonl | head -1"
    result = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=False)
    assert (result.stdout, result.stderr) == ('{"range": 0}\n', "")


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_time_that_python_does_not_know_is_no_crash(wh: Path, output_format: str) -> None:
    times = "timestamp 'infinity' as a, date '-infinity' as b, date '5000-01-01 (BC)' as c"
    result = run("query", wh, f"select 'here' as name, {times}", "--format", output_format)
    assert result.exit_code == 0, result.exception
    if output_format != "parquet":
        assert "here" in result.stdout


# Status and views


def test_the_status_says_what_is_in_the_file(wh: Path) -> None:
    result = run("status", wh)
    assert (result.exit_code, result.stderr) == (0, "")
    first, *lines = [line.split() for line in result.stdout.splitlines()]
    assert [str(wh), "52", "artifacts", "harbor_cafe"] == [
        first[0],
        *first[first.index("artifacts") - 1 :][:2],
        first[-1],
    ]
    assert ["dev", "adhoc", "run"] in [line[:3] for line in lines]
    assert ["1", "failing"] in lines
    assert "quarantined" not in result.stdout and SCHEMA not in result.stdout
    assert f"{SCHEMA}.node_executions" in run("status", wh, "--storage").stdout


def test_the_status_as_data(wh: Path) -> None:
    status = json.loads(run("status", wh, "--storage", "--format", "json").stdout)
    assert set(status) >= {
        "last_runs",
        "failing",
        "stale",
        "flaky",
        "environments",
        "artifacts",
        "tables",
        "quarantined",
    }
    assert [(row["environment"], row["name"]) for row in status["failing"]] == [("dev", "fct_ferry_demand")]
    assert [(e["project"], e["environment"], e["invocations"]) for e in status["environments"]] == [
        ("harbor_cafe", "dev", 3),
        ("harbor_cafe", "prod", 14 + 6),  # six sources.json
    ]
    assert sum(a["artifacts"] for a in status["artifacts"]) == 52
    tables = {table["table"]: table for table in status["tables"]}
    executions = tables[f"{SCHEMA}.node_executions"]
    assert executions["rows"] == 772 and executions["bytes"] > 0
    assert status["quarantined"] == []


def test_the_status_names_what_is_quarantined(small: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    run("load", small, tmp_path / "manifest.json")
    [quarantined] = json.loads(run("status", small, "--format", "json").stdout)["quarantined"]
    assert quarantined["uri"] == str(tmp_path / "manifest.json")
    assert quarantined["error"] in run("status", small).stdout


@pytest.mark.parametrize("output_format", FORMATS[1:])
def test_the_views_as_data(wh: Path, output_format: str) -> None:
    result = run("views", wh, "--format", output_format)
    views = {view["name"]: view for view in rows_of(result.stdout_bytes, output_format)}
    assert views["v1.nodes"]["grain"] == "project_name, environment, unique_id"
    assert views["v1.ancestors_of"]["kind"] == "macro"
    assert all(view["summary"] for view in views.values())
    with Warehouse(wh, read_only=True) as opened:
        query = "SELECT 'v1.' || view_name FROM duckdb_views() WHERE schema_name = 'v1'"
        deployed = {name for (name,) in opened.sql(query).fetchall()}
    assert {name for name, view in views.items() if view["kind"] == "view"} == deployed


@pytest.mark.parametrize("name", ["node_success_rates", "v1.node_success_rates"])
def test_a_view_has_its_grain_its_columns_their_types_and_comments(wh: Path, tmp_path: Path, name: str) -> None:
    result = run("views", wh, name, "--format", "json")
    assert result.exit_code == 0
    assert "one row per project_name, environment, unique_id" in result.stderr
    columns = {column["name"]: column for column in json.loads(result.stdout)}
    assert (columns["executed_count"]["type"], columns["success_rate"]["type"]) == ("BIGINT", "DOUBLE")
    assert all(column["comment"] for column in columns.values())
    run("views", wh, name, "--format", "json", "-o", tmp_path / "out.json")
    assert (tmp_path / "out.json").read_bytes() == result.stdout_bytes


def test_a_macro_has_its_columns_and_their_types(wh: Path) -> None:
    columns = json.loads(run("views", wh, "ancestors_of", "--format", "json").stdout)
    types = {column["name"]: column["type"] for column in columns}
    assert list(types) == ["project_name", "environment", "unique_id", "resource_type", "name", "distance"]
    assert {types[name] for name in list(types)[:5]} == {"VARCHAR"}


def test_an_unknown_view_is_told_what_views_there_are(wh: Path) -> None:
    result = run("views", wh, "node_sucess_rates")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no view 'node_sucess_rates'" in result.stderr
    assert "node_success_rates" in result.stderr


# Lineage


def lineage(wh: Path, *arguments: object) -> list[dict[str, Any]]:
    result = run("lineage", wh, *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


UPSTREAM = {("int_order_totals", 1), ("stg_orders", 1), ("stg_order_lines", 2), ("orders", 2), ("order_lines", 3)}


def test_the_rows_of_a_lineage(wh: Path, sample_warehouse: Warehouse) -> None:
    both = lineage(wh, "fct_orders")
    up, down = lineage(wh, ORDERS, "--up"), lineage(wh, ORDERS, "--down")
    assert both == up + down
    assert {row["direction"] for row in up} == {"up"} and {row["direction"] for row in down} == {"down"}
    assert {(row["name"], row["distance"]) for row in up} == UPSTREAM
    keys = ("project_name", "environment", "unique_id", "resource_type", "name", "distance")
    for rows, relation in (
        (up, sample_warehouse.ancestors(ORDERS)),
        (down, sample_warehouse.descendants(ORDERS)),
    ):
        assert rows and {tuple(row[key] for key in keys) for row in rows} == set(relation.fetchall())


def test_the_depth_of_a_lineage(wh: Path) -> None:
    assert {row["name"] for row in lineage(wh, ORDERS, "--up", "--depth", 1)} == {"int_order_totals", "stg_orders"}
    assert {(row["name"], row["distance"]) for row in lineage(wh, ORDERS, "--up", "--depth", 9)} == UPSTREAM
    assert lineage(wh, "source.harbor_cafe.pos.orders", "--up") == []
    assert {row["distance"] for row in lineage(wh, ORDERS, "--depth", 2)} == {1, 2}


@pytest.mark.parametrize("output_format", FORMATS[1:])
def test_a_lineage_in_every_format(wh: Path, tmp_path: Path, output_format: str) -> None:
    result = run("lineage", wh, ORDERS, "--up", "--format", output_format)
    rows = rows_of(result.stdout_bytes, output_format)
    assert {(row["name"], int(row["distance"])) for row in rows} == UPSTREAM
    run("lineage", wh, ORDERS, "--up", "--format", output_format, "-o", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == result.stdout_bytes


TREE = """\
model.harbor_cafe.fct_orders depends on
├── model int_order_totals
│   ├── model stg_order_lines
│   │   └── source order_lines
│   └── model stg_orders
│       └── source orders
└── model stg_orders (see above)
"""


def unmarked(tree: str) -> str:
    """A tree without the marks of what failed and what is stale."""
    return re.sub(r" (✗|!|stale) *$", "", tree, flags=re.MULTILINE)


def test_the_tree_of_a_lineage(wh: Path) -> None:
    assert unmarked(run("lineage", wh, ORDERS, "--up", "--format", "tree").stdout) == TREE
    shallow = run("lineage", wh, ORDERS, "--up", "--depth", 1, "--format", "tree").stdout
    assert unmarked(shallow).splitlines()[1:] == ["├── model int_order_totals", "└── model stg_orders"]
    both = run("lineage", wh, ORDERS, "--format", "tree").stdout
    assert f"{ORDERS} depends on\n" in both and f"depends on {ORDERS}\n" in both


def test_every_node_of_a_lineage_is_in_the_tree(wh: Path) -> None:
    tree = run("lineage", wh, "stg_orders", "--down", "--format", "tree").stdout
    for row in lineage(wh, "stg_orders", "--down"):
        assert re.search(rf"── {row['resource_type']} {re.escape(row['name'])}( |$)", tree, re.MULTILINE)


def test_the_tree_is_written_to_the_file_that_is_named(wh: Path, tmp_path: Path) -> None:
    result = run("lineage", wh, ORDERS, "--up", "--format", "tree", "-o", tmp_path / "tree.txt")
    assert (result.exit_code, result.stdout) == (0, "")
    assert unmarked((tmp_path / "tree.txt").read_text(encoding="utf-8")) == TREE


def test_rows_where_there_is_no_terminal(wh: Path) -> None:
    assert run("lineage", wh, ORDERS).stdout.split()[:3] == ["direction", "distance", "unique_id"]
    assert run("lineage", wh, ORDERS).stdout == run("lineage", wh, ORDERS, "--format", "table").stdout


@needs_a_terminal
def test_a_tree_on_a_terminal_and_rows_in_a_file(wh: Path, tmp_path: Path) -> None:
    _, terminal = in_a_terminal(["lineage", str(wh), ORDERS, "--up"], streams=["stdout"])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal).replace("\r\n", "\n")
    assert unmarked(plain) == TREE
    _, terminal = in_a_terminal(["lineage", str(wh), ORDERS, "--up", "-o", str(tmp_path / "rows")], streams=["stdout"])
    assert terminal == ""
    assert (tmp_path / "rows").read_bytes() == run("lineage", wh, ORDERS, "--up").stdout_bytes


def test_a_name_that_several_nodes_have_is_told_the_candidates(wh: Path) -> None:
    result = run("lineage", wh, "dim_guests")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "model.harbor_cafe.dim_guests.v1" in result.stderr
    assert "model.harbor_cafe.dim_guests.v2" in result.stderr


def test_a_name_that_no_node_has_is_told_how_to_find_one(wh: Path) -> None:
    result = run("lineage", wh, "nothing at all")
    assert result.exit_code == 2
    assert "no node is called 'nothing at all'" in result.stderr and "v1.nodes" in result.stderr


# Migrate and verify


def older(path: Path) -> None:
    """The warehouse as an older release would have left it: a view, a table and a column are missing."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP VIEW v1.test_failure_rates")
        connection.execute(f"DROP TABLE {SCHEMA}.relation_stats")
        connection.execute(f"ALTER TABLE {SCHEMA}.artifacts DROP COLUMN catalog_set_id")
        connection.execute(f"UPDATE {SCHEMA}.meta SET value = 'older' WHERE key = 'views'")


def test_the_list_of_a_migration_changes_nothing(small: Path) -> None:
    older(small)
    before = small.read_bytes()
    result = run("migrate", small, "--list")
    assert (result.exit_code, result.stderr) == (0, "")
    changes = result.stdout.splitlines()
    assert len(changes) == 3
    assert f"create table {SCHEMA}.relation_stats" in changes
    assert any(change.startswith(f"add column {SCHEMA}.artifacts.catalog_set_id ") for change in changes)
    assert "deploy the views of this release" in changes
    assert small.read_bytes() == before
    assert [p.name for p in small.parent.iterdir()] == [small.name]


@pytest.mark.release
def test_a_migration_brings_an_older_file_up_to_date(small: Path) -> None:
    older(small)
    listed = run("migrate", small, "--list").stdout
    assert run("migrate", small).stdout == listed
    assert run("migrate", small).stdout == ""
    assert run("migrate", small, "--list").stdout == ""
    assert run("verify", small).exit_code == 0
    assert run("load", small, GOOD).stdout == "loaded 0, unchanged 1, quarantined 0\n"


@pytest.mark.release
def test_a_load_migrates_and_reading_does_not(small: Path) -> None:
    older(small)
    before = small.read_bytes()
    for call in READING.values():
        if call != ["migrate"]:
            result = run(call[0], small, *call[1:])
            assert isinstance(result.exception, SystemExit | None), (call, result.exception)
            assert result.exit_code in (0, 2) or "migrate" in result.output, (call, result.output)
    assert small.read_bytes() == before
    assert run("load", small, OTHER).stdout == "loaded 1, unchanged 0, quarantined 0\n"
    assert run("migrate", small, "--list").stdout == ""
    assert run("verify", small).exit_code == 0


def test_a_sound_warehouse_is_verified(wh: Path) -> None:
    result = run("verify", wh)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "all is well\n")


@pytest.mark.parametrize(
    "damage, message",
    [
        ("INSERT INTO {0}.node_executions FROM {0}.node_executions LIMIT 3", "a result is stored twice: 3 times"),
        ("DROP VIEW v1.test_failure_rates", "v1.test_failure_rates"),
        *release_only(
            ("DELETE FROM {}.settled_artifacts", "a loaded artifact is missing in stored.settled_artifacts: 1 time"),
            (
                "DELETE FROM {}.node_executions WHERE rowid % 2 = 0",
                "a run_results does not have all its results: 1 time",
            ),
            ("DELETE FROM {}.artifacts", "no artifact"),
        ),
    ],
)
def test_a_damaged_warehouse_is_told_what_is_broken(small: Path, damage: str, message: str) -> None:
    damaged(small, damage.format(SCHEMA))
    result = run("verify", small)
    assert result.exit_code == 1
    assert message in result.stdout
    assert "all is well" not in result.stderr and "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


# Locks


@pytest.mark.parametrize("call", [["status"], ["query", "select 1"], ["load", str(OTHER)], ["migrate"]])
def test_a_held_warehouse_is_told_who_holds_it(small: Path, call: list[str]) -> None:
    with held(small) as holder:
        start = time.monotonic()
        result = run(call[0], small, *call[1:], "--wait", "0.3")
        assert 0.3 <= time.monotonic() - start < 5
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"process {holder}" in result.stderr and str(small) in result.stderr


def test_a_writer_waits_for_a_reader_and_a_reader_does_not(small: Path) -> None:
    with held(small, read_only=True) as holder:
        assert run("status", small, "--wait", "0").exit_code == 0
        result = run("load", small, OTHER, "--wait", "0.1")
        assert result.exit_code == 3
        assert f"process {holder}" in result.stderr


@pytest.mark.parametrize("call", [["query", "select 1 as one", "--format", "csv"], ["load", str(OTHER)]])
def test_a_warehouse_that_is_let_go_in_time_is_opened(small: Path, call: list[str]) -> None:
    with held(small, seconds=1):
        result = run(call[0], small, *call[1:], "--wait", "30")
    assert result.exit_code == 0, result.stderr
    assert result.stdout in ("one\n1\n", "loaded 1, unchanged 0, quarantined 0\n")


# Names of files, and what artifacts bring to the terminal


@pytest.mark.release
@pytest.mark.parametrize("name", ["my ware-house.db", *release_only("select", "dbt.duckdb", "main.duckdb")])
def test_a_warehouse_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert run("load", path, GOOD).stdout == "loaded 1, unchanged 0, quarantined 0\n"
    assert run("verify", path).exit_code == 0
    assert run("query", path, "select count(*) as n from v1.artifacts", "--format", "csv").stdout == "n\n1\n"
    assert run("views", path, "nodes", "--format", "csv").stdout.startswith("name,type,comment\nproject_name,")
    assert run("migrate", path, "--list").stdout == ""


@pytest.mark.skipif(sys.platform == "win32", reason="no such file names")
@pytest.mark.parametrize("options", [[], ["--strict"], ["-v"]])
def test_no_message_steers_the_terminal(small: Path, tmp_path: Path, options: list[str]) -> None:
    file = tmp_path / "\x1b]0;owned\x07\x1b[31mmanifest.json"
    file.write_text("{")
    result = run("load", small, file, *options, color=True)
    assert result.exit_code == 1
    assert "manifest.json" in result.stderr
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", result.output)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse whose node has control characters in its id and in its name."""
    folder = tmp_path_factory.mktemp("hostile")
    manifest = json.loads((GOOD.parent / "manifest.json").read_bytes())
    text = json.dumps(manifest).replace(ORDERS, r"model.harbor_cafe.fct_\u001b[31morders")
    (folder / "manifest.json").write_text(text.replace('"name": "fct_orders"', r'"name": "fct_\u001b[31morders"'))
    Warehouse(folder / "wh.duckdb").load(folder / "manifest.json")
    return folder / "wh.duckdb"


@pytest.mark.parametrize(
    "arguments",
    [
        ["harbor_cafe.fct_"],
        ["model.harbor_cafe.fct_\x1b[31morders", "--format", "tree"],
        ["rpt_loyalty", "--format", "tree"],
        ["rpt_loyalty"],
    ],
)
def test_no_node_steers_the_terminal(hostile: Path, arguments: list[str]) -> None:
    result = run("lineage", hostile, *arguments, color=True)
    assert "31morders" in result.output
    assert "\x1b" not in result.output


def in_a_terminal(arguments: list[str], streams: list[str]) -> tuple[str, str]:
    """Run the command with some streams at a pseudo-terminal: what went to the pipe of stdout, and to the terminal."""
    import pty

    ours, theirs = pty.openpty()
    files = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | dict.fromkeys(streams, theirs)
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen([*COMMAND, *arguments], stdin=subprocess.DEVNULL, env=environment, **files) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so when the other side is closed
                break
            if not part:
                break
            parts.append(part)
        os.close(ours)
        stdout = process.stdout.read().decode() if process.stdout else ""
        stderr = process.stderr.read().decode() if process.stderr else ""
        process.wait(timeout=30)
    assert process.returncode == 0, stderr
    return stdout, b"".join(parts).decode()
