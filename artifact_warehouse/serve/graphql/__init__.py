"""GraphQL as dbt's Metadata API and Discovery API speak it, answered from a snapshot."""

from artifact_warehouse.serve.graphql.answering import answer
from artifact_warehouse.serve.graphql.cohorts import Request
from artifact_warehouse.serve.graphql.definition import schema_text

__all__ = ["Request", "answer", "schema_text"]
