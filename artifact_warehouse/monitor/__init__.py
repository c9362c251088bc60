"""Whether the runs of a warehouse are as they should be, and why one is not. Reads views, and changes nothing."""

from artifact_warehouse.monitor.checks import CheckReport, Criteria, Scope, check
from artifact_warehouse.monitor.diagnosis import Diagnosis, diagnose

__all__ = [
    "CheckReport",
    "Criteria",
    "Diagnosis",
    "Scope",
    "check",
    "diagnose",
]
