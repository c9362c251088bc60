"""Tells people what is new in a warehouse, once: finds events, writes messages, sends them, keeps what was told.

`composing` is a pure function: it makes messages of events, of what was told before, and of the settings.
"""

from artifact_warehouse.alerts.delivery import check_channels
from artifact_warehouse.alerts.notifying import Delivery, NotifyReport, load_settings, notify
from artifact_warehouse.alerts.settings import alerts_schema

__all__ = [
    "Delivery",
    "NotifyReport",
    "alerts_schema",
    "check_channels",
    "load_settings",
    "notify",
]
