"""The command line. Each command calls `Warehouse`; results go to stdout, messages to stderr."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artifact_warehouse.cli import alerts, dbt, everyday, fetch, file, lineage, load, monitor, report, serve, transfer
from artifact_warehouse.cli.options import Commands
from artifact_warehouse.process import (
    install_processor_clock,
    install_sigint_handler,
    open_standard_streams,
    skip_slow_imports,
)

if TYPE_CHECKING:
    from artifact_warehouse.load import LoadSettings

COMMANDS = (
    *(load.load, dbt.dbt, fetch.fetch),
    *(file.status, file.views, file.query, file.sql, file.migrate, file.prune, file.verify),
    *(transfer.export, transfer.import_),
    *everyday.COMMANDS,
    *(lineage.columns, lineage.lineage, monitor.check, monitor.diagnose, report.report, report.tile),
    *(serve.serve, serve.mcp, serve.ids),
    *(alerts.notify, alerts.config),
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="artifact-warehouse", message="%(prog)s %(version)s")
def cli() -> None:
    """A warehouse over dbt's artifacts, in one DuckDB file.

    WH is the warehouse file, which `load` creates. Query the views of schema v1.
    """


for command in COMMANDS:
    cli.add_command(command)


def main(settings: LoadSettings | None = None) -> None:
    """Run the command line on the arguments of this process. `settings` are for `load`."""
    open_standard_streams()
    install_sigint_handler()
    install_processor_clock(kills=False)
    skip_slow_imports()
    cli(prog_name=_program_name(), obj=settings)


def _program_name() -> str:
    """`aw` where it was called so. The variable of the completion has this name, too."""
    return "aw" if Path(sys.argv[0]).stem == "aw" else "artifact-warehouse"
