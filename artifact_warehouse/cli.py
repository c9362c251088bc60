"""The command line: arguments in, a call of `Warehouse`, output out. stdout is data, stderr is talk."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from artifact_warehouse.errors import (
    ArtifactWarehouseError,
    QuarantinedArtifacts,
    WarehouseError,
)
from artifact_warehouse.limits import Limits, size_of_text, text_of_size
from artifact_warehouse.startup import be_frugal
from artifact_warehouse.terminal import visible

if TYPE_CHECKING:
    import pyarrow as pa

    from artifact_warehouse.loading import LoadReport


class ExitCode(IntEnum):
    """What the exit codes mean."""

    DONE = 0
    QUARANTINED = 1
    """Done, but some artifacts were quarantined; or `verify` found something broken."""
    USAGE = 2
    """The call cannot be carried out: a path, a node, a view or a query is wrong."""
    CANNOT_OPEN = 3
    """The warehouse cannot be opened: locked, newer than this release, or no warehouse."""
    INTERRUPTED = 130


class _BadCall(click.ClickException):
    exit_code = ExitCode.USAGE


class _CannotOpen(click.ClickException):
    exit_code = ExitCode.CANNOT_OPEN


class _Quarantined(click.ClickException):
    exit_code = ExitCode.QUARANTINED


_DUCKDB_INTERRUPTED = "Query interrupted"
"""What DuckDB makes of a KeyboardInterrupt, as a RuntimeError."""


class _Commands(click.Group):
    """Maps the package's errors to messages and exit codes; anything else is a bug and shows its trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WarehouseError as error:
            raise _CannotOpen(visible(str(error))) from error
        except QuarantinedArtifacts as error:
            raise _Quarantined(visible(str(error))) from error
        except ArtifactWarehouseError as error:
            raise _BadCall(visible(str(error))) from error
        except (KeyboardInterrupt, RuntimeError) as error:
            if isinstance(error, RuntimeError) and str(error) != _DUCKDB_INTERRUPTED:
                raise
            click.echo("interrupted: what was written before is kept; load again to go on", err=True)
            ctx.exit(ExitCode.INTERRUPTED)


Command = Callable[..., None]

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]

_WAREHOUSE = click.argument("warehouse", metavar="WH", type=click.Path(dir_okay=False, path_type=Path))
_WAIT = click.option("--wait", default=10.0, show_default=True, help="Seconds to wait for a locked warehouse.")
_OUTPUT = click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")


def _format(*more: str, default: str | None = "table") -> Callable[[Command], Command]:
    choices = click.Choice(["table", "json", "jsonl", "csv", "parquet", *more])
    return click.option("--format", "output_format", type=choices, default=default, help="How to print it.")


def _to_bytes(ctx: click.Context, param: click.Parameter, value: str) -> int:
    try:
        return size_of_text(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _size_option(name: str, default: int, explanation: str) -> Callable[[Command], Command]:
    size = text_of_size(default)
    return click.option(name, metavar="SIZE", default=size, show_default=True, callback=_to_bytes, help=explanation)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="artifact-warehouse", message="%(prog)s %(version)s")
def cli() -> None:
    """A warehouse over dbt's artifacts, in one DuckDB file.

    WH is the warehouse: a file that `load` creates. Everything that is loaded can be queried in schema v1.
    """


@cli.command()
@_WAREHOUSE
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--environment", help="Label what is loaded with an environment.")
@click.option("--job", help="Label what is loaded with a job.")
@click.option("--project", help="Label what is loaded with a project.")
@click.option("--strict", is_flag=True, help="Store nothing if any artifact cannot be read.")
@click.option("--redact", "patterns", multiple=True, metavar="PATTERN", help="Also hide what this expression matches.")
@click.option("--no-redact", is_flag=True, help="Store what looks like a secret as it is.")
@_size_option("--max-artifact-size", Limits().artifact_bytes, "Quarantine what is larger, unread.")
@_size_option("--max-archive-size", Limits().archive_bytes, "Read no more than this out of one archive.")
@_WAIT
@_format()
@click.option("-v", "--verbose", is_flag=True, help="Print what became of every file.")
def load(
    warehouse: Path,
    paths: tuple[str, ...],
    environment: str | None,
    job: str | None,
    project: str | None,
    strict: bool,
    patterns: tuple[str, ...],
    no_redact: bool,
    max_artifact_size: int,
    max_archive_size: int,
    wait: float,
    output_format: str,
    verbose: bool,
) -> None:
    """Load artifacts; what is in the warehouse already is left alone.

    PATH is a file, a folder, a glob, an archive (.tar, .tar.gz, .zip), an s3://, gs:// or az:// URI, or - for one
    artifact on stdin.

    \b
    Example:
      artifact-warehouse load dbt.duckdb target/ --environment prod --job nightly
    """
    from artifact_warehouse.warehouse import Warehouse

    if no_redact and patterns:
        raise click.UsageError("--redact and --no-redact contradict each other")
    with Warehouse(warehouse, wait=wait) as wh, _progress() as progress:
        report = wh.load(
            paths,
            environment=environment,
            job=job,
            project=project,
            strict=strict,
            redact=patterns or not no_redact,
            limits=Limits(max_artifact_size, max_archive_size),
            progress=progress,
        )
    _talk_about(report, verbose)
    if output_format == "table":
        click.echo(str(report))
    else:
        _print(_outcomes(report), output_format, None)
    if report.quarantined:
        sys.exit(ExitCode.QUARANTINED)


@cli.command()
@_WAREHOUSE
@_WAIT
@click.option("--format", "output_format", type=click.Choice(["table", "json"]), default="table")
def status(warehouse: Path, wait: float, output_format: str) -> None:
    """Show what is in the warehouse.

    \b
    Example:
      artifact-warehouse status dbt.duckdb
    """
    from artifact_warehouse import output
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        sections = wh.status()
    if output_format == "json":
        click.echo(output.to_json({name: table.to_pylist() for name, table in sections.items()}))
        return
    for name, table in sections.items():
        if table.num_rows:
            click.echo(f"{name.replace('_', ' ')}\n")
            _print(table, "table", None)
            click.echo()


@cli.command()
@_WAREHOUSE
@click.argument("name", required=False)
@_WAIT
@_format()
@_OUTPUT
def views(warehouse: Path, name: str | None, wait: float, output_format: str, output: Path | None) -> None:
    """List the public views; with NAME, the columns of one.

    \b
    Example:
      artifact-warehouse views dbt.duckdb node_success_rates
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        if name is None:
            _print(wh.describe_views(), output_format, output)
        else:
            file, columns = wh.describe_view(name)
            is_data = output_format != "table" or output is not None
            click.echo(f"{file.full_name}: {file.summary}\none row per {', '.join(file.grain)}\n", err=is_data)
            _print(columns, output_format, output)


@cli.command()
@_WAREHOUSE
@click.argument("sql")
@_WAIT
@_format()
@_OUTPUT
def query(warehouse: Path, sql: str, wait: float, output_format: str, output: Path | None) -> None:
    """Run SQL, read-only; - reads it from stdin.

    \b
    Example:
      artifact-warehouse query dbt.duckdb "from v1.test_failure_rates order by failure_rate desc limit 5"
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        result = wh.query(sys.stdin.read() if sql == "-" else sql)
        _print(result.table, output_format, output, result.json_columns)


@cli.command()
@_WAREHOUSE
@click.argument("node")
@click.option("--up", "direction", flag_value="up", help="Only what it depends on.")
@click.option("--down", "direction", flag_value="down", help="Only what depends on it.")
@click.option("--depth", type=click.IntRange(min=1), help="How many steps at most.")
@click.option("--at", type=click.DateTime(_TIMES), help="As it stood at this time (UTC, or with an offset).")
@_WAIT
@_format("tree", default=None)
@_OUTPUT
def lineage(
    warehouse: Path,
    node: str,
    direction: str | None,
    depth: int | None,
    at: datetime | None,
    wait: float,
    output_format: str | None,
    output: Path | None,
) -> None:
    """Show what a node depends on and what depends on it: a tree on a terminal, rows elsewhere.

    NODE is a unique_id or a name that only one node has.

    \b
    Example:
      artifact-warehouse lineage dbt.duckdb orders --down --depth 2 --at 2026-11-01
    """
    from artifact_warehouse.output import lineage_tree, print_trees
    from artifact_warehouse.warehouse import Warehouse

    directions = (direction,) if direction else ("up", "down")
    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        found = wh.lineage(node, directions, depth, at)
    is_tree = output_format == "tree" or (output_format is None and output is None and sys.stdout.isatty())
    if not is_tree:
        _print(found.rows, output_format or "table", output)
        return
    trees = [lineage_tree(found, title, depth) for title in found.edges]
    if output is None:
        print_trees(trees, sys.stdout)
    else:
        with _opened(output) as stream:
            print_trees(trees, io.TextIOWrapper(stream, encoding="utf-8"))


@cli.command()
@_WAREHOUSE
@click.option("--list", "list_only", is_flag=True, help="Say what would be done, and change nothing.")
@_WAIT
def migrate(warehouse: Path, list_only: bool, wait: float) -> None:
    """Bring an older warehouse up to date with this release.

    \b
    Example:
      artifact-warehouse migrate dbt.duckdb --list
    """
    from artifact_warehouse.errors import WarehouseNotFound
    from artifact_warehouse.warehouse import Warehouse

    if not warehouse.exists():
        raise WarehouseNotFound(str(warehouse), "there is no such warehouse; `load` makes one")
    wh = Warehouse(warehouse, wait=wait)
    for change in wh.pending_changes() if list_only else wh.migrate():
        click.echo(change)


@cli.command()
@_WAREHOUSE
@_WAIT
def verify(warehouse: Path, wait: float) -> None:
    """Check the contract, the integrity and the invariants; exits 1 when one is broken.

    \b
    Example:
      artifact-warehouse verify dbt.duckdb
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        broken = wh.verify()
    for line in broken:
        click.echo(line)
    if broken:
        sys.exit(ExitCode.QUARANTINED)
    click.echo("all is well", err=True)


def _print(table: pa.Table, output_format: str, output: Path | None, json_columns: tuple[str, ...] = ()) -> None:
    from artifact_warehouse.output import write

    if output is not None:
        with _opened(output) as stream:
            write(table, output_format, stream, json_columns)
    elif output_format == "parquet" and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for terminals; name a file with -o")
    else:
        write(table, output_format, sys.stdout.buffer, json_columns)


def _opened(output: Path) -> IO[bytes]:
    try:
        return output.open("wb")
    except OSError as error:
        raise click.UsageError(f"{output}: cannot be written: {error.strerror}") from error


def _outcomes(report: LoadReport) -> pa.Table:
    import pyarrow as pa

    names = ("uri", "artifact_id", "kind", "status", "reason")
    return pa.table({name: pa.array([getattr(o, name) for o in report.outcomes], pa.string()) for name in names})


def _talk_about(report: LoadReport, verbose: bool) -> None:
    for outcome in report.outcomes if verbose else report.quarantined:
        reason = f": {outcome.reason}" if outcome.reason else ""
        click.echo(visible(f"{outcome.status} {outcome.uri}{reason}"), err=True)
    if report.skipped:
        click.echo(f"skipped {len(report.skipped)} JSON files that are no dbt artifacts", err=True)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("loading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("loading", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def main() -> None:
    """The entry point of the installed command."""
    be_frugal()
    cli(prog_name="artifact-warehouse")
