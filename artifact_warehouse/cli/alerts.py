"""The commands that tell people: `notify`, and `config check` for its configuration."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from artifact_warehouse.cli.config import check_options, json_schema
from artifact_warehouse.cli.options import LOG_FORMAT, TIMES, WAIT, WAREHOUSE, CommandFailed, ExitCode, talk
from artifact_warehouse.cli.output import print_json, print_line
from artifact_warehouse.config import FILE_NAME, find_config, read_config

TEXT_OR_JSON = click.Choice(["text", "json"])
CONFIG = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The configuration, not the nearest artifact-warehouse.toml upwards.",
)


class NotDelivered(CommandFailed):
    """A message was not sent; the next call sends it."""

    exit_code = ExitCode.TRY_AGAIN


@click.command()
@WAREHOUSE
@CONFIG
@click.option("--dry-run", is_flag=True, help="Print the messages; send none, and note none as told.")
@click.option("--now", type=click.DateTime(TIMES), help="The time that counts as now (UTC, or with an offset).")
@WAIT
@LOG_FORMAT
@click.option("--format", "output_format", type=TEXT_OR_JSON, default="text", help="The format of the result.")
def notify(
    warehouse: Path, config: Path | None, dry_run: bool, now: datetime | None, wait: float, output_format: str
) -> None:
    """Tell people what is new since the last call: what failed, went late, recovered or did not run.

    The table [alerts] of artifact-warehouse.toml says who is told what. Call it after each load, or every few minutes.

    \b
    Example:
      artifact-warehouse notify dbt.duckdb --dry-run
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, wait=wait) as wh:
        report = wh.notify(config, dry_run=dry_run, now=now)
    for problem in report.problems:
        talk().say("warning", "meta", f"{problem}; nothing is promised of it")
    if output_format == "json":
        print_json(report.to_dict())
    for one in report.deliveries if output_format == "text" else ():
        if dry_run:
            print_line(f"to {one.channel}\n{one.content['text']}\n")
        else:
            print_line(f"{one.state:<8}{one.channel}: {one.content['title']}{f' ({one.error})' if one.error else ''}")
    if report.failed:
        names = ", ".join(dict.fromkeys(one.channel for one in report.failed))
        raise NotDelivered(f"{len(report.failed)} messages are not sent, to {names}; the next call sends them")
    if not report.deliveries:
        talk().say("info", "nothing_new", "nothing is new")


@click.group()
def config() -> None:
    """The configuration in artifact-warehouse.toml."""


@config.command()
@CONFIG
@click.option("--schema", is_flag=True, help="Print the JSON schema of the configuration, and check nothing.")
@LOG_FORMAT
@click.pass_context
def check(ctx: click.Context, config: Path | None, schema: bool) -> None:
    """Check the whole configuration: the options of every command, and the alerts.

    Of the alerts, it checks keys, zones, cron expressions, channels, and environment variables.

    \b
    Example:
      artifact-warehouse config check
    """
    from artifact_warehouse.alerts import alerts_schema, check_channels, load_settings

    root = ctx.find_root().command
    assert isinstance(root, click.Group)
    if schema:
        print_json(json_schema(root.commands, alerts_schema()))
        return
    found = read_config(config) if config else find_config()
    if found is None:
        raise click.UsageError(f"{FILE_NAME} is neither in this folder nor in one above it")
    check_options(found, root.commands)
    channels = ""
    if "alerts" in found.tables:
        settings = load_settings(found.path)
        check_channels(settings)
        channels = f"; channels: {', '.join(settings.channels)}"
    talk().say("info", "checked", f"the configuration is sound{channels}")
