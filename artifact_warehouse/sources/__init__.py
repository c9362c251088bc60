"""Where artifacts come from: a run of dbt here, and services that keep the runs of others.

One file a service. A service is a dataclass; its fields are the options of `fetch`. The room knows the network,
processes and the bytes of artifacts; it knows no warehouse. A token is read from the environment and goes into the
header of a request, nowhere else.
"""

from artifact_warehouse.sources.dbt_callback import DbtCallback
from artifact_warehouse.sources.dbt_cloud import DbtCloud
from artifact_warehouse.sources.dbt_project import DbtProject
from artifact_warehouse.sources.dbt_run import DbtRun, run_dbt

SOURCES = {"dbt-cloud": DbtCloud}
"""The services by the name that `fetch` has for them."""

__all__ = [
    "SOURCES",
    "DbtCallback",
    "DbtCloud",
    "DbtProject",
    "DbtRun",
    "run_dbt",
]
