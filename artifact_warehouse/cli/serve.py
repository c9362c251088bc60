"""The commands for other tools: `serve`, which answers over HTTP, and `ids`, the numbers that its clients need."""

from __future__ import annotations

import os
from pathlib import Path

import click

from artifact_warehouse.cli.options import LOG_FORMAT, WAIT, WAREHOUSE, CommandFailed, size_option, talk
from artifact_warehouse.cli.output import Output, print_table, result_options

_NEEDS_EXTRA = "{} needs packages that are not installed: pip install 'artifact-warehouse[{}]'"


@click.command()
@WAREHOUSE
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8580, show_default=True, help="The port; 0 for any.")
@click.option("--token-env", metavar="NAME", help="The environment variable with the token that requests must send.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds for a request.",
)
@size_option("--memory-limit", "1GB", "Of DuckDB, for all requests together.", "memory_limit")
@WAIT
@LOG_FORMAT
def serve(
    warehouse: Path, host: str, port: int, token_env: str | None, timeout: float, memory_limit: int, wait: float
) -> None:
    """Answer other tools over HTTP: GraphQL as dbt's Discovery API, metrics, and status tiles.

    Answers come from a private copy, which follows WH: no load waits for a request, and no request for a load.
    Without a token, only this machine is answered.

    \b
    Example:
      artifact-warehouse serve dbt.duckdb --port 8580
    """
    try:
        from artifact_warehouse.serve import RequestLimits, app, is_loopback, listen, run
    except ImportError as error:
        raise CommandFailed(_NEEDS_EXTRA.format("serve", "serve")) from error
    token = _token(token_env)
    if token is None and not is_loopback(host):
        raise click.UsageError(
            f"--host {host} is reachable from other machines, and anyone there could read the warehouse; "
            "name a variable with a token (--token-env NAME), or listen at 127.0.0.1"
        )
    from artifact_warehouse.storage import WarehouseFile

    WarehouseFile(warehouse).require()
    try:
        listening = listen(host, port)
    except OSError as error:
        raise CommandFailed(f"{host}:{port}: cannot be listened at: {error.strerror or error}") from error
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    who = "requests need the token" if token else "only this machine is answered, as there is no token"
    talk().say("info", "serving", f"{address}/graphql answers about {warehouse}; {who}", address=address)
    limits = RequestLimits(seconds=timeout, memory_bytes=memory_limit)
    run(app(warehouse, token=token, limits=limits, wait=wait), listening)


def _token(name: str | None) -> str | None:
    if name is None:
        return None
    if not (token := os.environ.get(name, "").strip()):
        raise click.UsageError(f"the environment variable {name} has no token; set it, or leave --token-env out")
    return token


@click.command()
@WAREHOUSE
@click.option("--environment", help="The environment that is meant where a call names none.")
@WAIT
@LOG_FORMAT
def mcp(warehouse: Path, environment: str | None, wait: float) -> None:
    """Answer agents on stdin and stdout, by the Model Context Protocol.

    The tools of dbt's MCP server for what the warehouse has, and those that need a history: why a run failed,
    regressions, flaky tests, changes of definitions, column lineage, and SQL that reads the views only.

    \b
    Example:
      artifact-warehouse mcp dbt.duckdb --environment prod
    """
    try:
        from artifact_warehouse.serve import run_mcp
    except ImportError as error:
        raise CommandFailed(_NEEDS_EXTRA.format("mcp", "mcp")) from error
    run_mcp(warehouse, environment, wait)


@click.command()
@WAREHOUSE
@WAIT
@result_options()
def ids(warehouse: Path, wait: float, output: Output) -> None:
    """List the numbers of projects, environments, jobs and last runs, which clients of GraphQL send.

    They are dbt Cloud's own where the artifacts have them; else they are made of the names, and stay the same.

    \b
    Example:
      artifact-warehouse ids dbt.duckdb
    """
    from artifact_warehouse.serve import known_ids
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        print_table(known_ids(wh.connection), output)
