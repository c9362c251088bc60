"""Hides secrets in a parsed artifact, before it is flattened.

A value is a secret because of its key (`password`, `api_key`), because of its form (a URL with credentials, a token
of a known service), because it is the value of one of dbt's DBT_ENV_SECRET_ variables
(https://docs.getdbt.com/docs/build/environment-variables#handling-secrets), or because a pattern of the user's
matches it. It becomes `*****`, as in dbt's own logs. A secret that was found is hidden in the whole artifact.
"""

from artifact_warehouse.artifacts.redaction.redactor import Redaction, Redactor
from artifact_warehouse.artifacts.redaction.rules import hints
from artifact_warehouse.artifacts.redaction.walk import HIDDEN

__all__ = ["HIDDEN", "Redaction", "Redactor", "hints"]
