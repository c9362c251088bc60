"""Real nodes and results of the committed sample runs, as templates, and the words that generated ones are made of.

A generated node or result starts as a copy of a real one of dbt 1.10, so its keys are all there and in dbt's order.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

RUNS = Path(__file__).resolve().parents[1] / "sample_artifacts" / "runs" / "environment=prod"
BUILD = "job=nightly/2026-11-08_01_build"
FAILED_BUILD = "job=nightly/2026-11-06_01_build"
DOCS = "job=docs/2026-11-07_03_docs"

DOMAINS = ("sales", "finance", "growth", "logistics", "people", "product", "support", "risk")
NOUNS = (
    *("order", "invoice", "customer", "account", "session", "campaign", "shipment", "ticket", "payment", "quote"),
    *("basket", "agent", "region", "store", "channel", "contract", "refund", "voucher", "device", "event"),
)
MEASURES = (
    *("amount", "tax", "price", "level", "rank", "code", "label", "quantity", "discount", "share", "is_active"),
    *("updated_at", "shipped_at", "valid_from", "age_days", "currency", "score", "status", "margin", "source"),
)
SENTENCES = (
    "Filled by the nightly load.",
    "Null for test accounts.",
    "Rounded to cents.",
    "PII: masked for analysts.",
    "Derived; do not join on it.",
    "Deprecated, use the v2 column.",
    "Late-arriving rows are corrected for 3 days.",
    "Currency is that of the account, not converted.",
    "The business key of the upstream system.",
    "See the data contract with the platform team.",
)


@cache
def sample(run: str, kind: str) -> dict[str, Any]:
    """An artifact of a sample run. Shared: copy what you change."""
    content: dict[str, Any] = json.loads((RUNS / run / f"{kind}.json").read_text())
    return content


def sample_node(unique_id: str) -> dict[str, Any]:
    """A compiled node of the sample project, by the start of its unique_id without the project."""
    kind, _, name = unique_id.partition(".")
    manifest = sample(BUILD, "manifest")
    section = {"source": "sources", "exposure": "exposures"}.get(kind, "nodes")
    nodes = manifest[section].items()
    found = [node for key, node in nodes if key.startswith(f"{kind}.harbor_cafe.{name}")]
    content: dict[str, Any] = found[0]
    return content


def sample_result(kind: str, status: str) -> dict[str, Any]:
    """A real result of a resource type and status, with all the keys that any result has."""
    results = [*sample(BUILD, "run_results")["results"], *sample(FAILED_BUILD, "run_results")["results"]]
    matching = (r for r in results if r["unique_id"].startswith(f"{kind}.") and r["status"] == status)
    return max(matching, key=len)


def description(rng: Random, name: str) -> str:
    """A sentence or three about a thing."""
    said = " ".join(rng.sample(SENTENCES, rng.randint(0, 3)))
    return f"{name.replace('_', ' ').capitalize()}. {said}".strip()


def column_names(rng: Random, count: int) -> list[str]:
    """The key and `count - 1` different columns."""
    names = {f"{rng.choice(NOUNS)}_{rng.choice(MEASURES)}": None for _ in range(count - 1)}
    return ["id", *names]
