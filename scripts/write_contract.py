"""Writes sql/<schema>/contract.sql anew from the deployed views; refuses where a promised column is gone."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from artifact_warehouse.storage import migrate, sql_files
from artifact_warehouse.storage.verification import broken_contract, contract_of

SQL = Path(__file__).resolve().parents[1] / "sql"


def main() -> None:
    with duckdb.connect() as empty:
        migrate(empty)
        if broken := broken_contract(empty):
            sys.exit("\n".join(broken))
        for schema in sql_files.public_schemas():
            text = contract_of(empty, schema)
            (SQL / schema / sql_files.CONTRACT).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
