"""The table [alerts]: what is wrong in it is named, and its JSON schema says the same."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from commandline import run

from artifact_warehouse.config import find_config, read_config
from artifact_warehouse.errors import InvalidConfig

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOUND = """
warehouse = "dbt.duckdb"
[load]
environment = "prod"
strict = true
[check]
max-failing = 0
max-age = "26h"
max-failure-rate = 0.05
ignore-rule = ["a", "b"]
[fetch.dbt-cloud]
account = 4711
since = "7d"
[alerts.channels.oncall]
webhook = "http://127.0.0.1:1"
"""
CHANNELS = '[alerts.channels.oncall]\nwebhook = "http://127.0.0.1:1"\n'


def check(folder: Path, text: str) -> tuple[int, str]:
    path = folder / "artifact-warehouse.toml"
    path.write_text(text)
    result = run("config", "check", "--config", path)
    return result.exit_code, result.stderr.replace(str(path), "FILE")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("alerts = 1", "FILE: alerts: Expected `object`, got `int`"),
        ("[other]", "FILE: other is unknown; there is alerts, "),
        ("[alert]", "FILE: alert is unknown; did you mean alerts?"),
        ("warehouse = 1", "FILE: warehouse: 1 is no path"),
        ("[check]\nmax-age = 'soon'", "FILE: [check] max-age: 'soon' is not a duration"),
        ("[check]\nmax-failing = -1", "FILE: [check] max-failing: -1 is not in the range x>=0."),
        ("[check]\nfreshness = 'never'", "FILE: [check] freshness: 'never' is not one of 'warn', 'error'."),
        ("[check]\nignore-rule = 'x'", "FILE: [check] ignore-rule: 'x' is no array"),
        ("[load]\nstrict = 'no'", "FILE: [load] strict: 'no' is no boolean"),
        ("[load]\nenviroment = 'x'", "FILE: [load] enviroment is unknown; did you mean environment?"),
        ("[fetch.dbt-cloud]\naccount = 'x'", "FILE: [fetch.dbt-cloud] account: 'x' is not a valid integer."),
        ("[fetch.dbt-sky]", "FILE: [fetch] dbt-sky is unknown; there is dbt-cloud"),
        ("alerts = 2", "FILE: alerts: Expected `object`, got `int`"),
        ("[alerts", "FILE: is not TOML"),
        (CHANNELS + "port = 1", "FILE: alerts.channels[...]: Object contains unknown field `port`"),
        (CHANNELS + 'url = "json://h"', "FILE: alerts.channels.oncall: needs either a url or a webhook"),
        (CHANNELS + 'timeout = "soon"', "FILE: alerts.channels.oncall.timeout: 'soon' is not a duration"),
        ("[alerts.channels.a]\nurl = 'nothing://h'", "alerts.channels.a: is no URL that apprise knows"),
        ("[alerts.channels.a]\nwebhook = 'file:///etc/passwd'", "alerts.channels.a: the webhook is no http"),
        (f'[alerts]\ntimezone = "Mars/Base"\n{CHANNELS}', "alerts.timezone: 'Mars/Base' is no time zone"),
        (f'[alerts]\ntimezone = "Europe"\n{CHANNELS}', "alerts.timezone: 'Europe' is no time zone"),
        (f'[alerts]\ndefault = ["me"]\n{CHANNELS}', "alerts.default: there is no channel 'me'; there are oncall"),
        (f'{CHANNELS}[[alerts.routes]]\nchannels = ["me"]', "alerts.routes[0].channels: there is no channel 'me'"),
        (f'{CHANNELS}[[alerts.routes]]\nchannels = ["oncall"]\nkinds = ["x"]', "Invalid enum value 'x'"),
        (CHANNELS + '[[alerts.promises]]\nexposure = "x"\nby = "7:00"', "alerts.promises[0].by: Expected `str`"),
        (f'{CHANNELS}[[alerts.schedules]]\njob = "x"\ncron = "10 3"', "alerts.schedules[0].cron: '10 3' is not a cron"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    exit_code, message = check(tmp_path, text)
    assert exit_code == 2
    assert words in message


def test_a_sound_configuration_is_said_to_be_so(tmp_path: Path) -> None:
    assert check(tmp_path, CHANNELS) == (0, "the configuration is sound; channels: oncall\n")


def test_the_nearest_file_upwards_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "models" / "marts"
    below.mkdir(parents=True)
    (tmp_path / "artifact-warehouse.toml").write_text(CHANNELS)
    monkeypatch.chdir(below)
    assert (found := find_config()) and found.path == tmp_path / "artifact-warehouse.toml"
    (below.parent / "artifact-warehouse.toml").write_text("[alerts]")
    assert (found := find_config()) and found.path == below.parent / "artifact-warehouse.toml"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="cannot be read"):
        read_config(tmp_path)


def test_the_schema_knows_every_key_with_a_sentence_for_each_table() -> None:
    schema: dict[str, Any] = json.loads(run("config", "check", "--schema").stdout)
    tables = schema["$defs"]
    assert {*tables} == {"Alerts", "Channel", "QuietHours", "Route", "Promise", "Schedule"}
    assert all(table["description"] for table in tables.values())
    assert "from" in tables["QuietHours"]["required"]
    commands = {name: table for name, table in schema["properties"].items() if "properties" in table}
    assert {"load", "check", "fetch", "dbt", "notify"} <= {*commands}
    assert all(table["description"] for table in commands.values())
    described = [*tables.values(), *commands.values(), schema]
    assert all(table["additionalProperties"] is False for table in described)
    # Each option of a command that --help lists can stand in the file.
    for name in ("load", "check", "prune"):
        listed = re.findall(r"^ +(?:-\w, )?--([a-z-]+)", run(name, "--help").stdout, re.MULTILINE)
        assert {*listed} - {"help"} == {*commands[name]["properties"]}


@pytest.mark.parametrize(
    ("text", "is_sound"),
    [
        (SOUND, True),
        ('[check]\nmax-failing = "no"', False),
        ("[load]\nstrict = 1", False),
        ("[nothing]", False),
        ("[alerts]", False),
    ],
)
def test_the_schema_says_what_the_check_says(tmp_path: Path, text: str, is_sound: bool) -> None:
    schema = json.loads(run("config", "check", "--schema").stdout)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(tomllib.loads(text)) == is_sound
    assert (check(tmp_path, text)[0] == 0) == is_sound
