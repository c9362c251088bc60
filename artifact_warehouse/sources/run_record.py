"""Makes artifacts of kind `run`: what started dbt knows of one invocation, also where dbt itself wrote nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from artifact_warehouse.artifacts import RUN_SCHEMA


def run_record(invocation_id: str, generated_at: Any, **sections: Any) -> bytes:
    """The JSON of a run. `artifacts/flatteners/run.py` has the sections that become columns."""
    metadata = {
        "artifact_warehouse_schema": RUN_SCHEMA,
        "invocation_id": invocation_id,
        "generated_at": generated_at,
    }
    return msgspec.json.encode({"metadata": metadata, **sections})
