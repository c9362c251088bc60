"""The compiled core makes the same tables as Python's flatteners, bit for bit, or hands the file back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from disturbed import contents
from mutations import mutant, parsed
from seeds import seeds
from testdata import SAMPLES

from artifact_warehouse import Warehouse
from artifact_warehouse.artifacts import Redaction, Redactor, Rows, content_id, find_core, flatten, parse
from artifact_warehouse.artifacts.core import SWITCH
from artifact_warehouse.errors import MalformedArtifact, NotAnArtifact
from artifact_warehouse.limits import Limits

pytest.importorskip("artifact_warehouse_core", reason="artifact-warehouse-core is not installed; `make core` builds it")

URI = "run_results.json"


class Comparison:
    """Flattens files by the core and by Python, and compares the tables."""

    def __init__(self, redaction: Redaction = Redaction(), limits: Limits = Limits()) -> None:  # noqa: B008
        self._limits = limits
        self._redactor = Redactor(redaction)
        core = find_core(self._redactor)
        assert core, "the core does not know the tables of this release"
        self._core = core
        self.counts: Counter[str] = Counter()

    def takes(self, data: bytes) -> bool:
        """Whether the core takes a file. Its tables are then those of Python."""
        rows, artifact_id = Rows(), content_id(data)
        artifact = self._core.flatten(data, URI, artifact_id, self._limits, rows)
        self._core.deliver(rows)
        tables = rows.to_arrow()
        self.counts["taken" if artifact else "handed back"] += 1
        if artifact is None:
            assert not tables, "rows of a file that was handed back"
            return False
        assert_same(tables, self._by_python(data, artifact_id))
        return True

    def _by_python(self, data: bytes, artifact_id: str) -> dict[str, pa.Table]:
        rows = Rows()
        flatten(self._redactor.redact(parse(data, URI, artifact_id, limits=self._limits)), rows)
        return rows.to_arrow()


def assert_same(tables: dict[str, pa.Table], expected: dict[str, pa.Table]) -> None:
    """The tables are equal. The order of texts has no meaning, and a text is delivered once for all files."""
    assert tables.keys() | {"texts"} == expected.keys() | {"texts"}
    for name, table in tables.items():
        table.validate(full=True)
        if name == "texts":
            assert {*map(str, table.to_pylist())} <= {*map(str, expected[name].to_pylist())}
            continue
        dropped = ["loaded_at"] if name == "artifacts" else []
        one, other = (t.drop_columns(dropped).combine_chunks() for t in (table, expected[name]))
        assert one.schema == other.schema
        different = [column for column in one.column_names if not same_column(one[column], other[column])]
        assert not different, {column: (one[column].to_pylist(), other[column].to_pylist()) for column in different}


def same_column(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    """Equal as bits: -0.0 is not 0.0."""
    return bool(one.equals(other)) and repr(one.to_pylist()) == repr(other.to_pylist())


def run_results(*results: dict[str, Any], **sections: Any) -> bytes:
    metadata = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "dbt_version": "1.10.0"}
    found = {"metadata": metadata | {"invocation_id": "a", "generated_at": "2026-11-01T06:00:00.5Z"}}
    return json.dumps(
        found | {"results": [*results], "elapsed_time": 1.5, "args": {"which": "build"}} | sections
    ).encode()


def result(name: str = "orders", **fields: Any) -> dict[str, Any]:
    return {
        "unique_id": f"model.shop.{name}",
        "status": "success",
        "timing": [step("compile", 1, 2), step("execute", 3, 4)],
        "thread_id": "Thread-1",
        "execution_time": 0.25,
        "adapter_response": {},
        "message": None,
        "failures": None,
    } | fields


def step(name: str | None, start: int, end: int) -> dict[str, Any]:
    return {
        "name": name,
        "started_at": f"2026-11-01T06:00:{start:02}.000001Z",
        "completed_at": f"2026-11-01T06:00:{end:02}.999999Z",
    }


def run_results_in(folder: Path) -> Iterable[bytes]:
    """Each distinct run_results below a folder."""
    found = {path.read_bytes() for path in folder.rglob("*.json") if path.is_file() and "run_results" in path.name}
    return sorted(found)


WINDOWS = [["2026-11-01T00:00:00+00:00", "2026-11-02T00:00:00+00:00"], ["2026-11-02T00:00:00+00:00", None]]

USUAL = {
    "no results": [],
    "a result with few fields": [{"unique_id": "model.shop.orders"}],
    "an id without dots, and an empty one": [result(unique_id="orders"), result(unique_id="")],
    "packages as frequent as each other": [result(unique_id="model.b.x"), result(unique_id="model.a.x")],
    "steps of other names, in another order, repeated": [
        result(timing=[step("execute", 3, 4), step("compile", 1, 2)]),
        result("b", timing=[step("clean_stale", 3, 4)]),
        result("c", timing=[step(None, 3, 4), {}, {"started_at": ""}]),
        result(
            "d", timing=[step("compile", 3, 9), step("compile", 2, 4), step("execute", 5, 6), step("execute", 1, 2)]
        ),
        result("e", timing=[]),
    ],
    "times with fractions of other lengths": [
        result(timing=[{"name": "execute", "started_at": f"2026-11-01T06:00:00{fraction}Z"} for fraction in part])
        | {"unique_id": f"model.shop.{index}"}
        for index, part in enumerate((["", ".5", ".123456789"], [".1234567", ".1234569"], [".000001", ".0"]))
    ],
    "the last day of a leap year's February": [
        result(
            timing=[{"name": "execute", "started_at": "2024-02-29T23:59:59Z", "completed_at": "2000-02-29T00:00:00Z"}]
        )
    ],
    "threads": [
        result(str(index), thread_id=thread) for index, thread in enumerate((None, "main", "Thread-2 (w)", ""))
    ],
    "an aborted invocation of dbt 2": [
        result(name, status="error", execution_time=seconds, message="m") for name, seconds in (("a", 0), ("b", None))
    ],
    "compiled code": [
        result("a", compiled=True, compiled_code="select '\U0001f600\\n\t'"),
        result("b", compiled=True, compiled_code=""),
        result("c", compiled=False, compiled_code="select '\U0001f600\\n\t'"),
        result("d", compiled=False),
    ],
    "counts": [result("a", failures=-0), result("b", failures=2**63 - 1), result("c", failures=-(2**63))],
    "seconds": [
        result(str(n), execution_time=n) for n in (0, -0.0, 1, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 2**53 + 1)
    ],
    "texts": [result(message='\x00\x1f\x7f\u2028\ufeff"\\/', relation_name='"a"."b"', status="")],
    "responses": [
        result(str(index), adapter_response=response)
        for index, response in enumerate(
            (
                {
                    "b": [1, -1, 0.5, True, None, {"z": {}, "a": []}],
                    "a": '\x00\n"\\/\x7fé',
                    "\U0001f600": "",
                    "\uffff": 1,
                },
                {"rows_affected": "12", "bytes_processed": 3.0, "bytes_billed": True, "query_id": 5},
                {
                    "rows_affected": "-0",
                    "bytes_processed": 1e300,
                    "bytes_billed": 2**64 - 1,
                    "query_id": "",
                    "job_id": [1],
                },
                {"rows_affected": "9" * 19, "bytes_processed": 2.5, "bytes_billed": [], "query_id": {}, "job_id": "j"},
                {"rows_affected": " 1", "bytes_processed": -1e18, "bytes_billed": "1\n", "query_id": False},
                {"code": "select 1", "_message": "SELECT 1"},
            )
        )
    ],
    "batches": [
        result("a", batch_results={"successful": WINDOWS, "failed": WINDOWS[:1]}),
        result("b", batch_results={"successful": [], "failed": None}),
        result("c", batch_results={"failed": [*WINDOWS, []], "others": 1}),
        result("d", batch_results={}),
        result("e", batch_results={"failed": [["2026-11-01T00:00:00", ""], ["2026-11-01T00:00:00.5-05:30", None]]}),
        result("f", batch_results={"skipped": []}, compiled=True, timing=[step("other", 1, 2)]),
    ],
    "a message that only looks like a secret": [result(message="unexpected token 'x'"), result("b", message="passed")],
}


@pytest.mark.parametrize("name", USUAL)
def test_usual_results_are_taken_and_the_same(name):
    comparison = Comparison()
    data = run_results(*USUAL[name])
    assert comparison.takes(data)
    assert comparison.takes(json.dumps(json.loads(data), indent=2, ensure_ascii=False).encode())


def test_floats_have_the_same_texts():
    rng, comparison = Random(22), Comparison()
    numbers = [float(f"{rng.uniform(-1, 1):.{rng.randrange(1, 15)}e}") for _ in range(500)]
    numbers += [float(f"{number:.14e}") for number in (rng.uniform(-1, 1) * 10.0**e for e in range(-300, 300))]
    numbers += [sign * n * 10.0**e for e in range(-30, 30) for n in (1, 1.5, 123456789) for sign in (1, -1)]
    assert comparison.takes(run_results(result(adapter_response={"n": 1e-5, "m": 9.99e15, "o": 1e16, "p": 9.9e-6})))
    for at in range(0, len(numbers), 10):
        comparison.takes(run_results(result(adapter_response={"n": numbers[at : at + 10]})))
    assert comparison.counts["taken"] > 10


HANDED_BACK = {
    "a repeated unique_id": run_results(result(), result()),
    "a repeated field": run_results(result()).replace(b'"status"', b'"status": "x", "status"'),
    "a repeated key of a response": run_results(result(adapter_response={"a": 1, "b": 2})).replace(b'"b"', b'"a"'),
    "an unknown field": run_results(result(state="x")),
    "an unknown section": run_results(result(), logs=[]),
    "another kind": run_results(result()).replace(b"run-results", b"manifest"),
    "a text as failures": run_results(result(failures="1")),
    "a float as failures": run_results(result(failures=1.0)),
    "null as timing": run_results(result(timing=None)),
    "a time without zone": run_results(result(timing=[{"name": "execute", "started_at": "2026-11-01T06:00:00"}])),
    "a leap second": run_results(result(timing=[{"name": "execute", "started_at": "2026-11-01T06:00:60Z"}])),
    "a time before 1970": run_results(result(timing=[{"name": "execute", "started_at": "1969-12-31T06:00:00Z"}])),
    "an integer of more than 64 bits": run_results(result(adapter_response={"n": 2**64})),
    "a deep response": run_results(result(adapter_response={"n": 0})).replace(
        b'"n": 0', b'"n": ' + b"[" * 60 + b"]" * 60
    ),
    "NaN": run_results(result(execution_time=float("nan"))),
    "NaN in a response": run_results(result(adapter_response={"n": float("nan")})),
    "a float of 16 digits": run_results(result(adapter_response={"n": 0.1 + 0.2})),
    "a huge float": run_results(result()).replace(b"0.25", b"1e400"),
    "a lone surrogate": run_results(result(message="\ud800")),
    "a lone surrogate in a response": run_results(result(adapter_response={"n": "\udfff"})),
    "a control character": run_results(result(message="a!b")).replace(b"a!b", b"a\x01b"),
    "invalid UTF-8": run_results(result(message="a!b")).replace(b"a!b", b"a\xffb"),
    "UTF-16": run_results(result()).decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + run_results(result()),
    "something behind it": run_results(result()) + b"{}",
    "a cut off file": run_results(result())[:-1],
    "nothing": b"",
    "arabic digits": run_results(result(adapter_response={"rows_affected": "\u0661"})),
    "a number as a batch": run_results(result(batch_results={"failed": [[1, 2]]})),
    "args that are a list": run_results(result(), args=[]),
    "metadata that is null": run_results(result(), metadata=None),
    "a password in a message": run_results(result(message="password='hunter22x'")),
    "a password in a response": run_results(result(adapter_response={"password": "hunter22x"})),
    "a password in args": run_results(result(), args={"vars": {"password": "hunter22x"}}),
}


@pytest.mark.parametrize("name", HANDED_BACK)
def test_anything_unusual_is_handed_back(name):
    comparison = Comparison()
    assert comparison.takes(run_results(result("before", compiled_code="select 1")))
    assert not comparison.takes(HANDED_BACK[name])
    assert comparison.takes(run_results(result("after", compiled_code="select 2")))


def test_text_of_a_file_that_is_handed_back_is_delivered_by_the_next():
    core = find_core(Redactor())
    broken, whole = (
        run_results(result(compiled_code="select 1"), result()),
        run_results(result(compiled_code="select 1")),
    )
    rows = Rows()
    assert core.flatten(broken, URI, content_id(broken), Limits(), rows) is None
    assert core.flatten(whole, URI, content_id(whole), Limits(), rows)
    core.deliver(rows)
    assert [row["text"] for row in rows.of("texts")] == ["select 1"]


@pytest.mark.parametrize(
    ("redaction", "is_taken"),
    [
        (Redaction(is_on=False), True),
        (Redaction(values=("s3cret-value",)), True),
        (Redaction(values=("orders",)), False),
    ],
)
def test_redaction_decides_what_is_taken(redaction, is_taken):
    assert Comparison(redaction).takes(run_results(result())) is is_taken


@pytest.mark.parametrize(
    "redaction", [Redaction(patterns=("x",)), Redaction(reads_code=True), Redaction(values=("é" * 9,))]
)
def test_settings_that_the_core_does_not_know_turn_it_off(redaction):
    assert find_core(Redactor(redaction)) is None


def test_limits_are_those_of_python():
    data = run_results(result("a"), result("b"))
    assert not Comparison(limits=Limits(entries=1)).takes(data)
    assert not Comparison(limits=Limits(values=10)).takes(data)


def test_samples_are_taken():
    comparison = Comparison()
    for data in run_results_in(SAMPLES):
        assert comparison.takes(data)
    assert comparison.counts["taken"] > 3


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.release) for seed in range(2, 30))])
def test_mutants_are_the_same_or_handed_back(seed):
    rng, comparison = Random(f"core {seed}"), Comparison()
    found = [data for data in seeds() if b"/run-results/v" in data]
    donors = [parsed(data) for data in found]
    for _ in range(100 if seed == 1 else 2000):
        check(comparison, mutant(rng.choice(found), rng, donors))
    assert min(comparison.counts["taken"], comparison.counts["handed back"]) > 5, comparison.counts


def check(comparison: Comparison, data: bytes) -> None:
    """A file that the core takes is one that Python loads, to the same tables."""
    try:
        comparison.takes(data)
    except (MalformedArtifact, NotAnArtifact) as error:
        raise AssertionError(f"the core takes what Python refuses: {error}") from error


@pytest.mark.release
@pytest.mark.corpus
@pytest.mark.parametrize("name", ["corpus", "real_runs"])
def test_real_files_are_the_same_or_handed_back(name, request):
    comparison = Comparison()
    for data in run_results_in(request.getfixturevalue(name)):
        check(comparison, data)
    assert comparison.counts["taken"] > 5 * comparison.counts["handed back"], comparison.counts


@pytest.mark.release
def test_a_load_stores_the_same_with_and_without_the_core(tmp_path, monkeypatch):
    with Warehouse(tmp_path / "with.duckdb") as warehouse:
        warehouse.load(SAMPLES)
    monkeypatch.setenv(SWITCH, "off")
    with Warehouse(tmp_path / "without.duckdb") as warehouse:
        warehouse.load(SAMPLES)
    assert contents(tmp_path / "with.duckdb") == contents(tmp_path / "without.duckdb")
