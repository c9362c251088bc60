"""Where artifacts are fetched from: one file a source. A source is a dataclass; its fields are the options of `fetch`.

Knows the network and the bytes of artifacts; knows no warehouse. A token is read from the environment and goes into the
header of a request, nowhere else.
"""

from artifact_warehouse.sources.dbt_cloud import DbtCloud

SOURCES = {"dbt-cloud": DbtCloud}
"""The sources by the name that `fetch` has for them."""

__all__ = ["SOURCES", "DbtCloud"]
