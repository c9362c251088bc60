"""What is promised of exposures: by the configuration, and by the exposures' own meta in the dbt project."""

from __future__ import annotations

import duckdb
import msgspec

from artifact_warehouse.alerts.queries import rows
from artifact_warehouse.alerts.settings import Alerts, Promise, terms_of
from artifact_warehouse.errors import InvalidConfig


def find_promises(
    connection: duckdb.DuckDBPyConnection, settings: Alerts
) -> tuple[tuple[Promise, ...], tuple[str, ...]]:
    """The promises, and what is wrong in a meta.

    An exposure that the configuration names has no promise of its meta. A mistake in one meta leaves the others alone.
    """
    named = {promise.exposure for promise in settings.promises}
    found, problems = [*settings.promises], []
    for row in rows(connection, "alerts/exposure_promises"):
        if named & {row["name"], row["unique_id"]}:
            continue
        labels = {"project": row["project_name"], "environment": row["environment"], "exposure": row["unique_id"]}
        try:
            terms = terms_of(row["promise"], f"{row['unique_id']} in {row['environment']}: meta.promise")
        except InvalidConfig as error:
            problems.append(str(error))
        else:
            found.append(Promise(**labels, **msgspec.structs.asdict(terms)))
    return tuple(found), tuple(problems)
