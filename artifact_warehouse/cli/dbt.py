"""The command `dbt`: runs dbt, and loads what that run wrote."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artifact_warehouse.cli.options import FILE, LOG_FORMAT, WAREHOUSE, ExitCode, exit_code_of, talk
from artifact_warehouse.errors import LoadInterrupted

if TYPE_CHECKING:
    from artifact_warehouse.sources import DbtRun


@click.command()
@WAREHOUSE
@click.argument("arguments", metavar="-- ARGUMENT...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--environment", help="Label the artifacts with an environment.  [default: the target of the profile]")
@click.option("--job", help="Label the artifacts with a job.")
@click.option("--project", help="Label the artifacts with a project.")
@click.option("--dbt", "program", default="dbt", show_default=True, help="The program that runs dbt.")
@click.option("--columns", is_flag=True, help="Then resolve the column lineage, as `columns` does.")
@click.option("--publish", type=FILE, metavar="FILE", help="At the end, replace this copy of WH for readers.")
@click.option("--wait", default=300.0, show_default=True, help="Seconds to wait while another process holds WH.")
@click.option("--fail-on-load-error", is_flag=True, help="End with the code of a failed load where dbt succeeded.")
@LOG_FORMAT
def dbt(
    warehouse: Path,
    arguments: tuple[str, ...],
    program: str,
    wait: float,
    fail_on_load_error: bool,
    project: str | None,
    environment: str | None,
    job: str | None,
    **options: Any,
) -> None:
    """Run dbt, and load the artifacts of that run, whether it succeeds, fails or is interrupted.

    The output, the signals and the exit code are those of dbt. Only what this run of dbt writes is loaded, also where
    other runs write to the same target folder.

    \b
    Example:
      artifact-warehouse dbt dbt.duckdb --job nightly -- build --target prod
    """
    from artifact_warehouse.extract import Labels, labels_of
    from artifact_warehouse.sources import DbtProject, run_dbt

    call = DbtProject(arguments, os.environ, Path.cwd())
    named = environment or labels_of(str(call.target_folder)).environment or call.target
    with _folder_beside(warehouse) as copies:
        run = run_dbt(program, call, copies, Labels(project, named, job))
        code = _load(run, warehouse, wait, copies, **options)
    sys.exit(code if fail_on_load_error and not run.exit_code else run.exit_code)


@contextmanager
def _folder_beside(warehouse: Path) -> Iterator[Path]:
    """A folder for copies of artifacts, beside the warehouse. Where a load fails, the folder is kept."""
    if not warehouse.parent.is_dir():
        raise click.UsageError(f"the folder {warehouse.parent} does not exist; create it first")
    folder = Path(tempfile.mkdtemp(prefix=f"{warehouse.name}.dbt-", dir=warehouse.parent))
    try:
        yield folder
    finally:
        with suppress(OSError):  # it is not empty where a load failed
            folder.rmdir()


def _load(run: DbtRun, warehouse: Path, wait: float, copies: Path, **options: Any) -> int:
    """Load the artifacts of a run, and remove their copies. A load that fails keeps them. Returns its exit code."""
    from artifact_warehouse.warehouse import Warehouse

    if not run.artifacts:
        talk().say("warning", "nothing", "dbt wrote no artifacts")
        return ExitCode.DONE
    try:
        with Warehouse(warehouse, wait=wait) as wh:
            report = wh.fetch(run, **options)
    except (Exception, LoadInterrupted) as error:  # the exit code is that of dbt, whatever the load raises
        retry = f"artifact-warehouse load {warehouse} {copies}"
        talk().say("error", "failed", f"the artifacts of dbt are not loaded: {error}; load them later: {retry}")
        return exit_code_of(error)
    shutil.rmtree(copies)
    talk().say("info", "done", f"{report} into {warehouse}")
    return ExitCode.FINDINGS if report.quarantined else ExitCode.DONE
