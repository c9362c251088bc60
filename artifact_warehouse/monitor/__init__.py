"""Compares runs with limits, and explains a run. Reads views, and writes nothing."""

from artifact_warehouse.monitor.checks import CheckReport, Finding, check
from artifact_warehouse.monitor.contacts import Contact
from artifact_warehouse.monitor.diagnosis import Diagnosis, diagnose, find_previous_run, find_run, run_failures

__all__ = [
    "CheckReport",
    "Contact",
    "Diagnosis",
    "Finding",
    "check",
    "diagnose",
    "find_previous_run",
    "find_run",
    "run_failures",
]
