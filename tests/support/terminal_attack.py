"""Artifacts of an attacker: every text that dbt lets somebody choose has what steers a terminal or hides in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from testdata import SAMPLES

ATTACK = (
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\"  # a link
    "\x1b]52;c;ZXZpbA==\x07"  # the clipboard
    "\x1b]0;title\x07\x1b[2J\x1b[31m\x9b32m\x9d0;title\x9c\x90q\x9c\x1bPq\x1b\\\x1b[6n"  # titles, colours, questions
    "\x08\x0d\x7f\x85\x0b\x0c\x0e\x0f\x00"
    "\u202e\u202d\u2066\u2067\u2069\u200e\u200f\u061c\u2028\u2029"
    "a\u200bb\u200dc\u2060\ufeff\u00ad\U000e0041\u180e"
    "[bold red]markup[/bold red][link=http://evil.example]link[/link]"
)
IN_A_NAME = re.sub(r"[/\\\0]", "", ATTACK)[:60]
"""Of the attack, what may be in the name of a file."""

SENT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What must not reach a terminal. Line feeds and tabs may."""

_KEPT = ("status", "resource_type", "dbt_schema_version", "dbt_version", "adapter_type", "which", "severity", "access")
_KEPT_VALUES = re.compile(r"\d{4}-\d\d-\d\d|execute$|compile$|-?\d|true$|false$|table$|view$|incremental$|ephemeral$")
_SECTIONS = ("nodes", "sources", "exposures", "metrics", "child_map", "parent_map", "disabled", "unit_tests", "groups")


def attacked(value: Any, key: str = "", is_section: bool = False) -> Any:
    """The value with the attack behind every text that is neither a word of dbt's nor a time."""
    if isinstance(value, dict):
        names = (name + ATTACK if is_section else name for name in value)
        return {
            name: attacked(item, old, key == "" and old in _SECTIONS)
            for name, (old, item) in zip(names, value.items(), strict=True)
        }
    if isinstance(value, list):
        return [attacked(item, key) for item in value]
    if not isinstance(value, str) or key in _KEPT or _KEPT_VALUES.match(value):
        return value
    return value + ATTACK


def write_attack(folder: Path, count: int = 3) -> None:
    """The first nightly runs of the samples, attacked, and files with names that are none."""
    place = folder / f"environment=prod{IN_A_NAME}" / f"job=nightly{IN_A_NAME}"
    for run in sorted(SAMPLES.glob("environment=prod/job=nightly/*"))[:count]:
        for file in run.glob("*.json"):
            target = place / run.name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(attacked(json.loads(file.read_bytes()))))
    (place / f"manifest{IN_A_NAME}.json").write_text('{"metadata": \x1b[31m' + ATTACK)
    (place / f"run_results{IN_A_NAME}.json").write_text(json.dumps({"metadata": {"dbt_schema_version": ATTACK}}))
