"""Compares runs with limits, and explains a run. Reads views, and writes nothing."""

from artifact_warehouse.monitor.checks import CheckReport, check
from artifact_warehouse.monitor.diagnosis import Diagnosis, diagnose, find_run, run_failures

__all__ = [
    "CheckReport",
    "Diagnosis",
    "check",
    "diagnose",
    "find_run",
    "run_failures",
]
