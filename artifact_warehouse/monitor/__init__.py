"""Compares runs with limits, and explains a run. Reads views, and writes nothing."""

from artifact_warehouse.monitor.checks import CheckReport, Finding, check
from artifact_warehouse.monitor.contacts import Contact
from artifact_warehouse.monitor.diagnosis import Diagnosis, diagnose, find_previous_run, find_run, run_failures
from artifact_warehouse.monitor.html import OUTCOMES, TITLES, changes_of

__all__ = [
    "OUTCOMES",
    "TITLES",
    "CheckReport",
    "Contact",
    "Diagnosis",
    "Finding",
    "changes_of",
    "check",
    "diagnose",
    "find_previous_run",
    "find_run",
    "run_failures",
]
