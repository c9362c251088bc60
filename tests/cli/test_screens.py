"""What commands show on a terminal: golden screens, and what holds for every width.

`UPDATE_SCREENS=1 pytest tests/cli/test_screens.py` writes the files of tests/cli/golden/screens/ again: look at them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from screens import COLOUR, screen
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.cli.layout import Column, cut, fitting_widths, record_lines, table_lines, wrapped

GOLDEN = Path(__file__).parent / "golden" / "screens"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")]


def run_id(name: str) -> str:
    file = SAMPLES / "environment=prod" / "job=nightly" / name / "run_results.json"
    return json.loads(file.read_bytes())["metadata"]["invocation_id"][:8]


NOW = ("--now", "2026-11-09")
COMMANDS = {
    "status": ("status", "WH", *NOW),
    "runs": ("runs", "WH", *NOW),
    "runs_failed": ("runs", "WH", "--failed", "--environment", "prod", *NOW),
    "run": ("run", "WH", run_id("2026-11-06_01_build")),
    "failures": ("failures", "WH", *NOW),
    "failures_since": ("failures", "WH", "--since", "7d", *NOW),
    "slow": ("slow", "WH", "--limit", "12", *NOW),
    "flaky": ("flaky", "WH", *NOW),
    "changes": ("changes", "WH", "--since", "4d", *NOW),
    "show": ("show", "WH", "fct_orders", "--environment", "prod", *NOW),
    "compare": ("compare", "WH", run_id("2026-11-05_01_build"), run_id("2026-11-06_01_build")),
    "diagnose": ("diagnose", "WH", run_id("2026-11-03_01_build")),
    "check": ("check", "WH", "--max-failing", "0", "--max-failure-rate", "5%", "--freshness", "warn", *NOW),
    "lineage": ("lineage", "WH", "fct_orders"),
    "views": ("views", "WH"),
    "view": ("views", "WH", "flaky_tests"),
    "query_wide": ("query", "WH", "from v1.invocations where is_executing order by generated_at limit 3"),
    "query_row": ("query", "WH", "from v1.models where name = 'fct_orders' and environment = 'prod'"),
    "query_narrow": ("query", "WH", "select name, failure_rate from v1.test_failure_rates order by all limit 3"),
    "tile": ("tile", "WH", "harbour_dashboard", "--environment", "prod"),
    "migrate": ("migrate", "WH", "--list"),
    "help": ("--help",),
    "help_runs": ("runs", "--help"),
}
"""A command by the name of its screen."""


@pytest.fixture(scope="module")
def folder(sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of the samples that no other connection has: `query` locks the settings of its database."""
    folder = tmp_path_factory.mktemp("screens")
    shutil.copy(sample_warehouse.path, folder / "dbt.duckdb")
    return folder


@pytest.fixture
def wh(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The file under a short name, on every machine the same."""
    monkeypatch.chdir(folder)
    return "dbt.duckdb"


def on_screen(name: str, wh: str, **options: object) -> str:
    arguments = [wh if argument == "WH" else argument for argument in COMMANDS[name]]
    text = screen(*arguments, **options)  # type: ignore[arg-type]
    return text.split("\n", 1)[1] if name == "status" else text  # the first line has the time of the load


def assert_golden(file: str, text: str) -> None:
    golden = GOLDEN / f"{file}.txt"
    if os.environ.get("UPDATE_SCREENS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_on_80_columns(name: str, wh: str) -> None:
    assert_golden(f"{name}.80x24", on_screen(name, wh))


@pytest.mark.parametrize("name", ["status", *release_only("runs", "slow", "compare")])
@pytest.mark.parametrize(("width", "height"), [(120, 40), (200, 50)])
def test_some_commands_on_larger_screens(name: str, width: int, height: int, wh: str) -> None:
    shown = on_screen(name, wh, width=width, height=height)
    assert_golden(f"{name}.{width}x{height}", shown)


@pytest.mark.parametrize("name", ["status", "runs", "diagnose"])
def test_a_terminal_without_unicode(name: str, wh: str) -> None:
    shown = on_screen(name, wh, encoding="ascii")
    assert shown.isascii()
    assert_golden(f"{name}.ascii", shown)


@pytest.mark.parametrize("name", ["status", *release_only("run", "diagnose")])
def test_colours_are_left_out_where_they_are_not_wanted(name: str, wh: str) -> None:
    plain, coloured = (on_screen(name, wh, no_color=no_color) for no_color in (True, False))
    assert COLOUR + "3" not in plain and COLOUR + "3" in coloured


@pytest.mark.parametrize("name", ["status", "query_wide", *release_only(*COMMANDS)])
def test_no_line_is_broken_by_the_terminal(name: str, wh: str) -> None:
    """A line is wider than the screen only by its last word, or where it is data."""
    is_data = name == "tile" or "help" in name
    for width in (60, 132):
        for line in on_screen(name, wh, width=width).splitlines():
            assert is_data or cell_len(line) <= width or cell_len(" ".join(line.split()[:-1])) <= width, line


# Properties of the layout


TEXTS = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=30)
COLUMNS = st.integers(1, 8).flatmap(
    lambda count: st.integers(0, 4).flatmap(
        lambda rows: st.lists(
            st.builds(Column, TEXTS, st.lists(TEXTS, min_size=rows, max_size=rows), st.booleans()),
            min_size=count,
            max_size=count,
        )
    )
)


@given(COLUMNS, st.integers(20, 200))
def test_a_table_is_never_wider_than_its_width(columns: list[Column], width: int) -> None:
    widths = fitting_widths(columns, width)
    assert 1 <= len(widths) <= len(columns)
    for line in table_lines(columns, widths):
        assert cell_len(line) <= width


@given(COLUMNS)
def test_nothing_is_cut_where_there_is_room(columns: list[Column]) -> None:
    widths = fitting_widths(columns, 10_000)
    lines = list(table_lines(columns, widths))
    rows = list(zip(*(column.cells for column in columns), strict=True))
    assert len(widths) == len(columns)
    for row, line in zip(rows, lines[len(lines) - len(rows) :], strict=True):
        assert "".join("".join(row).split()) == "".join(line.split())


@given(TEXTS, st.integers(4, 40))
def test_a_cut_text_says_so(text: str, width: int) -> None:
    shown = cut(text, width)
    assert cell_len(shown) <= width
    assert shown == text or shown.endswith("…")


@given(st.text(st.sampled_from("ab \n東"), max_size=80), st.integers(4, 40))
def test_prose_keeps_its_words(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert " ".join(lines).split() == text.split()
    for line in lines:
        assert cell_len(line) <= width or len(line.split()) == 1


def test_a_caret_stays_under_its_column() -> None:
    message = "Binder Error: no such column\n\nLINE 1: select nmae from v1.models\n               ^"
    assert wrapped(message, 40) == message.split("\n")


def test_a_record_has_a_line_for_each_item() -> None:
    fields = [("name", ["orders"]), ("tags", ["a", "b"])]
    assert list(record_lines(fields, 40)) == [
        "name  orders",
        "tags  a",
        "      b",
    ]
