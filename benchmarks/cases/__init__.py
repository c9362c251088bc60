"""The cases, by area. Each measures, checks the answers, and gives rows of the table."""

from bench import Case
from cases import columns, executions, history, lineage, loading, manifests, startup

CASES: tuple[Case, ...] = (
    *loading.CASES,
    *manifests.CASES,
    *history.CASES,
    *startup.CASES,
    *executions.CASES,
    *lineage.CASES,
    *columns.CASES,
)
