"""What matters first about a warehouse: the last runs, what fails, what is flaky and what is stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def status(connection: duckdb.DuckDBPyConnection, *, storage: bool = False) -> dict[str, pa.Table]:
    """What matters first, as tables by name: the `last_runs`, and what is `failing`, `stale` and `flaky`.

    `environments`, `artifacts` and `quarantined` are about the file. With `storage`, `tables` has the rows and bytes of
    each table.
    """
    from artifact_warehouse.everyday.answers import answer
    from artifact_warehouse.storage import file_status, table_sizes

    everything = {"project": None, "environment": None, "since": None, "limit": None}
    questions = {"last_runs": "last_runs", "failing": "failures", "stale": "stale", "flaky": "flaky"}
    tables = {
        section: answer(connection, question, everything).to_arrow_table() for section, question in questions.items()
    }
    return {**tables, **file_status(connection), **({"tables": table_sizes(connection)} if storage else {})}
