"""Every output format, byte for byte, over one result with every type that is hard to print.

The files of tests/cli/golden/output were written once with `write(hard_rows(), …)`, then read line by line; a change of
them is a change of what users parse.
"""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from artifact_warehouse.cli.echo import escape_control_characters
from artifact_warehouse.cli.formats import write
from artifact_warehouse.cli.output import FORMATS
from artifact_warehouse.cli.trees import lineage_tree, print_trees
from artifact_warehouse.lineage.nodes import Lineage

GOLDEN = Path(__file__).parent / "golden" / "output"
SUFFIXES = {"table": "txt", "json": "json", "jsonl": "jsonl", "csv": "csv"}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")

HARD_ROWS = r"""
SELECT * FROM (VALUES
    (1, 'plain', true, 9223372036854775807, '170141183460469231731687303715884105727', 12.25, 0.1,
        DATE '2026-11-01', TIMESTAMP '2026-11-01 01:02:03', ['a', 'b'], '{"a": [1, null], "b": {"c": "ü"}}'),
    (2, 'Zürich 東京', false, -9223372036854775808, '-170141183460469231731687303715884105728', -0.75, 1e300,
        DATE '1999-12-31', TIMESTAMP '1999-12-31 23:59:59.123456', [], '[]'),
    (3, E'two\nlines, "quoted"', NULL, 0, '0', 0.00, 'nan',
        NULL, NULL, [NULL, 'x, "y"'], '"text"'),
    (4, E'\x1b[31mred\x1b[0m \x07 \r ' || chr(155) || '31m', true, -1, '-1', 99999999.99, 'inf',
        NULL, NULL, [E'\x1b[31m'], '1.5'),
    (5, NULL, NULL, NULL, NULL, NULL, '-inf', NULL, NULL, NULL, NULL),
    (6, '[bold]no markup[/bold]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'null')
) AS rows(id, text, is_true, big, huge, amount, ratio, day, moment, tags, config)
"""
TYPES = (
    "id::INTEGER AS id, text, is_true, big::BIGINT AS big, huge::HUGEINT AS huge, amount::DECIMAL(10, 2) AS amount, "
    "ratio::DOUBLE AS ratio, day, moment, tags::VARCHAR[] AS tags, config::JSON AS config"
)


def arrow(sql: str) -> pa.Table:
    with duckdb.connect() as connection:
        return connection.sql(sql).to_arrow_table()


@pytest.fixture(scope="module")
def hard_rows() -> pa.Table:
    return arrow(f"SELECT {TYPES} FROM ({HARD_ROWS})")


def written(table: pa.Table, output_format: str, *json_columns: str) -> bytes:
    stream = io.BytesIO()
    write(table, output_format, stream, json_columns)
    return stream.getvalue()


def strictly(text: str | bytes) -> Any:
    """JSON as every reader understands it: without NaN and Infinity."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("output_format", SUFFIXES)
def test_the_hard_rows_are_written_as_they_always_were(hard_rows: pa.Table, output_format: str) -> None:
    golden = GOLDEN / f"hard_rows.{SUFFIXES[output_format]}"
    assert written(hard_rows, output_format, "config").decode() == golden.read_bytes().decode()


def test_parquet_keeps_every_value_and_type(hard_rows: pa.Table) -> None:
    again = parquet.read_table(io.BytesIO(written(hard_rows, "parquet", "config")))
    assert again.schema.names == hard_rows.schema.names
    types = [[re.sub(r"list<\w+:", "list<", str(t)) for t in table.schema.types] for table in (again, hard_rows)]
    assert types[0] == types[1]
    assert str(again.to_pylist()) == str(hard_rows.to_pylist())  # as text: nan is not equal to itself


def test_every_number_is_a_number_in_json(hard_rows: pa.Table) -> None:
    rows = strictly(written(hard_rows, "json", "config"))
    assert [row["big"] for row in rows[:2]] == [9223372036854775807, -9223372036854775808]
    assert [row["huge"] for row in rows[:4]] == [2**127 - 1, -(2**127), 0, -1]
    assert [row["amount"] for row in rows[:4]] == [12.25, -0.75, 0, 99999999.99]
    assert [row["ratio"] for row in rows] == [0.1, 1e300, None, None, None, None]
    assert [row["is_true"] for row in rows[:3]] == [True, False, None]


def test_a_sum_and_a_list_of_decimals_are_numbers_in_json() -> None:
    table = arrow(
        "SELECT sum(n) AS total, [1.5::DECIMAL(3, 1)] AS list, {'a': 2::HUGEINT} AS struct FROM range(3) t(n)"
    )
    for output_format in ("json", "jsonl"):
        text = written(table, output_format).decode()
        row = strictly(text)[0] if output_format == "json" else strictly(text)
        assert row == {"total": 3, "list": [1.5], "struct": {"a": 2}}
        assert isinstance(row["total"], int)
    assert written(table, "csv").splitlines()[1].startswith(b"3,")


def test_json_and_jsonl_say_the_same(hard_rows: pa.Table) -> None:
    lines = written(hard_rows, "jsonl", "config").decode().removesuffix("\n").split("\n")
    assert [strictly(line) for line in lines] == strictly(written(hard_rows, "json", "config"))


def test_json_columns_are_embedded_only_where_they_are_said_to_be_json(hard_rows: pa.Table) -> None:
    embedded = strictly(written(hard_rows, "json", "config"))
    assert [row["config"] for row in embedded] == [{"a": [1, None], "b": {"c": "ü"}}, [], "text", 1.5, None, None]
    as_text = strictly(written(hard_rows, "json"))
    assert as_text[0]["config"] == '{"a": [1, null], "b": {"c": "ü"}}'


def test_csv_is_read_back_by_duckdb(hard_rows: pa.Table, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(written(hard_rows, "csv", "config"))
    with duckdb.connect() as connection:
        rows = connection.sql(
            f"SELECT id::INTEGER, text, is_true::BOOLEAN, big::BIGINT, huge::HUGEINT, amount::DECIMAL(10, 2), "
            f"day::DATE, moment::TIMESTAMP, config::JSON "
            f"FROM read_csv('{tmp_path}/rows.csv', header = true, all_varchar = true)"
        ).fetchall()
    expected = [
        (r["id"], r["text"], r["is_true"], r["big"], r["huge"], r["amount"], r["day"], r["moment"], r["config"])
        for r in hard_rows.to_pylist()
    ]
    assert rows == [tuple(int(v) if i == 4 and v is not None else v for i, v in enumerate(row)) for row in expected]


def test_no_text_of_a_csv_is_a_formula() -> None:
    texts = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "- a list",
        "-5",
        "+1.5",
        "a=b",
        "-1,000",
        "1e-5",
    ]
    table = pa.table({"=name": texts, "number": range(-1, len(texts) - 1)})
    rows = list(csv.reader(io.StringIO(written(table, "csv").decode(), newline="")))
    escaped = {"=name", "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "- a list"}
    assert [row[0] for row in rows] == [f"'{text}" if text in escaped else text for text in ["=name", *texts]]
    assert rows[1][1] == "-1"
    assert json.loads(written(table, "json"))[0]["=name"] == "=1+1"


def test_csv_is_quoted_where_it_must_be() -> None:
    table = pa.table({'a "b", c': ["x", 'q"q', "c,c", "l\nl", "r\rr", ""]})
    rows = list(csv.reader(io.StringIO(written(table, "csv").decode(), newline="")))
    assert rows == [['a "b", c'], ["x"], ['q"q'], ["c,c"], ["l\nl"], ["r\rr"], [""]]


@pytest.mark.parametrize(
    "text", ["\x00", "\x07", "\t", "a\tb", "\x0b\x0c", "\r", "\x1b]0;x\x07", "\x7f", "\x85", "\x9b"]
)
def test_a_table_shows_control_characters_and_sends_none(text: str) -> None:
    table = pa.table({"before": ["<"], "text": [f"x{text}y"], "list": [[text]], f"name{text}": [1]})
    lines = written(table, "table").decode()
    assert not CONTROL.search(lines)
    assert len(lines.split("\n")) == 4
    assert re.search(r"< +x\S*( \S*)*y", lines)
    assert "…" not in lines


def test_a_table_cuts_nothing_and_keeps_a_row_on_a_line() -> None:
    table = pa.table({"text": ["x" * 5000, "a\nb\n\nc", "  spaces  "], "n": [1, 2, 3]})
    header, rule, *rows = written(table, "table").decode().splitlines()
    assert [len(row.rstrip()) > 0 for row in (header, rule, *rows)] == [True] * 5
    assert "x" * 5000 in rows[0] and "a⏎b⏎⏎c" in rows[1] and rows[2].startswith("  spaces  ")


@pytest.mark.parametrize("name", ["[red]x", "[/red]", "[link=http://a]b[/link]", ":smile:", "\\[x]"])
def test_a_table_takes_names_and_values_as_they_are(name: str) -> None:
    header, _, row = written(pa.table({name: [name]}), "table").decode().splitlines()
    assert header == row == name


def test_a_table_aligns_numbers_to_the_right(hard_rows: pa.Table) -> None:
    header, rule, *rows = written(hard_rows.select(["amount", "huge", "big", "text"]), "table").decode().splitlines()
    end = header.index("huge") + 4
    assert [row[:end].rstrip()[-1:] for row in (header, rule, *rows[:4])] == ["e", "─", "7", "8", "0", "1"]
    assert rows[0].startswith("      12.25 ") and rows[3].startswith("99999999.99 ")
    assert '"' not in "".join(rows[:2])


EMPTY = {
    "md": "| id | name |\n| ---: | --- |\n",
    "table": "id   name\n─────────\n",
    "json": "[]\n",
    "jsonl": "",
    "csv": "id,name\n",
}


@pytest.mark.parametrize("output_format", FORMATS)
def test_an_empty_result(output_format: str) -> None:
    table = pa.table({"id": pa.array([], pa.int64()), "name": pa.array([], pa.string())})
    text = written(table, output_format)
    if output_format == "parquet":
        assert parquet.read_table(io.BytesIO(text)).equals(table)
    else:
        assert text.decode() == EMPTY[output_format]


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_result_without_columns(output_format: str) -> None:
    text = written(pa.table({}), output_format)
    if output_format == "parquet":
        assert parquet.read_table(io.BytesIO(text)).num_columns == 0
    else:
        assert text.decode().strip() == ("[]" if output_format == "json" else "")


def test_columns_of_the_same_name_keep_their_values() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "a", "b"])
    assert written(table, "csv").decode() == "a,a,b\n1,2,3\n"
    assert written(table, "table").decode().splitlines()[2].split() == ["1", "2", "3"]
    for output_format in ("json", "jsonl"):
        assert sorted(re.findall(r": (\d)", written(table, output_format).decode())) == ["1", "2", "3"]


def test_a_result_of_many_batches_is_one_result() -> None:
    table = pa.concat_tables([pa.table({"n": list(range(i, i + 7000))}) for i in range(0, 28_000, 7000)])
    assert [row["n"] for row in strictly(written(table, "json"))] == list(range(28_000))
    assert written(table, "csv") == b"n\n" + b"".join(b"%d\n" % n for n in range(28_000))
    assert written(table, "jsonl").count(b"\n") == 28_000


def test_a_decimal_is_exact_where_it_is_text() -> None:
    table = pa.table({"d": pa.array([Decimal("12345678901234567890.1234567890")], pa.decimal128(38, 10))})
    for output_format in ("csv", "table"):
        assert written(table, output_format).decode().split()[-1] == "12345678901234567890.1234567890"


def test_visible_text_is_the_text_where_nothing_is_hidden() -> None:
    assert escape_control_characters("Zürich 東京 — “x”\n") == "Zürich 東京 — “x”\n"
    assert escape_control_characters("\x1b[31m\x9b\r\x00") == "\\x1b[31m\\x9b\\x0d\\x00"


# The tree of a lineage


def tree_text(root: str, edges: dict[str, list[str]], states: dict[str, str] | None = None) -> str:
    labels = {node: f"model {node}" for other in edges.values() for node in other}
    stream = io.StringIO()
    lineage = Lineage(root, pa.table({}), {f"{root} feeds": edges}, labels, states or {})
    print_trees([lineage_tree(lineage, f"{root} feeds")], stream)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def test_a_tree_unfolds_a_node_once_and_marks_its_state() -> None:
    edges = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e"]}
    assert tree_text("a", edges, {"b": "failure", "c": "warn", "e": "stale"}) == (
        "a feeds\n"
        "├── model b ✗\n"
        "│   └── model d\n"
        "│       └── model e stale\n"
        "└── model c !\n"
        "    └── model d (see above)\n"
    )


def test_a_tree_of_a_cycle_ends() -> None:
    assert tree_text("a", {"a": ["b"], "b": ["a", "b"]}).count("\n") < 8


def test_a_deep_tree_is_cut_nowhere() -> None:
    edges = {f"n{i}": [f"n{i + 1}"] for i in range(300)}
    assert "model n300" in tree_text("n0", edges)


def test_a_tree_of_a_long_ring_ends_and_says_so() -> None:
    edges = {f"n{i}": [f"n{(i + 1) % 10_000}"] for i in range(10_000)}
    assert tree_text("n0", edges).endswith("further nodes: --format csv\n")


def test_a_tree_without_nodes_is_its_title() -> None:
    assert tree_text("a", {}) == "a feeds\n"


def test_nothing_in_a_tree_steers_the_terminal() -> None:
    hostile = "x\x1b[31m[bold]y\x07"
    text = tree_text(hostile, {hostile: [hostile + "1"], hostile + "1": ["\x9b2J"]})
    assert len(text.splitlines()) == 3
    assert not CONTROL.search(text)
    assert "[bold]y" in text
