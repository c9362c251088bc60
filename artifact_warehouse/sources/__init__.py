"""Where artifacts come from: a run of dbt.

Gives files, and loads nothing. Knows no database.
"""

from artifact_warehouse.sources.dbt_callback import DbtCallback
from artifact_warehouse.sources.dbt_project import DbtProject
from artifact_warehouse.sources.dbt_run import DbtRun, run_dbt

__all__ = [
    "DbtCallback",
    "DbtProject",
    "DbtRun",
    "run_dbt",
]
