"""The commands about the warehouse file: `status`, `views`, `query`, `sql`, `migrate`, `prune` and `verify`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from artifact_warehouse.cli.completion import complete
from artifact_warehouse.cli.options import (
    LOG_FORMAT,
    NOW,
    PAGER,
    TIMES,
    WAIT,
    WAREHOUSE,
    ExitCode,
    now_in_utc,
    size_option,
    talk,
)
from artifact_warehouse.cli.output import (
    Output,
    is_written_by_batch,
    print_described,
    print_json,
    print_line,
    print_lines,
    print_table,
    reporting,
    result_options,
)
from artifact_warehouse.cli.terminal import terminal
from artifact_warehouse.errors import QueryFailed, QueryStuck
from artifact_warehouse.process import memory

SHELLS = ("harlequin", "duckdb")


@click.command()
@WAREHOUSE
@click.option("--storage", is_flag=True, help="The rows and bytes of each table, too.")
@NOW
@WAIT
@PAGER
@click.option(
    "--format", "output_format", type=click.Choice(["table", "json"]), default="table", help="The format of the result."
)
def status(warehouse: Path, storage: bool, now: datetime | None, wait: float, output_format: str) -> None:
    """Show what matters first: the last runs, what fails, what is stale or flaky, and what to ask next.

    \b
    Example:
      artifact-warehouse status dbt.duckdb
    """
    from artifact_warehouse.cli.status_page import status_lines
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        sections = wh.status(storage=storage)
    if output_format == "json":
        print_json({name: table.to_pylist() for name, table in sections.items()})
    else:
        print_lines(status_lines(warehouse, sections, terminal(), now_in_utc(now)))


@click.command()
@WAREHOUSE
@click.argument("name", required=False, shell_complete=complete("views"))
@WAIT
@result_options()
def views(warehouse: Path, name: str | None, wait: float, output: Output) -> None:
    """List the views of schema v1; with NAME, the columns of one view.

    \b
    Example:
      artifact-warehouse views dbt.duckdb node_success_rates
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        if name is None:
            found = wh.describe_views()
            is_list = output.is_table and sys.stdout.isatty() and not output.is_wide
            print_described(found.select(["name", "summary"]) if is_list else found, output)
        else:
            file, columns = wh.describe_view(name)
            about = f"{file.full_name}: {file.summary}\none row per {', '.join(file.grain)}\n"
            if output == Output("table"):
                print_line(about)
            else:
                talk().say("info", "view", about)
            print_described(columns, output)


def _to_parameters(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if wrong := [name for name, equals, _ in pairs if not (equals and name.isidentifier())]:
        raise click.BadParameter(f"{wrong[0]!r} is no parameter; write name=value")
    return {name: value for name, _, value in pairs}


@click.command()
@WAREHOUSE
@click.argument("sql", required=False)
@click.option(
    *("-f", "--file"), type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Read the SQL from this file."
)
@click.option(
    *("-p", "--parameter", "parameters"),
    metavar="NAME=VALUE",
    multiple=True,
    callback=_to_parameters,
    help="The value of $NAME in the SQL.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=600,
    show_default=True,
    help="Stop a query that takes longer; 0 for no limit.",
)
@size_option("--memory-limit", None, "Of DuckDB, and again of the result. By default 40% of the memory each.")
@WAIT
@result_options()
def query(
    warehouse: Path,
    sql: str | None,
    file: Path | None,
    parameters: dict[str, str],
    wait: float,
    output: Output,
    timeout: float,
    memory_limit: int | None,
) -> None:
    """Run SQL. It can write nothing, read no other file and change no setting. SQL is - to read it from stdin.

    Views of v1 need no schema: `show tables` lists them. CSV, JSON, Parquet and Markdown are written as the rows come,
    except to a terminal.

    \b
    Example:
      artifact-warehouse query dbt.duckdb "from test_failure_rates order by failure_rate desc limit 5"
      artifact-warehouse query dbt.duckdb "from models where name = $name" -p name=fct_orders
    """
    from artifact_warehouse.warehouse import Warehouse

    text = _statement(sql, file)
    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        limit = wh.default_memory_limit() if memory_limit is None else memory_limit
        with _limited(limit), _ending_if_stuck():
            if is_written_by_batch(output):
                batches = wh.query_batches(text, parameters, is_confined=True, timeout=timeout, memory_limit=limit)
                try:
                    print_table(batches.reader, output, batches.json_columns)
                finally:
                    batches.close()
            else:
                result = wh.query(text, parameters, is_confined=True, timeout=timeout, memory_limit=limit)
                print_table(result.table, output, result.json_columns)


@contextmanager
def _ending_if_stuck() -> Iterator[None]:
    """End this process where DuckDB does not end a query: closing the file would wait for it. Nothing is lost."""
    try:
        yield
    except QueryStuck as error:
        talk().say("error", "failed", f"Error: {error}", exit_code=int(ExitCode.USAGE))
        os._exit(ExitCode.USAGE)


_HEADROOM_BYTES = 128 * 1024**2
"""Of Python and of the formats, beside DuckDB and the result."""


@contextmanager
def _limited(limit_bytes: int) -> Iterator[None]:
    """Limit all memory of the process: DuckDB does not count the texts that an expression makes."""
    try:
        with memory(2 * limit_bytes + _HEADROOM_BYTES):
            yield
    except MemoryError as error:
        raise QueryFailed("the result needs more memory to be written; select less, or raise --memory-limit") from error


@click.command()
@WAREHOUSE
@click.option("--shell", type=click.Choice(SHELLS), help="The shell; the first that is installed.")
@WAIT
@LOG_FORMAT
def sql(warehouse: Path, shell: str | None, wait: float) -> None:
    """Open a SQL shell on a copy of WH: harlequin, or DuckDB's own. Loads go on meanwhile.

    Views of v1 need no schema. The copy is read-only, and is removed at the end.

    \b
    Example:
      artifact-warehouse sql dbt.duckdb --shell duckdb
    """
    from artifact_warehouse.warehouse import Warehouse

    program = next((found for name in ([shell] if shell else SHELLS) if (found := shutil.which(name))), None)
    if program is None:
        raise click.UsageError(f"{shell or ' or '.join(SHELLS)} is not installed: pip install duckdb-cli")
    with tempfile.TemporaryDirectory() as folder:
        copy = Warehouse(warehouse, read_only=True, wait=wait).copy(Path(folder) / f"{warehouse.stem}.duckdb")
        sys.exit(subprocess.run(_shell_command(program, copy), check=False).returncode)


def _shell_command(program: str, copy: Path) -> list[str]:
    """The command of a shell that begins with the statements of `shell_start`."""
    from artifact_warehouse.storage import SHELL_START

    start = copy.with_name("start.sql")
    start.write_text(SHELL_START, encoding="utf-8")
    if Path(program).stem == "harlequin":
        return [program, "--read-only", "--init-path", str(start), str(copy)]
    return [program, "-readonly", "-cmd", SHELL_START, str(copy)]


def _statement(sql: str | None, file: Path | None) -> str:
    """The SQL of an argument, of stdin or of a file. Raises UsageError unless exactly one of both is given."""
    if sql is None and file is not None:
        return _read_sql(file)
    if sql is None or file is not None:
        raise click.UsageError("give SQL, or a file with -f")
    return _read_stdin() if sql == "-" else sql


def _read_sql(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file}: cannot be read: {error}") from error


def _read_stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except OSError as error:
        raise click.UsageError(f"stdin: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"stdin: is not UTF-8: {error}") from error


@click.command()
@WAREHOUSE
@click.option("--list", "list_only", is_flag=True, help="Print the changes, and make none.")
@WAIT
@LOG_FORMAT
def migrate(warehouse: Path, list_only: bool, wait: float) -> None:
    """Migrate a warehouse of an earlier release.

    \b
    Example:
      artifact-warehouse migrate dbt.duckdb --list
    """
    from artifact_warehouse.warehouse import Warehouse

    wh = Warehouse(warehouse, wait=wait)
    changes = wh.pending_changes()  # raises WarehouseNotFound, where `migrate` would create a file
    if list_only:
        for change in changes:
            print_line(change)
        return
    wh.migrate()
    with reporting("the warehouse was migrated"):
        for change in changes:
            print_line(change)


@click.command()
@WAREHOUSE
@click.option(
    "--before",
    metavar="TIME",
    type=click.DateTime(TIMES),
    required=True,
    help="Remove what is older (UTC, or with an offset).",
)
@click.option("--keep-daily-rates", is_flag=True, help="Keep counts by day, so that no rate changes.")
@click.option("-y", "--yes", is_flag=True, help="Remove without asking. Without it, a terminal asks first.")
@WAIT
@LOG_FORMAT
@result_options(to_file=False)
def prune(warehouse: Path, yes: bool, wait: float, output: Output, **options: Any) -> None:
    """Print what is older than a time, then remove it and shrink the file.

    \b
    Example:
      artifact-warehouse prune dbt.duckdb --before 2026-01-01 --keep-daily-rates
    """
    from artifact_warehouse.warehouse import Warehouse

    wh = Warehouse(warehouse, wait=wait)
    planned = wh.prune(**options)
    print_table(planned.to_arrow(), output)
    is_confirmed = yes or (sys.stdin.isatty() and click.confirm("Prune?", err=True))
    if not is_confirmed:
        talk().say("info", "planned", "nothing was changed; --yes prunes")
        return
    done = wh.prune(**options, dry_run=False)
    sizes = {"size_bytes_before": done.size_bytes_before, "size_bytes_after": done.size_bytes_after or 0}
    talk().say("info", "pruned", "pruned: the file had {:,} bytes and has {:,}".format(*sizes.values()), **sizes)


@click.command()
@WAREHOUSE
@WAIT
@LOG_FORMAT
def verify(warehouse: Path, wait: float) -> None:
    """Check the views' contract, the integrity of the tables, and invariants; exit with 1 where one is broken.

    \b
    Example:
      artifact-warehouse verify dbt.duckdb
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        broken = wh.verify()
    for line in broken:
        print_line(line)
    if broken:
        talk().log("error", "broken", "; ".join(broken), broken_count=len(broken))
        sys.exit(ExitCode.FINDINGS)
    talk().say("info", "verified", "all is well")
