"""docs/alerts.md: its configuration is sound, and it names every kind of event and every field of a message."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import get_args

import pytest
from commandline import run
from testdata import ROOT

from artifact_warehouse.alerts.composing import Draft
from artifact_warehouse.alerts.events import Event
from artifact_warehouse.alerts.notifying import content_of
from artifact_warehouse.alerts.settings import Alerts, Channel, Kind, Route, alerts_of
from artifact_warehouse.alerts.subjects import Subject
from artifact_warehouse.config import read_config

NOW = datetime(2026, 11, 11)
TEXT = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "artifact-warehouse.toml"
    path.write_text(block("toml"), encoding="utf-8")
    for name in re.findall(r"\$\{(\w+)\}", block("toml")):
        monkeypatch.setenv(name, "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ" if "SLACK" in name else "a" * 32)
    return path


def test_the_example_is_sound(example: Path) -> None:
    result = run("config", "check", "--config", example)
    assert (result.exit_code, result.stderr) == (0, "the configuration is sound; channels: team, oncall, bus\n")


def test_a_variable_of_the_example_that_is_not_set_is_named(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENTS_TOKEN")
    result = run("config", "check", "--config", example)
    assert result.exit_code == 2
    assert "alerts.channels.bus: the environment variable EVENTS_TOKEN is not set" in result.stderr


def test_the_page_has_every_kind_in_its_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", TEXT.split("## What is told")[1].split("##")[0], re.MULTILINE)
    assert sorted(rows) == sorted(get_args(Kind))


def test_the_page_names_every_key_of_a_route_and_of_a_channel() -> None:
    keys = {*Route.__struct_fields__, *Channel.__struct_fields__, *Alerts.__struct_fields__}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", TEXT)] == []


def test_the_message_of_the_page_has_the_fields_of_a_message(example: Path) -> None:
    shown = json.loads(block("json"))
    settings = alerts_of(read_config(example).tables, "test")
    orders = Subject.unknown("model.shop.orders")
    event = Event("failed", "key", NOW, "shop", "prod", unique_id=orders.unique_id, subject=orders)
    message = content_of(Draft("bus", (event,)), settings, NOW)
    assert {*shown} == {*message, "is_repeated"}
    assert {*shown["events"][0]} == {*message["events"][0]}
