"""Counts the edges across projects from the JSON of manifests, by other means than the SQL does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx

Node = tuple[str, str, str]
"""project, environment, unique_id."""

SECTIONS = ("nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests")


class Manifest(NamedTuple):
    project: str
    environment: str
    generated_at: str
    content: dict[str, Any]

    def entries(self) -> dict[str, Any]:
        return {key: entry for section in SECTIONS for key, entry in (self.content.get(section) or {}).items()}

    def own(self) -> dict[str, Any]:
        """Without the nodes of other projects, which have no file."""
        return {key: entry for key, entry in self.entries().items() if entry.get("original_file_path")}

    def relation(self, unique_id: str) -> str | None:
        entry = self.entries()[unique_id]
        name = entry.get("relation_name")
        return name.lower() if name and self.content["metadata"]["adapter_type"] == "duckdb" else name


def read(path: Path, environment: str = "default") -> Manifest:
    content = json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
    labels = [part.removeprefix("environment=") for part in path.parts if part.startswith("environment=")]
    metadata = content["metadata"]
    return Manifest(metadata["project_name"], [*labels, environment][0], metadata["generated_at"], content)


def current(manifests: Iterable[Manifest], at: str = "9999") -> list[Manifest]:
    """The latest of each project and environment, of those up to a time."""
    ordered = sorted((m for m in manifests if m.generated_at <= at), key=lambda m: m.generated_at)
    return list({(m.project, m.environment): m for m in ordered}.values())


def owner(reader: Manifest, unique_id: str, manifests: list[Manifest]) -> Manifest | None:
    """The manifest of the project that a node without a file belongs to."""
    relation = reader.relation(unique_id)
    found = [m for m in manifests if m.project == unique_id.split(".")[1] and unique_id in m.own()]
    return max(
        found,
        default=None,
        key=lambda m: (m.relation(unique_id) == relation, m.environment == reader.environment, m.generated_at),
    )


def graph(manifests: list[Manifest]) -> nx.DiGraph:
    """From parents to children, in all projects; `how` says how an edge across projects is known."""
    found = nx.DiGraph()
    for reader in manifests:
        own = reader.own()
        foreign = {key: owner(reader, key, manifests) for key in reader.entries() if key not in own}
        for key, entry in reader.entries().items():
            if foreign.get(key):
                continue
            child: Node = (reader.project, reader.environment, key)
            for parent in (entry.get("depends_on") or {}).get("nodes") or []:
                home = foreign.get(parent) or reader
                how = "unique_id" if home is not reader else None
                found.add_edge((home.project, home.environment, parent), child, how=how)
        for key in reader.content["sources"]:
            for other in manifests:
                if other.project != reader.project and other.environment == reader.environment:
                    made = [k for k in other.content["nodes"] if k in other.own() and other.relation(k)]
                    for parent in made:
                        if other.relation(parent) == reader.relation(key):
                            source: Node = (reader.project, reader.environment, key)
                            found.add_edge((other.project, other.environment, parent), source, how="relation")
    return found
