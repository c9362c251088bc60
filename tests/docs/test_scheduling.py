"""docs/scheduling.md: its recipes are Python and YAML, and their commands are those of the command line."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from testdata import ROOT

from artifact_warehouse.cli.app import cli

TEXT = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command line of a recipe: lines of the shell, texts in Python, values in YAML."""
    python = [
        node.value
        for block in blocks("python")
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Constant)
    ]
    values = [value for block in blocks("yaml") for value in leaves(yaml.safe_load(block))]
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    return [text for text in (*lines, *python, *values) if str(text).startswith("artifact-warehouse ")]


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield value


@pytest.mark.parametrize("block", blocks("python"))
def test_python_compiles(block: str) -> None:
    compile(block, "docs/scheduling.md", "exec")


def test_each_scheduler_has_a_recipe() -> None:
    assert re.findall("^### (.+)$", TEXT, re.MULTILINE) == [
        "Airflow",
        "Cosmos",
        "Dagster",
        "GitHub Actions",
        "pre-commit",
    ]


def test_steps_and_hooks_have_the_keys_that_they_need() -> None:
    actions, hooks = map(yaml.safe_load, blocks("yaml"))
    assert all(("run" in step) != ("uses" in step) for step in actions)
    for repository in hooks:
        assert repository["repo"] == "local"
        assert all({"id", "name", "entry", "language"} <= {*hook} for hook in repository["hooks"])


@pytest.mark.parametrize("line", commands())
def test_a_command_is_one_of_the_command_line(line: str) -> None:
    _, name, *arguments = shlex.split(re.sub(r"\{\{.*?\}\}", "name", line))
    cli.commands[name].make_context(name, arguments)


def test_commands_are_found() -> None:
    assert len(commands()) == 4, "bash, Airflow, GitHub Actions, pre-commit"


def test_a_callback_of_python_is_one_of_the_warehouse() -> None:
    names = {
        node.attr
        for block in blocks("python")
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Attribute)
    }
    from artifact_warehouse import Warehouse

    assert {"dbt_callback", "load"} <= names and hasattr(Warehouse, "dbt_callback")
